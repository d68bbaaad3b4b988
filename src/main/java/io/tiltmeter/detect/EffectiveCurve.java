package io.tiltmeter.detect;

import java.util.Arrays;

/**
 * The last {@value #KEPT} logged steps of a run as it stands before the current start: of each step what the latest start
 * logged. Values of the current start are taken in beside it and replace what they repeat when the next start begins.
 */
final class EffectiveCurve {
    /** A checkpoint is rarely more than a few thousand logged steps old; three columns of as many take 100 KiB a run. */
    static final int KEPT = 4096;

    private static final int FIRST_LENGTH = 64;

    private final int columns;
    private Steps before;
    private Steps now;

    /** @param columns values of each step */
    EffectiveCurve(int columns) {
        this.columns = columns;
        before = new Steps(columns);
        now = new Steps(columns);
    }

    /** Takes a step of the current start; one that does not lie above the start's last step is left out. */
    void add(long step, double... values) {
        if (now.size == 0 || step > now.steps[now.size - 1]) {
            now.add(step, values);
        }
    }

    /** A new start begins. */
    void restart() {
        if (now.size == 0) {
            return;
        }
        Steps merged = new Steps(columns);
        merged.addAll(before, 0, before.from(now.steps[0]));
        merged.addAll(now, 0, now.size);
        merged.addAll(before, before.from(now.steps[now.size - 1] + 1), before.size);
        before = merged;
        now = new Steps(columns);
    }

    /** Steps known of earlier starts. */
    int size() {
        return before.size;
    }

    long step(int at) {
        return before.steps[at];
    }

    double value(int at, int column) {
        return before.values[column][at];
    }

    /** Index of the first known step that is at least this one; {@link #size} if there is none. */
    int from(long step) {
        return before.from(step);
    }

    /** Steps in ascending order; beyond the limit the first ones go. */
    private static final class Steps {
        private long[] steps = new long[FIRST_LENGTH];
        private final double[][] values;
        private int size;

        Steps(int columns) {
            values = new double[columns][FIRST_LENGTH];
        }

        void add(long step, double... row) {
            if (size == steps.length) {
                makeRoom();
            }
            steps[size] = step;
            for (int column = 0; column < values.length; column++) {
                values[column][size] = row[column];
            }
            size++;
        }

        /** Doubles the arrays up to twice the limit; then moves the last half of them to the front. */
        private void makeRoom() {
            if (size < 2 * KEPT) {
                steps = Arrays.copyOf(steps, 2 * size);
                for (int column = 0; column < values.length; column++) {
                    values[column] = Arrays.copyOf(values[column], 2 * size);
                }
                return;
            }
            System.arraycopy(steps, size - KEPT, steps, 0, KEPT);
            for (double[] column : values) {
                System.arraycopy(column, size - KEPT, column, 0, KEPT);
            }
            size = KEPT;
        }

        /** Adds those of {@code other} from one index to another, the last {@value #KEPT} of them. */
        void addAll(Steps other, int from, int to) {
            double[] row = new double[values.length];
            for (int at = Math.max(from, to - KEPT); at < to; at++) {
                for (int column = 0; column < row.length; column++) {
                    row[column] = other.values[column][at];
                }
                add(other.steps[at], row);
            }
        }

        int from(long step) {
            int at = Arrays.binarySearch(steps, 0, size, step);
            return at < 0 ? -at - 1 : at;
        }
    }
}
