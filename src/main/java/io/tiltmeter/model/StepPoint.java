package io.tiltmeter.model;

/**
 * What a run logged at one step, as detectors see it: one value of the run for each metric, and where workers logged
 * their own, exact statistics across them. A view that its producer reuses: take what is needed, do not keep it.
 */
public interface StepPoint {
    long step();

    /** Number of the start of the run this step belongs to, from 0. */
    int attempt();

    /** When the step was logged in microseconds since the epoch, or {@link Long#MIN_VALUE} if unknown. */
    long timeMicros();

    /** How many steps the values average, at least 1. */
    int stepSpan();

    /** Whether the metric was logged at this step. */
    boolean has(Metric metric);

    /**
     * Value of the run: the global value where one was logged, else {@link Metric#reduction() reduced} over workers.
     * NaN where the logged value is NaN; meaningless unless {@link #has}.
     */
    double value(Metric metric);

    /** Number of workers that logged the metric at local scope at this step; 0 when only a global value is there. */
    int workers(Metric metric);

    /** Exact median over the workers' finite values, NaN without any. */
    double median(Metric metric);

    /** Exact median absolute deviation (unscaled) over the workers' finite values, NaN without any. */
    double mad(Metric metric);

    /** Worker whose value is farthest from the median, or {@link StepRecord#NO_WORKER}. */
    int outlier(Metric metric);

    /** Value of the {@link #outlier}, NaN without one. */
    double outlierValue(Metric metric);

    /** Number of logged values (workers' and global) that are NaN or infinite. */
    int nonFinite(Metric metric);

    /** Lowest worker with a non-finite value, or {@link StepRecord#NO_WORKER} if none or only the global one. */
    int firstNonFinite(Metric metric);

    /**
     * Number of values that came for a cell (worker, step and metric) which already had another one. A scan that counts
     * them for a window of steps shows them all at the first step of the window that has any, and 0 elsewhere.
     */
    long conflicts();

    /** Lowest worker with such a value at this step, or {@link StepRecord#NO_WORKER} if none or only the run as a whole. */
    int conflictWorker();
}
