package io.tiltmeter.cost;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.model.StepRecord;

/**
 * A point with a time, and the compute times of several workers.
 *
 * @param seconds when it was logged; NaN if unknown
 * @param median median of the workers' compute times
 */
record Timed(int attempt, long step, double seconds, MetricValues values, int workers, double median)
        implements StepPoint {

    static Timed at(int attempt, long step, double seconds) {
        return new Timed(attempt, step, seconds, new MetricValues(), 0, Double.NaN);
    }

    Timed with(Metric metric, double value) {
        MetricValues more = values.copy().set(metric, value);
        return new Timed(attempt, step, seconds, more, workers, median);
    }

    /** Compute times of some workers: the slowest and the median. */
    Timed computing(int many, double slowest, double middle) {
        return new Timed(attempt, step, seconds, values.copy().set(Metric.COMPUTE_SECONDS, slowest), many, middle);
    }

    @Override
    public long timeMicros() {
        return Double.isNaN(seconds) ? Long.MIN_VALUE : Math.round(seconds * 1e6);
    }

    @Override
    public int stepSpan() {
        return 1;
    }

    @Override
    public boolean has(Metric metric) {
        return values.has(metric);
    }

    @Override
    public double value(Metric metric) {
        return values.has(metric) ? values.get(metric) : Double.NaN;
    }

    @Override
    public int workers(Metric metric) {
        return metric == Metric.COMPUTE_SECONDS ? workers : 0;
    }

    @Override
    public double median(Metric metric) {
        return metric == Metric.COMPUTE_SECONDS ? median : Double.NaN;
    }

    @Override
    public double mad(Metric metric) {
        return Double.NaN;
    }

    @Override
    public int outlier(Metric metric) {
        return StepRecord.NO_WORKER;
    }

    @Override
    public double outlierValue(Metric metric) {
        return Double.NaN;
    }

    @Override
    public int nonFinite(Metric metric) {
        return 0;
    }

    @Override
    public int firstNonFinite(Metric metric) {
        return StepRecord.NO_WORKER;
    }

    @Override
    public long conflicts() {
        return 0;
    }

    @Override
    public int conflictWorker() {
        return StepRecord.NO_WORKER;
    }
}
