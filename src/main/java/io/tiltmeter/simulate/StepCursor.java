package io.tiltmeter.simulate;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.Scope;
import io.tiltmeter.model.StepRecord;
import org.jspecify.annotations.Nullable;

/**
 * Walks over rows of the {@code steps} table of one run: by attempt, then step, then worker, the row of the run as a
 * whole first. Makes no object a row; {@link #values()} is overwritten by {@link #next()}. Not thread-safe.
 */
public final class StepCursor {
    /** Which gradient norm is simulated. */
    public static final String GRAD_NORM_KIND = "before_clip";

    private static final double LOCAL_GRADIENT_NOISE = 0.1;
    private static final double USUAL_DATA_SHARE = 0.02;
    private static final double TOKEN_SPREAD = 0.2;
    private static final double HALF_ROOT = Math.sqrt(0.5);

    private final RunPlan plan;
    private final RunSeries series;
    private final int fromWorker;
    private final int toWorker;
    private final long fromStep;
    private final long toStep;
    private final double localDeviation;
    private final double localGradientScale;
    private final MetricValues globalValues = new MetricValues();
    private final MetricValues localValues = new MetricValues();

    private int attempt = -1;
    private long n;
    private long end;
    private int worker;
    private double ringNoise;
    private double ringTokens;

    StepCursor(RunPlan plan, int fromWorker, int toWorker, long fromStep, long toStep) {
        this.plan = plan;
        this.series = new RunSeries(plan);
        this.fromWorker = fromWorker;
        this.toWorker = Math.min(toWorker, workersLogging(plan.spec));
        this.fromStep = fromStep;
        this.toStep = toStep;
        this.worker = this.toWorker;
        double workers = plan.spec.workers();
        this.localDeviation = RunPlan.EXAMPLE_NOISE * Math.sqrt((1 - 1 / workers) / plan.localBatch) * HALF_ROOT;
        this.localGradientScale = Math.sqrt(1 + RunPlan.GRADIENT_NOISE_SCALE / plan.localBatch);
    }

    /** How many workers write rows of their own. */
    static int workersLogging(FleetSpec spec) {
        return switch (spec.logging()) {
            case ALL_WORKERS -> spec.workers();
            case RANK_ZERO -> 1;
            case GLOBAL_ONLY -> 0;
        };
    }

    /** Moves to the next row; false after the last one. */
    public boolean next() {
        if (fromWorker >= toWorker) {
            return false;
        }
        worker++;
        if (worker >= toWorker) {
            n++;
            while (n >= end) {
                if (attempt + 1 >= plan.attempts()) {
                    n = end;
                    worker = toWorker;
                    return false;
                }
                attempt++;
                n = Math.max(plan.from(attempt), plan.ceil(fromStep));
                end = Math.min(plan.to(attempt), plan.ceil(toStep));
            }
            series.moveTo(attempt, n);
            worker = fromWorker;
            if (toWorker > 0) {
                int first = Math.max(0, worker);
                ringNoise = ringNoise(first);
                ringTokens = ringTokens(first);
            }
        }
        if (worker == StepRecord.NO_WORKER) {
            fillGlobal();
        } else {
            fillLocal();
        }
        return true;
    }

    private void fillGlobal() {
        long step = step();
        MetricValues values = globalValues;
        values.set(Metric.LOSS, series.loss());
        values.set(Metric.LEARNING_RATE, plan.learningRate(step));
        double consumed = (double) plan.globalBatch() * (step + 1);
        values.set(Metric.CONSUMED_EXAMPLES, consumed);
        values.set(Metric.CONSUMED_TOKENS, consumed * plan.sequenceLength);
        values.set(Metric.STEP_SECONDS, series.stepSeconds());
        setOrRemove(values, Metric.GRAD_NORM, !series.skipped(), series.globalGradNorm());
        if (plan.fp16) {
            values.set(Metric.LOSS_SCALE, (double) (1L << LossScale.exponent(plan, n)));
            values.set(Metric.SKIPPED, series.skipped() ? 1 : 0);
        }
        boolean evaluated = plan.evaluated(n);
        setOrRemove(values, Metric.EVAL_LOSS, evaluated, evaluated ? evalLoss() : 0);
    }

    /** Of the model, hence without the passing faults of training batches, on many examples. */
    private double evalLoss() {
        double deviation = RunPlan.EXAMPLE_NOISE * series.expectedLoss() / Math.sqrt(16.0 * plan.globalBatch());
        return Double.isNaN(series.loss())
                ? Double.NaN
                : 1.02 * series.expectedLoss() + deviation * Noise.normal(series.stepKey(), 5);
    }

    private void fillLocal() {
        long key = Noise.worker(series.stepKey(), worker);
        int next = worker + 1 == plan.spec.workers() ? 0 : worker + 1;
        double nextNoise = ringNoise(next);
        double nextTokens = ringTokens(next);
        boolean nanInputs = plan.fault != null && plan.fault.worker() == worker && plan.fault.nanInputs(n);

        MetricValues values = localValues;
        boolean allLost = Double.isNaN(series.loss());
        double deviation = localDeviation * series.expectedLoss() * (ringNoise - nextNoise);
        values.set(Metric.LOSS, allLost ? Double.NaN : series.loss() + deviation);
        boolean lost = nanInputs || allLost;
        double gradNorm = series.trueGradNorm()
                * localGradientScale
                * StrictMath.exp(LOCAL_GRADIENT_NOISE * Noise.normal(key, 2));
        setOrRemove(values, Metric.GRAD_NORM, !series.skipped(), lost ? Double.NaN : gradNorm);
        values.set(Metric.TOKENS, (double) plan.localBatch * plan.sequenceLength + ringTokens - nextTokens);
        values.set(Metric.EXAMPLES, plan.localBatch);
        values.set(Metric.NAN_INPUTS, nanInputs ? plan.sequenceLength : 0);

        double busy = series.busySeconds(n, worker);
        double usualWait = busy * USUAL_DATA_SHARE * Noise.uniform(key, 3);
        double stall = series.extraDataWait(n, worker);
        values.set(Metric.COMPUTE_SECONDS, busy - usualWait);
        values.set(Metric.DATA_WAIT_SECONDS, usualWait + stall);
        values.set(Metric.COLLECTIVE_WAIT_SECONDS, series.lastArrival() - (busy + stall) + series.networkSeconds());
        values.set(Metric.STEP_SECONDS, series.stepSeconds());
        ringNoise = nextNoise;
        ringTokens = nextTokens;
    }

    private static void setOrRemove(MetricValues values, Metric metric, boolean present, double value) {
        if (present) {
            values.set(metric, value);
        } else {
            values.remove(metric);
        }
    }

    /** Workers' deviations are differences around a ring, so that they sum to zero over all workers. */
    private double ringNoise(int ofWorker) {
        return Noise.normal(Noise.worker(series.stepKey(), ofWorker), 0);
    }

    private double ringTokens(int ofWorker) {
        return plan.spec.batching() == FleetSpec.Batching.CONSTANT
                ? 0
                : Math.floor(TOKEN_SPREAD
                        * plan.localBatch
                        * plan.sequenceLength
                        * Noise.uniform(Noise.worker(series.stepKey(), ofWorker), 4));
    }

    public String runId() {
        return plan.runId;
    }

    public int attempt() {
        return attempt;
    }

    public long step() {
        return plan.step(n);
    }

    /** The worker, or {@link StepRecord#NO_WORKER}. */
    public int worker() {
        return worker;
    }

    /** End of the step, microseconds since the epoch. */
    public long timeMicros() {
        return plan.timeMicros(attempt, n);
    }

    public Scope scope() {
        return worker == StepRecord.NO_WORKER ? Scope.GLOBAL : Scope.LOCAL;
    }

    /** Always 1: values are of the step itself, also where only every k-th is logged. */
    public int stepSpan() {
        return 1;
    }

    /** {@value #GRAD_NORM_KIND} where a gradient norm is logged, else null. */
    public @Nullable String gradNormKind() {
        return values().has(Metric.GRAD_NORM) ? GRAD_NORM_KIND : null;
    }

    /** The values of the row; overwritten by {@link #next()}. */
    public MetricValues values() {
        return worker == StepRecord.NO_WORKER ? globalValues : localValues;
    }

    /** The row as a record of its own. */
    public StepRecord toRecord() {
        return new StepRecord(
                runId(),
                attempt(),
                worker(),
                step(),
                timeMicros(),
                scope(),
                stepSpan(),
                values().copy(),
                gradNormKind(),
                null,
                null);
    }
}
