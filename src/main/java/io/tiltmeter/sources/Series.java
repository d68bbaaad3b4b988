package io.tiltmeter.sources;

import io.tiltmeter.sources.MetricNames.Target;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** One metric's points, read as a column before they are joined with other metrics by step. */
final class Series {
    /** Most points of all series of a file that is held at once; 16 bytes each. */
    static final int MAX_POINTS = 10_000_000;

    final String foreign;
    final Target target;
    private long[] steps = new long[16];
    private double[] values = new double[16];
    private int size;

    Series(String foreign, Target target) {
        this.foreign = foreign;
        this.target = target;
    }

    void add(long step, double value) {
        if (size == values.length) {
            steps = Arrays.copyOf(steps, 2 * size);
            values = Arrays.copyOf(values, 2 * size);
        }
        steps[size] = step;
        values[size++] = value;
    }

    int size() {
        return size;
    }

    long step(int i) {
        return steps[i];
    }

    double value(int i) {
        return values[i];
    }

    /** Orders the points by step; equal steps keep their order. */
    void sort() {
        boolean sorted = true;
        for (int i = 1; i < size && sorted; i++) {
            sorted = steps[i - 1] <= steps[i];
        }
        if (sorted) {
            return;
        }
        long[] oldSteps = steps;
        double[] oldValues = values;
        int[] order = IntStream.range(0, size)
                .boxed()
                .sorted(Comparator.comparingLong(i -> oldSteps[i]))
                .mapToInt(i -> i)
                .toArray();
        steps = IntStream.of(order).mapToLong(i -> oldSteps[i]).toArray();
        values = IntStream.of(order).mapToDouble(i -> oldValues[i]).toArray();
    }

    /**
     * Forgets NaN before the first other value: a resumed run's file says so of the steps of its first half. Later NaN are
     * what was measured, except for times, of which a clock never measures NaN.
     */
    void dropMissing() {
        boolean time = target.metric() != null && target.metric().unit().equals("s");
        int kept = 0;
        boolean begun = false;
        for (int i = 0; i < size; i++) {
            boolean nan = Double.isNaN(values[i]);
            begun |= !nan;
            if (begun && !(time && nan)) {
                steps[kept] = steps[i];
                values[kept++] = values[i];
            }
        }
        size = kept;
    }
}
