package io.tiltmeter.spark;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** Which generation of the digest store holds which windows of each attempt. Ranges of one attempt never overlap. */
final class DigestIndex {

    /** Windows whose digests lie in one generation. */
    record Segment(WindowRange windows, long generation) {}

    private final TreeMap<AttemptId, List<Segment>> segments = new TreeMap<>();

    DigestIndex() {}

    DigestIndex(Collection<Segment> all) {
        all.forEach(this::add);
    }

    private void add(Segment segment) {
        segments.computeIfAbsent(segment.windows.id(), id -> new ArrayList<>()).add(segment);
    }

    /** All segments, in order of attempt. */
    List<Segment> all() {
        return segments.values().stream().flatMap(List::stream).toList();
    }

    /** Width of the attempt's windows, if it has any. */
    Optional<Long> width(AttemptId id) {
        List<Segment> mine = segments.getOrDefault(id, List.of());
        return mine.isEmpty()
                ? Optional.empty()
                : Optional.of(mine.get(0).windows.width());
    }

    /** Numbers of the generations that hold anything valid. */
    TreeSet<Long> generations() {
        TreeSet<Long> generations = new TreeSet<>();
        segments.values().forEach(list -> list.forEach(segment -> generations.add(segment.generation)));
        return generations;
    }

    /**
     * The index after a night.
     *
     * @param alive attempts that still have rows
     * @param read windows digested anew; where their width changed, all windows of the attempt
     * @param generation where their digests lie
     */
    DigestIndex after(Collection<AttemptId> alive, List<WindowRange> read, long generation) {
        Map<AttemptId, List<WindowRange>> fresh = new TreeMap<>();
        read.forEach(range ->
                fresh.computeIfAbsent(range.id(), id -> new ArrayList<>()).add(range));
        DigestIndex next = new DigestIndex();
        for (AttemptId id : alive) {
            List<WindowRange> mine = fresh.getOrDefault(id, List.of());
            for (Segment segment : segments.getOrDefault(id, List.of())) {
                for (WindowRange kept : subtract(segment.windows, mine)) {
                    next.add(new Segment(kept, segment.generation));
                }
            }
            mine.forEach(range -> next.add(new Segment(range, generation)));
        }
        return next;
    }

    /** The windows of all generations but one. */
    DigestIndex without(long generation) {
        return new DigestIndex(all().stream()
                .filter(segment -> segment.generation != generation)
                .toList());
    }

    /** The same windows, all in one generation. */
    DigestIndex movedTo(long generation) {
        DigestIndex moved = new DigestIndex();
        all().forEach(segment -> moved.add(new Segment(segment.windows, generation)));
        return moved;
    }

    /** What remains of a range without the others; nothing where their width is another. */
    private static List<WindowRange> subtract(WindowRange range, List<WindowRange> others) {
        List<WindowRange> rest = List.of(range);
        for (WindowRange other : others) {
            if (other.width() != range.width()) {
                return List.of();
            }
            List<WindowRange> next = new ArrayList<>();
            for (WindowRange part : rest) {
                if (other.last() < part.first() || other.first() > part.last()) {
                    next.add(part);
                    continue;
                }
                if (part.first() < other.first()) {
                    next.add(new WindowRange(part.id(), part.width(), part.first(), other.first() - 1));
                }
                if (part.last() > other.last()) {
                    next.add(new WindowRange(part.id(), part.width(), other.last() + 1, part.last()));
                }
            }
            rest = next;
        }
        return rest;
    }
}
