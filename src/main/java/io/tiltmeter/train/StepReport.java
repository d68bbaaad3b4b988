package io.tiltmeter.train;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.stats.Robust;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * One step as all workers told it to each other before the update: what detectors see online. Every worker holds the same
 * bits, so each comes to the same verdict without a word more.
 */
final class StepReport implements StepPoint, Serializable {
    private static final long serialVersionUID = 1;

    /** Metrics that each worker tells of itself, in this order; the detectors' names for them. */
    static final List<Metric> TOLD = List.of(
            Metric.LOSS,
            Metric.GRAD_NORM,
            Metric.EXAMPLES,
            Metric.TOKENS,
            Metric.LOSS_TOKENS,
            Metric.NAN_INPUTS,
            Metric.NAN_LABELS,
            Metric.COMPUTE_SECONDS,
            Metric.DATA_WAIT_SECONDS,
            Metric.LEARNING_RATE);

    private final long step;
    private final int attempt;
    private final long timeMicros;
    private final double[][] told;
    private double globalNorm;
    private boolean hasGlobalNorm;

    /**
     * @param told by worker, then in the order of {@link #TOLD}
     */
    StepReport(long step, int attempt, long timeMicros, double[][] told) {
        this.step = step;
        this.attempt = attempt;
        this.timeMicros = timeMicros;
        this.told = told;
    }

    /** Adds the norm of the averaged gradient, once it is known. */
    void reduced(double norm) {
        globalNorm = norm;
        hasGlobalNorm = true;
    }

    int workers() {
        return told.length;
    }

    /** What one worker told. */
    double of(int worker, Metric metric) {
        return told[worker][TOLD.indexOf(metric)];
    }

    /** Whether a worker's inputs, labels, loss or gradient hold something that is not finite. */
    boolean isNonFinite(int worker) {
        return of(worker, Metric.NAN_INPUTS) > 0
                || of(worker, Metric.NAN_LABELS) > 0
                || !Double.isFinite(of(worker, Metric.LOSS))
                || !Double.isFinite(of(worker, Metric.GRAD_NORM));
    }

    private double[] values(Metric metric) {
        int at = TOLD.indexOf(metric);
        return at < 0
                ? new double[0]
                : Arrays.stream(told).mapToDouble(w -> w[at]).toArray();
    }

    private double[] finite(Metric metric) {
        return Arrays.stream(values(metric)).filter(Double::isFinite).toArray();
    }

    @Override
    public long step() {
        return step;
    }

    @Override
    public int attempt() {
        return attempt;
    }

    @Override
    public long timeMicros() {
        return timeMicros;
    }

    @Override
    public int stepSpan() {
        return 1;
    }

    @Override
    public boolean has(Metric metric) {
        return TOLD.contains(metric);
    }

    @Override
    public double value(Metric metric) {
        if (metric == Metric.GRAD_NORM && hasGlobalNorm) {
            return globalNorm;
        }
        double[] values = values(metric);
        return switch (metric.reduction()) {
            case MEAN -> Arrays.stream(values).sum() / values.length;
            case SUM -> Arrays.stream(values).sum();
            case MEDIAN -> Robust.median(finite(metric));
            case MIN -> Arrays.stream(values).min().orElse(Double.NaN);
            case MAX -> Arrays.stream(values).max().orElse(Double.NaN);
        };
    }

    @Override
    public int workers(Metric metric) {
        return has(metric) ? told.length : 0;
    }

    @Override
    public double median(Metric metric) {
        return Robust.median(finite(metric));
    }

    @Override
    public double mad(Metric metric) {
        return Robust.mad(finite(metric));
    }

    @Override
    public int outlier(Metric metric) {
        double[] values = values(metric);
        double middle = median(metric);
        int farthest = StepRecord.NO_WORKER;
        double distance = 0;
        for (int w = 0; w < values.length; w++) {
            if (Math.abs(values[w] - middle) > distance) {
                distance = Math.abs(values[w] - middle);
                farthest = w;
            }
        }
        return farthest;
    }

    @Override
    public double outlierValue(Metric metric) {
        int worker = outlier(metric);
        return worker == StepRecord.NO_WORKER ? Double.NaN : of(worker, metric);
    }

    @Override
    public int nonFinite(Metric metric) {
        int bad = has(metric) ? told.length - finite(metric).length : 0;
        return bad + (metric == Metric.GRAD_NORM && hasGlobalNorm && !Double.isFinite(globalNorm) ? 1 : 0);
    }

    @Override
    public int firstNonFinite(Metric metric) {
        double[] values = values(metric);
        for (int w = 0; w < values.length; w++) {
            if (!Double.isFinite(values[w])) {
                return w;
            }
        }
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
