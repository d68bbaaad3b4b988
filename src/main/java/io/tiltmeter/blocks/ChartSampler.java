package io.tiltmeter.blocks;

import io.tiltmeter.model.Chart;
import java.util.Arrays;

/**
 * Thins a curve to a bounded number of buckets while it streams by: when the buckets are full, neighbours are merged and
 * every later bucket takes twice as many points. A bucket keeps the lowest, highest and last value, so that no spike is
 * lost; NaN counts as higher than everything, so that it is not lost either.
 */
public final class ChartSampler {
    private final String metric;
    private final long[] steps;
    private final int[] attempts;
    private final double[] low;
    private final double[] high;
    private final double[] last;
    private final int[] points;
    private int size;
    private int perBucket = 1;

    /**
     * Begins a curve.
     *
     * @param maxPoints most buckets, at least 4
     */
    public ChartSampler(String metric, int maxPoints) {
        if (maxPoints < 4) {
            throw new IllegalArgumentException(
                    "Chart of '" + metric + "' has at most " + maxPoints + " points but needs at least 4");
        }
        this.metric = metric;
        steps = new long[maxPoints];
        attempts = new int[maxPoints];
        low = new double[maxPoints];
        high = new double[maxPoints];
        last = new double[maxPoints];
        points = new int[maxPoints];
    }

    public void add(int attempt, long step, double value) {
        boolean open = size > 0 && attempts[size - 1] == attempt && points[size - 1] < perBucket;
        if (!open && size == steps.length) {
            halve();
            open = attempts[size - 1] == attempt && points[size - 1] < perBucket;
        }
        if (open) {
            merge(size - 1, value, value, value, 1);
        } else {
            steps[size] = step;
            attempts[size] = attempt;
            low[size] = value;
            high[size] = value;
            last[size] = value;
            points[size] = 1;
            size++;
        }
    }

    public boolean isEmpty() {
        return size == 0;
    }

    public Chart chart() {
        return new Chart(
                metric,
                Arrays.copyOf(steps, size),
                Arrays.copyOf(attempts, size),
                Arrays.copyOf(low, size),
                Arrays.copyOf(high, size),
                Arrays.copyOf(last, size));
    }

    private void merge(int bucket, double otherLow, double otherHigh, double otherLast, int otherPoints) {
        low[bucket] = Double.isNaN(low[bucket])
                ? otherLow
                : Double.isNaN(otherLow) ? low[bucket] : Math.min(low[bucket], otherLow);
        high[bucket] = Math.max(high[bucket], otherHigh);
        last[bucket] = otherLast;
        points[bucket] += otherPoints;
    }

    /** Merges pairs of neighbours; those of one attempt first, then, with hundreds of restarts, across them. */
    private void halve() {
        int before = size;
        compact(true);
        if (size > before * 3 / 4) {
            compact(false);
        }
        perBucket *= 2;
    }

    private void compact(boolean withinAttempts) {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            copy(i, kept);
            boolean pair = i + 1 < size && (!withinAttempts || attempts[i] == attempts[i + 1]);
            if (pair) {
                merge(kept, low[i + 1], high[i + 1], last[i + 1], points[i + 1]);
                i++;
            }
            kept++;
        }
        size = kept;
    }

    private void copy(int from, int to) {
        steps[to] = steps[from];
        attempts[to] = attempts[from];
        low[to] = low[from];
        high[to] = high[from];
        last[to] = last[from];
        points[to] = points[from];
    }
}
