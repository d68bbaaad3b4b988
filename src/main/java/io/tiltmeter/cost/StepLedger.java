package io.tiltmeter.cost;

import java.util.Arrays;
import java.util.List;

/**
 * Time of a run's steps in the order of the steps, in bounded memory: when it is full, neighbours are merged. Steps that a
 * later start overwrites are cut off its end. A cut through merged entries divides them evenly.
 */
final class StepLedger {
    /** What is summed up over the steps of an entry. Times are in seconds of the run, not of its workers. */
    enum Sum {
        /** Steps without a scheduled event. */
        STEPS,
        /** Their time. */
        SECONDS,
        /** How much of it the slowest worker kept the others waiting. */
        STRAGGLING,
        /** Logged time beyond theirs; negative where clocks disagree. */
        BETWEEN,
        /** Steps beside a checkpoint or an evaluation. */
        EVENT_STEPS,
        /** Time from the step before to their end. */
        EVENT_SECONDS,
        /** Steps of starts up to their first logged one. */
        START_STEPS,
        /** Time from the start, or from the last step before it, to their end. */
        START_SECONDS,
        /** Measured time of these steps, where it is not known when the start or the step before it was. */
        START_MEASURED
    }

    /**
     * Steps of one start.
     *
     * @param first first step
     * @param last last step
     * @param workers number of workers, 0 if unknown
     * @param phase steps of one phase are alike
     */
    record Entry(int attempt, long first, long last, int workers, int phase, double[] sums) {
        double sum(Sum sum) {
            return sums[sum.ordinal()];
        }

        double allSteps() {
            return sum(Sum.STEPS) + sum(Sum.EVENT_STEPS) + sum(Sum.START_STEPS);
        }

        /** Share of its steps that lie in a range. */
        double share(long from, long to) {
            long low = Math.max(first, from);
            long high = Math.min(last, to);
            return low > high ? 0 : (high - low + 1.0) / (last - first + 1.0);
        }

        private Entry scaled(double factor, long newLast) {
            return new Entry(
                    attempt,
                    first,
                    newLast,
                    workers,
                    phase,
                    Arrays.stream(sums).map(sum -> sum * factor).toArray());
        }
    }

    private static final int FIRST_LENGTH = 64;

    private final int capacity;
    private Entry[] entries;
    private int size;
    /** Entries before this one are of runs that were finished: nothing overwrites them. */
    private int floor;

    private long perEntry = 1;

    StepLedger(int capacity) {
        this.capacity = capacity;
        entries = new Entry[Math.min(capacity, FIRST_LENGTH)];
    }

    int size() {
        return size;
    }

    Entry entry(int index) {
        return entries[index];
    }

    /** All of them, in the order of their steps. */
    List<Entry> entries() {
        return List.of(Arrays.copyOf(entries, size));
    }

    void add(Entry entry) {
        if (size > floor && mayJoin(entries[size - 1], entry, 0) && span(entries[size - 1]) < perEntry) {
            entries[size - 1] = join(entries[size - 1], entry);
            return;
        }
        append(entry);
    }

    private void append(Entry entry) {
        if (size == entries.length && size < capacity) {
            entries = Arrays.copyOf(entries, Math.min(capacity, 2 * size));
        }
        if (size == entries.length) {
            halve();
        }
        entries[size++] = entry;
    }

    private static double span(Entry entry) {
        return entry.allSteps();
    }

    /** Nothing added so far is overwritten by what comes. */
    void close() {
        floor = size;
    }

    /** Whether an entry is of a run that was finished before the last one of this log began. */
    boolean isClosed(int index) {
        return index < floor;
    }

    /** Takes off all steps from one on, and hands out what was taken. */
    Entry[] cut(long from) {
        int keep = size;
        while (keep > floor && entries[keep - 1].last() >= from) {
            keep--;
        }
        Entry[] cut = Arrays.copyOfRange(entries, keep, size);
        size = keep;
        if (cut.length > 0 && cut[0].first() < from) {
            Entry split = cut[0];
            double kept = split.share(split.first(), from - 1);
            append(split.scaled(kept, from - 1));
            cut[0] = new Entry(
                    split.attempt(),
                    from,
                    split.last(),
                    split.workers(),
                    split.phase(),
                    split.scaled(1 - kept, split.last()).sums());
        }
        return cut;
    }

    /** Joins pairs: those that are alike first, then across phases, then, with thousands of starts, across them too. */
    private void halve() {
        for (int lenience = 0; lenience < 3 && size > entries.length * 3 / 4; lenience++) {
            int newSize = 0;
            int newFloor = floor;
            for (int i = 0; i < size; i++) {
                newFloor = i == floor ? newSize : newFloor;
                boolean pair = i + 1 < size && i + 1 != floor && mayJoin(entries[i], entries[i + 1], lenience);
                entries[newSize++] = pair ? join(entries[i], entries[i + 1]) : entries[i];
                i += pair ? 1 : 0;
            }
            floor = floor == size ? newSize : newFloor;
            size = newSize;
        }
        perEntry *= 2;
    }

    private static boolean mayJoin(Entry a, Entry b, int lenience) {
        return lenience > 1
                || a.attempt() == b.attempt() && a.workers() == b.workers() && (lenience > 0 || a.phase() == b.phase());
    }

    private static Entry join(Entry a, Entry b) {
        double[] sums = a.sums().clone();
        Arrays.setAll(sums, i -> sums[i] + b.sums()[i]);
        Entry longer = a.allSteps() > b.allSteps() ? a : b;
        return new Entry(
                b.attempt(),
                Math.min(a.first(), b.first()),
                Math.max(a.last(), b.last()),
                longer.workers(),
                longer.phase(),
                sums);
    }
}
