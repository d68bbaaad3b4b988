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
    /** Mean and standard deviation of the cosine of a worker's gradient with its peers'. */
    private static final double COSINE = 0.3;

    private static final double COSINE_NOISE = 0.05;
    /** How much longer gradients are from one pipeline stage to the next. */
    private static final double STAGE_GRADIENT = 1.5;

    private static final double HALF_ROOT = Math.sqrt(0.5);

    private final RunPlan plan;
    private final RunSeries series;
    private final int fromWorker;
    private final int toWorker;
    private final long fromStep;
    private final long toStep;
    private final boolean isFull;
    private final double localDeviation;
    private final double localGradientScale;
    private final MetricValues globalValues = new MetricValues();
    private final MetricValues localValues = new MetricValues();

    private int attempt = -1;
    private long n;
    private long end;
    private int worker;
    /** Losses that a frozen or lagged worker repeats. */
    private double @Nullable [] old;

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
        this.isFull = plan.spec.logging() == FleetSpec.Logging.FULL;
        double workers = plan.spec.workers();
        this.localDeviation = RunPlan.EXAMPLE_NOISE * Math.sqrt((1 - 1 / workers) / plan.localBatch) * HALF_ROOT;
        this.localGradientScale = Math.sqrt(1 + RunPlan.GRADIENT_NOISE_SCALE / plan.localBatch);
    }

    /** How many workers write rows of their own. */
    static int workersLogging(FleetSpec spec) {
        return switch (spec.logging()) {
            case FULL, ALL_WORKERS -> spec.workers();
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
        Fault fault = plan.fault;
        boolean nanInputs = fault != null && fault.concerns(worker) && fault.nanInputs(n);

        MetricValues values = localValues;
        boolean allLost = Double.isNaN(series.loss());
        double deviation = localDeviation * series.expectedLoss() * (ringNoise - nextNoise);
        double loss = allLost ? Double.NaN : series.loss() + deviation;
        if (fault != null && fault.kind().isOfWorkers()) {
            loss = shownLoss(fault, loss);
        }
        values.set(Metric.LOSS, loss);
        boolean lost = nanInputs || allLost;
        double gradNorm = series.trueGradNorm()
                * localGradientScale
                * StrictMath.exp(LOCAL_GRADIENT_NOISE * Noise.normal(key, 2))
                * (fault == null ? 1 : fault.ownGradientFactor(worker, n));
        for (int stage = plan.stage(worker); stage > 0; stage--) {
            gradNorm *= STAGE_GRADIENT;
        }
        setOrRemove(values, Metric.GRAD_NORM, !series.skipped(), lost ? Double.NaN : gradNorm);
        if (isFull) {
            double cosine = COSINE + COSINE_NOISE * Noise.normal(key, 5);
            int sign = fault == null ? 1 : fault.sign(worker, n);
            setOrRemove(values, Metric.GRAD_COSINE, !series.skipped(), lost ? Double.NaN : sign * cosine);
        }
        double tokens = (double) plan.localBatch * plan.sequenceLength + ringTokens - nextTokens;
        values.set(Metric.TOKENS, fault == null ? tokens : Math.rint(tokens * fault.tokenFactor(worker, n)));
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

    /** The loss that a worker logs which is fed another's data, or repeats old steps. */
    private double shownLoss(Fault fault, double loss) {
        if (!fault.strikes(worker, n)) {
            return loss;
        }
        int source = fault.dataOf(worker, n);
        if (source != worker) {
            return localLoss(series, source);
        }
        int repeats = fault.repeats();
        if (repeats == 0) {
            return loss;
        }
        if (old == null) {
            old = new double[repeats];
            RunSeries past = new RunSeries(plan);
            for (int i = 0; i < repeats; i++) {
                past.moveTo(attempt, fault.first() - repeats + i);
                old[i] = localLoss(past, worker);
            }
        }
        return old[(int) ((n - fault.first()) % repeats)];
    }

    private double localLoss(RunSeries at, int ofWorker) {
        int next = ofWorker + 1 == plan.spec.workers() ? 0 : ofWorker + 1;
        double noise = Noise.normal(Noise.worker(at.stepKey(), ofWorker), 0)
                - Noise.normal(Noise.worker(at.stepKey(), next), 0);
        return at.loss() + localDeviation * at.expectedLoss() * noise;
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

    /** Fingerprint of the examples a worker read; null where none is logged. */
    public @Nullable String batchHash() {
        if (!isFull || worker == StepRecord.NO_WORKER) {
            return null;
        }
        long read = plan.fault == null ? n : plan.fault.shown(worker, n);
        int source = plan.fault == null ? worker : plan.fault.dataOf(worker, n);
        return Long.toHexString(Noise.worker(Noise.child(plan.stepKey(read), 7), source));
    }

    /** Fingerprint of a worker's parameters, equal for all replicas of a stage; null where none is logged. */
    public @Nullable String parameterHash() {
        if (!isFull || worker == StepRecord.NO_WORKER) {
            return null;
        }
        boolean drifted = plan.fault != null && plan.fault.drifted(worker, n);
        long key = Noise.child(series.stepKey(), 8);
        return Long.toHexString(drifted ? Noise.worker(key, worker) : Noise.child(key, plan.stage(worker)));
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
                batchHash(),
                parameterHash());
    }
}
