package io.tiltmeter.spark;

import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.ParquetInput.DataFile;
import io.tiltmeter.spark.Survey.Extent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a night reads and keeps. A window is read anew when a file with rows in it came, went or changed; the others keep
 * their digests.
 *
 * @param current extents of every file there is
 * @param attempts all attempts there are, each merged over its files
 * @param targets windows to digest
 * @param files files to read for that
 */
record DigestPlan(
        Map<DataFile, List<Extent>> current,
        Map<AttemptId, Extent> attempts,
        List<ScanTarget> targets,
        List<DataFile> files) {

    /** Identity of a file's content as far as a listing can tell. */
    record Version(String path, long length, long modified) {
        static Version of(DataFile file) {
            return new Version(file.path(), file.length(), file.modified());
        }
    }

    /**
     * Plans a night.
     *
     * @param files all files of the table
     * @param surveyed extents of those that are not in the ledger as they are now
     * @param ledger extents of the files that the kept digests were made of
     * @param index windows whose digests are kept
     */
    static DigestPlan of(
            List<DataFile> files,
            List<Extent> surveyed,
            Map<Version, List<Extent>> ledger,
            DigestIndex index,
            Settings.Scan settings) {
        Map<String, List<Extent>> fresh = new HashMap<>();
        surveyed.forEach(extent ->
                fresh.computeIfAbsent(extent.file(), file -> new ArrayList<>()).add(extent));
        Map<DataFile, List<Extent>> current = new HashMap<>();
        Set<Version> alive = new HashSet<>();
        List<Extent> changed = new ArrayList<>();
        for (DataFile file : files) {
            List<Extent> known = ledger.get(Version.of(file));
            List<Extent> extents = known != null ? known : fresh.getOrDefault(file.path(), List.of());
            current.put(file, extents);
            alive.add(Version.of(file));
            if (known == null) {
                changed.addAll(extents);
            }
        }
        ledger.forEach((version, extents) -> {
            if (!alive.contains(version)) {
                changed.addAll(extents);
            }
        });
        return of(current, changed, index, settings);
    }

    /** The plan for a table without files of its own (of the catalog): everything is read. */
    static DigestPlan ofAll(List<Extent> surveyed, Settings.Scan settings) {
        DataFile table = new DataFile(surveyed.isEmpty() ? "" : surveyed.get(0).file(), 0, 0, 0, 0);
        return of(Map.of(table, surveyed), surveyed, new DigestIndex(), settings);
    }

    private static DigestPlan of(
            Map<DataFile, List<Extent>> current, List<Extent> changed, DigestIndex index, Settings.Scan settings) {
        TreeMap<AttemptId, Extent> attempts = new TreeMap<>();
        for (List<Extent> extents : current.values()) {
            extents.stream()
                    .filter(Extent::hasRows)
                    .forEach(extent -> attempts.merge(id(extent), extent, Extent::merge));
        }
        Map<AttemptId, List<Extent>> touched = new HashMap<>();
        changed.stream()
                .filter(Extent::hasRows)
                .forEach(extent -> touched.computeIfAbsent(id(extent), id -> new ArrayList<>())
                        .add(extent));
        List<WindowRange> windows = new ArrayList<>();
        attempts.forEach((id, whole) -> {
            long wanted = width(whole.minGap(), whole.maxWorker(), settings);
            Optional<Long> kept = index.width(id);
            if (kept.isEmpty() || kept.get() > wanted) {
                // New, or logged more densely or by more workers than before: blocks would outgrow their budget.
                windows.add(WindowRange.ofSteps(id, wanted, whole.minStep(), whole.maxStep()));
            } else {
                windows.addAll(ranges(id, kept.get(), touched.getOrDefault(id, List.of())));
            }
        });
        return new DigestPlan(current, attempts, targets(current, windows), files(current, windows));
    }

    /** The windows that some extents fall into, as few ranges. */
    private static List<WindowRange> ranges(AttemptId id, long width, List<Extent> extents) {
        List<WindowRange> ranges = new ArrayList<>();
        extents.stream()
                .map(extent -> WindowRange.ofSteps(id, width, extent.minStep(), extent.maxStep()))
                .sorted(Comparator.comparingLong(WindowRange::first).thenComparingLong(WindowRange::last))
                .forEach(range -> {
                    int end = ranges.size() - 1;
                    if (end >= 0 && ranges.get(end).touches(range)) {
                        ranges.set(end, ranges.get(end).with(range));
                    } else {
                        ranges.add(range);
                    }
                });
        return ranges;
    }

    private static List<ScanTarget> targets(Map<DataFile, List<Extent>> current, List<WindowRange> windows) {
        Map<AttemptId, List<Extent>> extents = new HashMap<>();
        current.values()
                .forEach(list -> list.stream()
                        .filter(Extent::hasRows)
                        .forEach(extent -> extents.computeIfAbsent(id(extent), id -> new ArrayList<>())
                                .add(extent)));
        return windows.stream()
                .map(range -> new ScanTarget(range, rowsOfOneFile(range, extents.getOrDefault(range.id(), List.of()))))
                .toList();
    }

    private static long rowsOfOneFile(WindowRange range, List<Extent> extents) {
        List<Extent> inside = extents.stream()
                .filter(extent -> range.holdsAny(extent.minStep(), extent.maxStep()))
                .toList();
        return inside.size() == 1
                        && range.holdsAll(inside.get(0).minStep(), inside.get(0).maxStep())
                ? inside.get(0).rows()
                : ScanTarget.UNKNOWN;
    }

    private static List<DataFile> files(Map<DataFile, List<Extent>> current, List<WindowRange> windows) {
        Map<AttemptId, List<WindowRange>> byAttempt = new HashMap<>();
        windows.forEach(range ->
                byAttempt.computeIfAbsent(range.id(), id -> new ArrayList<>()).add(range));
        List<DataFile> files = new ArrayList<>();
        current.forEach((file, extents) -> {
            if (extents.stream()
                    .anyMatch(extent -> byAttempt.getOrDefault(id(extent), List.of()).stream()
                            .anyMatch(
                                    range -> extent.hasRows() && range.holdsAny(extent.minStep(), extent.maxStep())))) {
                files.add(file);
            }
        });
        files.sort(Comparator.comparing(DataFile::path));
        return List.copyOf(files);
    }

    /** Width of the windows of an attempt, from how densely it was logged and by how many workers. */
    static long width(long minGap, int maxWorker, Settings.Scan settings) {
        long workers = maxWorker + 1L;
        // A block is assembled one metric at a time, so its budget holds for steps × workers.
        long logged = Math.max(1, Math.min(settings.windowSteps(), settings.blockCells() / (workers + 1)));
        long gap = Math.max(1, minGap);
        // Windows wider than any step are as good as the widest that can still be computed with.
        return Math.min(logged, Math.max(1, Long.MAX_VALUE / 4 / gap)) * gap;
    }

    private static AttemptId id(Extent extent) {
        return new AttemptId(extent.runId(), extent.attempt());
    }

    /** Attempts of which something is read. */
    long attemptsRead() {
        return targets.stream().map(target -> target.windows().id()).distinct().count();
    }

    /**
     * Whether everything is read, and each attempt by one task: then whole runs may meet in one place, since hardly anything
     * is left to assemble there.
     */
    boolean readsAllInPlace() {
        return targets.size() == attempts.size()
                && targets.stream().allMatch(target -> {
                    Extent whole = attempts.get(target.windows().id());
                    return target.rows() != ScanTarget.UNKNOWN
                            && whole != null
                            && target.windows().holdsAll(whole.minStep(), whole.maxStep());
                });
    }

    /** The same plan without the attempts that no worker above this number logged. */
    DigestPlan ofWorkersAbove(int worker) {
        List<ScanTarget> kept = targets.stream()
                .filter(target -> {
                    Extent whole = attempts.get(target.windows().id());
                    return whole != null && whole.maxWorker() > worker;
                })
                .toList();
        List<WindowRange> windows = kept.stream().map(ScanTarget::windows).toList();
        return new DigestPlan(current, attempts, kept, files(current, windows));
    }

    /** The windows to digest. */
    List<WindowRange> windows() {
        return targets.stream().map(ScanTarget::windows).toList();
    }

    Collection<Version> versions() {
        Set<Version> versions = new HashSet<>();
        current.keySet().forEach(file -> versions.add(Version.of(file)));
        return versions;
    }

    /** Rows that belong to no run or step, by file. */
    Map<String, Long> unusable() {
        Map<String, Long> rows = new TreeMap<>();
        current.forEach((file, extents) -> extents.stream()
                .filter(extent -> extent.unusable() > 0)
                .forEach(extent -> rows.merge(file.path(), extent.unusable(), Long::sum)));
        return rows;
    }
}
