package io.tiltmeter.blocks;

import java.util.List;

/**
 * What remains of a block: the per-step series of the run with exact statistics across workers, and a summary of every
 * worker.
 *
 * @param steps all logged steps, ascending
 * @param times when each was logged, {@link Slice#NO_TIME} where unknown
 * @param spans how many steps the values of each average
 * @param rows rows read
 * @param duplicates cells that arrived again with the same value
 * @param conflicts cells that arrived again with another value (the last logged wins, then the larger value)
 * @param firstConflictStep step of the first conflict, -1 without any
 * @param firstConflictWorker its worker
 * @param series one entry a metric that was logged, in the order of {@link io.tiltmeter.model.Metric}
 * @param workers what its workers did against one another
 */
public record Digest(
        long[] steps,
        long[] times,
        int[] spans,
        long rows,
        long duplicates,
        long conflicts,
        long firstConflictStep,
        int firstConflictWorker,
        List<Series> series,
        WorkerEvidence workers) {

    public Digest {
        series = List.copyOf(series);
    }

    /**
     * One metric. Arrays over steps have the length of {@code steps}, those over workers the length of {@code worker}.
     *
     * @param metric ordinal of the metric
     * @param steps steps at which it was logged, ascending
     * @param value value of the run
     * @param count number of workers with a local value at each step
     * @param median exact median over their finite values, NaN without any
     * @param mad exact median absolute deviation from it
     * @param outlier worker farthest from the median, -1 without any
     * @param outlierValue its value
     * @param nonFinite number of non-finite values, local and global
     * @param firstNonFinite lowest worker with one, -1 if none or only the global value
     * @param worker workers that logged it at local scope in this window, ascending
     * @param workerCount finite values of each
     * @param workerMean their mean, NaN without any
     * @param workerMin their minimum, NaN without any
     * @param workerMax their maximum, NaN without any
     * @param workerNonFinite non-finite values of each
     * @param workerOutlier number of steps at which the worker was the outlier
     */
    public record Series(
            int metric,
            long[] steps,
            double[] value,
            int[] count,
            double[] median,
            double[] mad,
            int[] outlier,
            double[] outlierValue,
            int[] nonFinite,
            int[] firstNonFinite,
            int[] worker,
            int[] workerCount,
            double[] workerMean,
            double[] workerMin,
            double[] workerMax,
            int[] workerNonFinite,
            int[] workerOutlier) {}
}
