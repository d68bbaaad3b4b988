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
            Metric.LEARNING_RATE,
            Metric.STEP_SECONDS);

    private final long step;
    private final int attempt;
    private final long timeMicros;
    private final int[] workers;
    private final double[][] told;
    private double globalNorm;
    private boolean hasGlobalNorm;

    /**
     * @param workers their numbers, by rank
     * @param told by rank, then in the order of {@link #TOLD}
     */
    StepReport(long step, int attempt, long timeMicros, List<Integer> workers, double[][] told) {
        this.step = step;
        this.attempt = attempt;
        this.timeMicros = timeMicros;
        this.workers = workers.stream().limit(told.length).mapToInt(w -> w).toArray();
        this.told = told;
    }

    /** Adds the norm of the averaged gradient, once it is known. */
    void reduced(double norm) {
        globalNorm = norm;
        hasGlobalNorm = true;
    }

    /** How many workers told. */
    int workers() {
        return told.length;
    }

    /** Number of the worker of a rank. */
    int worker(int rank) {
        return workers[rank];
    }

    /** What the worker of a rank told. */
    double of(int rank, Metric metric) {
        return told[rank][TOLD.indexOf(metric)];
    }

    /** Whether the inputs, labels, loss or gradient of the worker of a rank hold something that is not finite. */
    boolean isNonFinite(int rank) {
        return of(rank, Metric.NAN_INPUTS) > 0
                || of(rank, Metric.NAN_LABELS) > 0
                || !Double.isFinite(of(rank, Metric.LOSS))
                || !Double.isFinite(of(rank, Metric.GRAD_NORM));
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
        int rank = farthest(metric);
        return rank < 0 ? StepRecord.NO_WORKER : workers[rank];
    }

    /** Rank of the outlier, negative without one. */
    private int farthest(Metric metric) {
        double[] values = values(metric);
        double middle = median(metric);
        int farthest = -1;
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
        int rank = farthest(metric);
        return rank < 0 ? Double.NaN : of(rank, metric);
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
                return workers[w];
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
