package io.tiltmeter.blocks;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.stats.Robust;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Digests one metric of a block: statistics across workers at every step, and of every worker over the steps. */
final class SeriesBuilder {
    /** See {@link Channel}. */
    private final int metric;

    private final Metric.Reduction reduction;
    private final long[] allSteps;
    private final int columns;
    private final int width;
    private final int[] worker;
    private final int[] workerCount;
    private final double[] workerSum;
    private final double[] workerMin;
    private final double[] workerMax;
    private final int[] workerNonFinite;
    private final int[] workerOutlier;

    private final long[] steps;
    private final double[] value;
    private final int[] count;
    private final double[] median;
    private final double[] mad;
    private final int[] outlier;
    private final double[] outlierValue;
    private final int[] nonFinite;
    private final int[] firstNonFinite;
    private final double[] scratch;
    private int size;

    /**
     * Prepares for one metric of a block.
     *
     * @param allSteps steps of the block, its rows
     * @param workers workers with local values, its first columns
     * @param columns number of all columns; those after the workers' hold reduced values
     */
    SeriesBuilder(int metric, long[] allSteps, int[] workers, int columns) {
        this.metric = metric;
        this.allSteps = allSteps;
        this.columns = columns;
        reduction = metric < Metric.count() ? Metric.of(metric).reduction() : Metric.Reduction.MEDIAN;
        width = workers.length;
        worker = workers;
        int length = allSteps.length;
        workerCount = new int[width];
        workerSum = new double[width];
        workerMin = new double[width];
        workerMax = new double[width];
        Arrays.fill(workerMin, Double.POSITIVE_INFINITY);
        Arrays.fill(workerMax, Double.NEGATIVE_INFINITY);
        workerNonFinite = new int[width];
        workerOutlier = new int[width];
        steps = new long[length];
        value = new double[length];
        count = new int[length];
        median = new double[length];
        mad = new double[length];
        outlier = new int[length];
        outlierValue = new double[length];
        nonFinite = new int[length];
        firstNonFinite = new int[length];
        scratch = new double[width];
    }

    /** The digest of a matrix of the metric's values, step-major, {@link Slice#ABSENT} where there is none. */
    Digest.Series build(double[] cells) {
        for (int s = 0; s < allSteps.length; s++) {
            step(allSteps[s], cells, s * columns);
        }
        double[] workerMean = new double[width];
        for (int w = 0; w < width; w++) {
            boolean any = workerCount[w] > 0;
            workerMean[w] = any ? workerSum[w] / workerCount[w] : Double.NaN;
            workerMin[w] = any ? workerMin[w] : Double.NaN;
            workerMax[w] = any ? workerMax[w] : Double.NaN;
        }
        int[] logged = IntStream.range(0, width)
                .filter(w -> workerCount[w] + workerNonFinite[w] > 0)
                .toArray();
        return new Digest.Series(
                metric,
                Arrays.copyOf(steps, size),
                Arrays.copyOf(value, size),
                Arrays.copyOf(count, size),
                Arrays.copyOf(median, size),
                Arrays.copyOf(mad, size),
                Arrays.copyOf(outlier, size),
                Arrays.copyOf(outlierValue, size),
                Arrays.copyOf(nonFinite, size),
                Arrays.copyOf(firstNonFinite, size),
                pick(worker, logged),
                pick(workerCount, logged),
                pick(workerMean, logged),
                pick(workerMin, logged),
                pick(workerMax, logged),
                pick(workerNonFinite, logged),
                pick(workerOutlier, logged));
    }

    private static int[] pick(int[] values, int[] at) {
        return Arrays.stream(at).map(i -> values[i]).toArray();
    }

    private static double[] pick(double[] values, int[] at) {
        return Arrays.stream(at).mapToDouble(i -> values[i]).toArray();
    }

    /** The reduced value of the first source that has one, else {@link Slice#ABSENT}. */
    private double global(double[] cells, int from) {
        double first = Slice.ABSENT;
        for (int c = columns - 1; c >= width; c--) {
            double cell = cells[from + c];
            first = Slice.isAbsent(cell) ? first : cell;
        }
        return first;
    }

    private void step(long step, double[] cells, int from) {
        int logged = 0;
        int n = 0;
        int firstBad = StepRecord.NO_WORKER;
        double sum = 0;
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        int lowest = -1;
        int highest = -1;
        for (int w = 0; w < width; w++) {
            double cell = cells[from + w];
            if (Slice.isAbsent(cell)) {
                continue;
            }
            logged++;
            sum += cell;
            if (!Double.isFinite(cell)) {
                workerNonFinite[w]++;
                firstBad = firstBad == StepRecord.NO_WORKER ? worker[w] : firstBad;
                continue;
            }
            scratch[n++] = cell;
            // Strictly, so that the lowest worker stands for several with the same value.
            if (cell < low) {
                low = cell;
                lowest = w;
            }
            if (cell > high) {
                high = cell;
                highest = w;
            }
            workerCount[w]++;
            workerSum[w] += cell;
            workerMin[w] = cell < workerMin[w] ? cell : workerMin[w];
            workerMax[w] = cell > workerMax[w] ? cell : workerMax[w];
        }
        double global = global(cells, from);
        boolean hasGlobal = !Slice.isAbsent(global);
        if (logged == 0 && !hasGlobal) {
            return;
        }
        int bad = logged - n;
        double middle = Double.NaN;
        double deviation = Double.NaN;
        int far = -1;
        if (n > 0) {
            if (n <= Selection.SMALL) {
                Selection.sort(scratch, n);
                middle = Robust.medianOfSorted(scratch, n);
                deviation = n == 8 ? Selection.madOfEight(scratch, middle) : Robust.madOfSorted(scratch, n, middle);
            } else {
                middle = Selection.median(scratch, n);
                for (int i = 0; i < n; i++) {
                    scratch[i] = Math.abs(scratch[i] - middle);
                }
                deviation = Selection.median(scratch, n);
            }
            far = farthest(low, lowest, high, highest, middle);
        }
        if (far >= 0) {
            workerOutlier[far]++;
        }
        steps[size] = step;
        value[size] = hasGlobal ? global : reduce(sum, logged, bad, middle, low, high);
        count[size] = logged;
        median[size] = middle;
        mad[size] = deviation;
        outlier[size] = far < 0 ? StepRecord.NO_WORKER : worker[far];
        outlierValue[size] = far < 0 ? Double.NaN : cells[from + far];
        nonFinite[size] = bad + (hasGlobal && !Double.isFinite(global) ? 1 : 0);
        firstNonFinite[size] = firstBad;
        size++;
    }

    /** Column of the value farthest from the median, which is the lowest or the highest; -1 if all are equal. */
    private static int farthest(double low, int lowest, double high, int highest, double middle) {
        double below = middle - low;
        double above = high - middle;
        if (below == above) {
            return below > 0 ? Math.min(lowest, highest) : -1;
        }
        return below > above ? lowest : highest;
    }

    /** A reduced value is not finite if any worker's is not, as an all-reduce would give; order statistics ignore them. */
    private double reduce(double sum, int logged, int bad, double middle, double low, double high) {
        if (bad == logged) {
            return sum;
        }
        return switch (reduction) {
            case MEAN -> sum / logged;
            case SUM -> sum;
            case MEDIAN -> middle;
            case MIN -> low;
            case MAX -> high;
        };
    }
}
