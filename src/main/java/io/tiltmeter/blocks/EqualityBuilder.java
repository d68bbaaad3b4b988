package io.tiltmeter.blocks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds equal values in one channel of a block: between workers that should differ, of one worker at different steps, and
 * between replicas that should not differ. Values are equal if their bits are.
 */
final class EqualityBuilder {
    /** Up to so many workers all pairs are compared; more are sorted. */
    private static final int FEW = 16;
    /** Most stretches and changes that are kept of one channel. */
    private static final int MOST = 1024;
    /** Equal steps that make a lag. */
    private static final int SHORTEST_LAG_RUN = 3;

    private final int channel;
    private final long[] steps;
    private final int[] workers;
    private final int columns;
    private final double[] cells;
    private final int width;
    /** Bits of the values of a step, and for each worker the lowest with the same, or -1 without a value. */
    private final long[] bits;

    private final int[] lowest;
    private final long[] sorted;
    private final LastSeen lastSeen;

    EqualityBuilder(int channel, long[] steps, int[] workers, int columns, double[] cells) {
        this.channel = channel;
        this.steps = steps;
        this.workers = workers;
        this.columns = columns;
        this.cells = cells;
        width = workers.length;
        bits = new long[width];
        lowest = new int[width];
        sorted = new long[width];
        lastSeen = new LastSeen(steps.length);
    }

    /** Reads a step; returns how many workers have a value. */
    private int read(int row) {
        int n = 0;
        for (int w = 0; w < width; w++) {
            double cell = cells[row * columns + w];
            // NaN is told elsewhere, and is no value that one worker could have taken over from another.
            boolean is = Double.isFinite(cell);
            bits[w] = is ? Double.doubleToRawLongBits(cell) : Slice.ABSENT_BITS;
            lowest[w] = is ? w : -1;
            n += is ? 1 : 0;
        }
        return n;
    }

    /** Settles {@link #lowest}; returns the number of pairs that are equal. */
    private long match() {
        if (width <= FEW) {
            long pairs = 0;
            for (int w = 1; w < width; w++) {
                for (int v = 0; v < w && lowest[w] >= 0; v++) {
                    if (bits[v] == bits[w]) {
                        pairs++;
                        lowest[w] = Math.min(lowest[w], v);
                    }
                }
            }
            return pairs;
        }
        System.arraycopy(bits, 0, sorted, 0, width);
        Arrays.sort(sorted);
        long pairs = 0;
        int same = 0;
        for (int i = 1; i < width; i++) {
            same = sorted[i] == sorted[i - 1] && sorted[i] != Slice.ABSENT_BITS ? same + 1 : 0;
            pairs += same;
        }
        if (pairs > 0) {
            int[] first = new int[width];
            Arrays.fill(first, -1);
            for (int w = 0; w < width; w++) {
                if (lowest[w] >= 0) {
                    int at = lowerBound(bits[w]);
                    first[at] = first[at] < 0 ? w : first[at];
                    lowest[w] = first[at];
                }
            }
        }
        return pairs;
    }

    private int lowerBound(long value) {
        int from = 0;
        int to = width;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (sorted[middle] < value) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
    }

    /** Values of the other, or a step before, that should differ. */
    WorkerEvidence.EqualRuns runs() {
        Runs found = new Runs();
        Run[] twins = new Run[width];
        Run[] repeats = new Run[width];
        long[] before = new long[width];
        Arrays.fill(before, Slice.ABSENT_BITS);
        int looked = 0;
        int most = 0;
        long compared = 0;
        long equal = 0;
        int first = -1;
        int last = -1;
        for (int row = 0; row < steps.length; row++) {
            int n = read(row);
            if (n == 0) {
                continue;
            }
            boolean isFirst = looked++ == 0;
            first = isFirst ? row : first;
            most = Math.max(most, n);
            if (n > 1) {
                long pairs = match();
                // Where most agree it is one value written by all, as after a reduction; a batch is not reduced.
                boolean reduced = channel != Channel.BATCH_HASH && n > 2 && pairs * 4 > (long) n * (n - 1);
                compared += reduced ? 0 : n * (n - 1L) / 2;
                equal += reduced ? 0 : pairs;
                for (int w = 0; w < width; w++) {
                    int twin = reduced || lowest[w] == w ? -1 : lowest[w];
                    twins[w] = found.go(twins[w], w, twin, 0, row, isFirst);
                }
            }
            int repeating = 0;
            for (int w = 0; w < width; w++) {
                repeating += isValue(bits[w]) && bits[w] == before[w] ? 1 : 0;
            }
            boolean allStandStill = n > 1 && 2 * repeating > n;
            for (int w = 0; w < width; w++) {
                boolean repeats1 = !allStandStill && isValue(bits[w]) && bits[w] == before[w];
                repeats[w] = found.go(repeats[w], w, repeats1 ? w : -1, 1, row, isFirst);
                before[w] = isValue(bits[w]) ? bits[w] : before[w];
            }
            last = row;
        }
        for (int w = 0; w < width; w++) {
            found.end(twins[w], true);
            found.end(repeats[w], true);
        }
        findLags(found, most);
        return found.build(looked, most, compared, equal, first, last);
    }

    private static boolean isValue(long bits) {
        return bits != Slice.ABSENT_BITS;
    }

    /**
     * Workers that log over and over what they logged before, at more than one logged step's distance. What most of them do
     * is the order of the data, epoch after epoch.
     */
    private void findLags(Runs found, int most) {
        Map<Integer, List<Run>> byLag = new TreeMap<>();
        Map<Integer, Set<Integer>> workersByLag = new HashMap<>();
        for (int w = 0; w < width; w++) {
            for (Run run : lags(w)) {
                byLag.computeIfAbsent(run.lag, lag -> new ArrayList<>()).add(run);
                workersByLag.computeIfAbsent(run.lag, lag -> new HashSet<>()).add(w);
            }
        }
        byLag.forEach((lag, all) -> {
            if (2 * workersByLag.getOrDefault(lag, Set.of()).size() <= most) {
                all.forEach(run -> found.end(run, true));
            }
        });
    }

    private List<Run> lags(int w) {
        lastSeen.clear();
        List<Run> all = new ArrayList<>();
        Run open = null;
        int logged = 0;
        for (int row = 0; row < steps.length; row++) {
            double cell = cells[row * columns + w];
            if (!Double.isFinite(cell)) {
                continue;
            }
            int last = lastSeen.put(Double.doubleToRawLongBits(cell), logged);
            int lag = last < 0 ? 0 : logged - last;
            logged++;
            if (open != null && lag == open.lag) {
                open.to = row;
                open.count++;
                continue;
            }
            open = lag > 1 ? new Run(w, w, lag, row, true) : null;
            if (open != null) {
                all.add(open);
            }
        }
        all.removeIf(run -> run.count < SHORTEST_LAG_RUN);
        return all;
    }

    private static final class Run {
        final int worker;
        final int twin;
        final int lag;
        final int from;
        final boolean atEdge;
        int to;
        int count = 1;

        Run(int worker, int twin, int lag, int from, boolean atEdge) {
            this.worker = worker;
            this.twin = twin;
            this.lag = lag;
            this.from = from;
            this.atEdge = atEdge;
            to = from;
        }
    }

    private final class Runs {
        private final Run[] kept = new Run[MOST];
        private int size;

        /** Goes on with a run, or ends it and begins another; a twin of -1 is none. */
        @Nullable
        Run go(@Nullable Run open, int worker, int twin, int lag, int row, boolean isFirst) {
            if (open != null && open.twin == twin) {
                open.to = row;
                open.count++;
                return open;
            }
            end(open, false);
            return twin < 0 ? null : new Run(worker, twin, lag, row, isFirst);
        }

        void end(@Nullable Run run, boolean atEnd) {
            if (run != null && size < MOST && (run.count > 1 || run.atEdge || atEnd)) {
                kept[size++] = run;
            }
        }

        WorkerEvidence.EqualRuns build(int looked, int most, long compared, long equal, int first, int last) {
            Run[] runs = Arrays.copyOf(kept, size);
            return new WorkerEvidence.EqualRuns(
                    channel,
                    looked,
                    looked == 0 ? 0 : steps[first],
                    looked == 0 ? 0 : steps[last],
                    most,
                    compared,
                    equal,
                    Arrays.stream(runs).mapToInt(r -> workers[r.worker]).toArray(),
                    Arrays.stream(runs).mapToInt(r -> workers[r.twin]).toArray(),
                    Arrays.stream(runs).mapToInt(r -> r.lag).toArray(),
                    Arrays.stream(runs).mapToLong(r -> steps[r.from]).toArray(),
                    Arrays.stream(runs).mapToLong(r -> steps[r.to]).toArray(),
                    Arrays.stream(runs).mapToInt(r -> r.count).toArray());
        }
    }

    /** Who had the value of whom, for replicas. */
    WorkerEvidence.Splits splits() {
        EqualClasses classes = new EqualClasses();
        int[] first = new int[width];
        int[] now = new int[width];
        int[] before = new int[width];
        Arrays.fill(first, EqualClasses.UNKNOWN);
        Arrays.fill(now, EqualClasses.UNKNOWN);
        Arrays.fill(before, EqualClasses.UNKNOWN);
        long[] step = new long[MOST];
        int[] changed = new int[MOST];
        int[] to = new int[MOST];
        long changes = 0;
        int stored = 0;
        int begin = -1;
        int end = -1;
        for (int row = 0; row < steps.length; row++) {
            int n = read(row);
            if (n == 0) {
                continue;
            }
            match();
            begin = begin < 0 ? row : begin;
            end = row;
            if (Arrays.equals(lowest, before)) {
                continue;
            }
            System.arraycopy(lowest, 0, before, 0, width);
            classes.advance(lowest);
            int[] numbers = classes.numbers();
            for (int w = 0; w < width; w++) {
                if (first[w] < 0 && numbers[w] >= 0) {
                    // Whatever it had before it was seen, nobody can tell it from this.
                    first[w] = numbers[w];
                } else if (numbers[w] != now[w]) {
                    if (changes < MOST) {
                        step[(int) changes] = steps[row];
                        changed[(int) changes] = w;
                        to[(int) changes] = numbers[w];
                    }
                    changes++;
                }
                now[w] = numbers[w];
            }
            // All changes of a step or none of them: some would look as if the others had stayed.
            stored = changes <= MOST ? (int) changes : stored;
        }
        int[] logged = IntStream.range(0, width).filter(w -> first[w] >= 0).toArray();
        int[] place = new int[width];
        for (int i = 0; i < logged.length; i++) {
            place[logged[i]] = i;
        }
        return new WorkerEvidence.Splits(
                channel,
                begin < 0 ? 0 : steps[begin],
                end < 0 ? 0 : steps[end],
                Arrays.stream(logged).map(w -> workers[w]).toArray(),
                Arrays.stream(logged).map(w -> first[w]).toArray(),
                Arrays.copyOf(step, stored),
                Arrays.stream(changed, 0, stored).map(w -> place[w]).toArray(),
                Arrays.copyOf(to, stored),
                changes);
    }
}
