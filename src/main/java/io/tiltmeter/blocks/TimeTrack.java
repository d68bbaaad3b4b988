package io.tiltmeter.blocks;

import java.util.Arrays;

/**
 * When the steps of a run were logged, in bounded memory: when it is full, every second point is let go and only half as
 * many of the later ones are taken. Between points time passes evenly.
 */
public final class TimeTrack {
    private static final int POINTS = 1024;

    private final int[] attempts = new int[POINTS];
    private final long[] steps = new long[POINTS];
    private final long[] times = new long[POINTS];
    private int size;
    private int every = 1;
    private int skipped;
    private long first = Slice.NO_TIME;

    /**
     * Takes a logged step; steps come by attempt, ascending.
     *
     * @param micros microseconds since the epoch, {@link Slice#NO_TIME} if unknown
     */
    public void add(int attempt, long step, long micros) {
        if (micros == Slice.NO_TIME) {
            return;
        }
        first = first == Slice.NO_TIME ? micros : Math.min(first, micros);
        boolean begins = size == 0 || attempts[size - 1] != attempt;
        if (!begins && ++skipped < every) {
            return;
        }
        if (size == POINTS) {
            halve();
        }
        skipped = 0;
        attempts[size] = attempt;
        steps[size] = step;
        times[size] = micros;
        size++;
    }

    private void halve() {
        for (int i = 0; i < POINTS / 2; i++) {
            attempts[i] = attempts[2 * i];
            steps[i] = steps[2 * i];
            times[i] = times[2 * i];
        }
        size = POINTS / 2;
        every *= 2;
    }

    /** Time of the first step that has one; {@link Slice#NO_TIME} without any. */
    public long first() {
        return first;
    }

    /**
     * When a step was logged, to within the distance of the points kept; the nearest known time of the attempt before its
     * first point and after its last. {@link Slice#NO_TIME} where no step of the attempt has a time.
     */
    public long at(int attempt, long step) {
        int from = 0;
        while (from < size && attempts[from] != attempt) {
            from++;
        }
        int to = from;
        while (to < size && attempts[to] == attempt) {
            to++;
        }
        if (from == to) {
            return Slice.NO_TIME;
        }
        int found = Arrays.binarySearch(steps, from, to, step);
        if (found >= 0) {
            return times[found];
        }
        int next = -found - 1;
        if (next == from || next == to) {
            return times[next == from ? from : to - 1];
        }
        double part = (step - steps[next - 1]) / (double) (steps[next] - steps[next - 1]);
        return times[next - 1] + Math.round(part * (times[next] - times[next - 1]));
    }
}
