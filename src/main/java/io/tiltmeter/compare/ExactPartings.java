package io.tiltmeter.compare;

import io.tiltmeter.compare.Parting.Difference;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds where runs of a set cease to be equal bit for bit, in one pass over the steps and in memory that does not grow
 * with them: the runs are parted into classes of equal ones, and each step refines the classes. However many runs there
 * are, there are fewer partings than runs.
 *
 * <p>Only what both logged is compared. A run that did not log a value which divides its class stays with the most.
 */
final class ExactPartings {
    private final int runs;
    private final int[] before;
    private final int[] after;
    private int classes = 1;
    private int next = 1;
    private final List<Parting> partings = new ArrayList<>();

    private final List<Found> found = new ArrayList<>();
    private final Map<Integer, TreeSet<Integer>> compared = new HashMap<>();
    private final Map<Integer, Long> equalAt = new HashMap<>();

    /** A value that divides a class. */
    private record Found(int ofClass, Quantity quantity, Row row, Map<Integer, Long> bits) {}

    ExactPartings(int runs) {
        this.runs = runs;
        before = new int[runs];
        after = new int[runs];
    }

    /** Whether no two runs are equal any more. */
    boolean isOver() {
        return classes >= runs;
    }

    /** Takes the rows of one step, worker and layer, one a run; null for a run without one. */
    void take(Row row, @Nullable Observation[] rows) {
        if (isOver()) {
            return;
        }
        List<Quantity> quantities = row.layer().equals(Observation.NO_LAYER) ? Quantity.OF_STEPS : Quantity.OF_LAYERS;
        for (int c = 0; c < quantities.size(); c++) {
            column(row, quantities.get(c), c, rows);
        }
    }

    /** Where rows stand. */
    record Row(int worker, String layer, int depth) {}

    private void column(Row row, Quantity quantity, int place, @Nullable Observation[] rows) {
        @Nullable Observation[] first = new Observation[next];
        TreeSet<Integer> divided = new TreeSet<>();
        for (int run = 0; run < runs; run++) {
            Observation own = rows[run];
            if (own == null || !own.has(place)) {
                continue;
            }
            Observation reference = first[before[run]];
            if (reference == null) {
                first[before[run]] = own;
                continue;
            }
            compared.computeIfAbsent(before[run], c -> new TreeSet<>()).add(row.worker());
            if (reference.bits(place) != own.bits(place)) {
                divided.add(before[run]);
            }
        }
        for (int each : divided) {
            Map<Integer, Long> bits = new TreeMap<>();
            for (int run = 0; run < runs; run++) {
                Observation own = rows[run];
                if (before[run] == each && own != null && own.has(place)) {
                    bits.put(run, own.bits(place));
                }
            }
            found.add(new Found(each, quantity, row, bits));
            refine(bits);
        }
    }

    /** Divides what the step has left of a class by the values of a column. */
    private void refine(Map<Integer, Long> bits) {
        Map<Integer, Map<Long, List<Integer>>> parts = new TreeMap<>();
        bits.forEach((run, value) -> parts.computeIfAbsent(after[run], part -> new TreeMap<>())
                .computeIfAbsent(value, v -> new ArrayList<>())
                .add(run));
        for (Map<Long, List<Integer>> values : parts.values()) {
            for (List<Integer> part : mostFirst(values.values()).subList(1, values.size())) {
                part.forEach(run -> after[run] = next);
                next++;
            }
        }
    }

    /** The larger part first; between equal ones the one with the first run. */
    private static List<List<Integer>> mostFirst(Collection<List<Integer>> parts) {
        return parts.stream()
                .sorted(Comparator.comparing((List<Integer> part) -> -part.size())
                        .thenComparing(part -> part.get(0)))
                .toList();
    }

    /** Ends a step. */
    void endStep(long step) {
        if (isOver()) {
            return;
        }
        if (!found.isEmpty()) {
            divide(step);
        }
        compared.keySet().forEach(each -> equalAt.put(each, step));
        compared.clear();
        found.clear();
    }

    private void divide(long step) {
        TreeSet<Integer> divided = new TreeSet<>();
        found.forEach(each -> divided.add(each.ofClass()));
        Map<Integer, Long> inherited = new HashMap<>();
        for (int each : divided) {
            Map<Integer, List<Integer>> parts = new TreeMap<>();
            for (int run = 0; run < runs; run++) {
                if (before[run] == each) {
                    parts.computeIfAbsent(after[run], a -> new ArrayList<>()).add(run);
                }
            }
            List<List<Integer>> bySize = mostFirst(parts.values());
            long last = equalAt.getOrDefault(each, Long.MIN_VALUE);
            for (List<Integer> leaving : bySize.subList(1, bySize.size())) {
                partings.add(parting(each, leaving, bySize.get(0), step, last));
            }
            classes += bySize.size() - 1;
            if (last != Long.MIN_VALUE) {
                parts.keySet().forEach(part -> inherited.put(part, last));
            }
            compared.remove(each);
        }
        equalAt.putAll(inherited);
        System.arraycopy(after, 0, before, 0, runs);
    }

    private Parting parting(int ofClass, List<Integer> leaving, List<Integer> staying, long step, long last) {
        List<Difference> differences = new ArrayList<>();
        for (Found each : found) {
            Optional<Long> left = each.ofClass() == ofClass ? bits(each, leaving) : Optional.empty();
            Optional<Long> stayed = bits(each, staying);
            if (left.isPresent() && stayed.isPresent() && !left.equals(stayed)) {
                differences.add(difference(each, stayed.get(), left.get()));
            }
        }
        differences.sort(NEAREST_FIRST);
        return new Parting(
                leaving,
                staying,
                step,
                last,
                differences.subList(0, Math.min(Parting.MOST_DIFFERENCES, differences.size())),
                differences.size(),
                workers(compared.getOrDefault(ofClass, new TreeSet<>()).stream())
                        .size(),
                workersNearest(differences));
    }

    private static Optional<Long> bits(Found found, List<Integer> runs) {
        return runs.stream().filter(found.bits()::containsKey).findFirst().map(found.bits()::get);
    }

    private static Difference difference(Found found, long staying, long leaving) {
        boolean number = found.quantity().isNumber();
        return new Difference(
                found.quantity(),
                found.row().worker(),
                found.row().layer(),
                found.row().depth(),
                number ? Double.longBitsToDouble(staying) : Double.NaN,
                number ? Double.longBitsToDouble(leaving) : Double.NaN);
    }

    /** How many workers differ in what is nearest to the cause; what follows from it differs everywhere. */
    private static int workersNearest(List<Difference> differences) {
        int nearest = differences.isEmpty() ? 0 : differences.get(0).quantity().rank();
        return workers(differences.stream()
                        .filter(d -> d.quantity().rank() == nearest)
                        .map(Difference::worker))
                .size();
    }

    private static Set<Integer> workers(Stream<Integer> workers) {
        return workers.filter(worker -> worker != StepRecord.NO_WORKER).collect(Collectors.toSet());
    }

    /**
     * What comes first in a step's course. A fault spreads forwards through the layers and backwards through the
     * gradients: so of activations the first layer comes first, of gradients the last.
     */
    private static final Comparator<Difference> NEAREST_FIRST = Comparator.comparingInt(
                    (Difference d) -> d.quantity().rank())
            .thenComparingInt(d -> d.quantity().isForward() ? d.depth() : -d.depth())
            .thenComparing(d -> d.worker() == StepRecord.NO_WORKER)
            .thenComparingInt(Difference::worker)
            .thenComparing(Difference::layer)
            .thenComparing(d -> d.quantity().name());

    /** The partings so far, by step. */
    List<Parting> partings() {
        return List.copyOf(partings);
    }
}
