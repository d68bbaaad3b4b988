package io.tiltmeter.simulate;

import io.tiltmeter.model.StepRecord;
import org.jspecify.annotations.Nullable;

/**
 * The values of one run as a whole, moved from logged step to logged step. The autoregressive noise is started anew
 * from the keyed innovations {@link #RUN_IN} steps before every multiple of {@link #BLOCK}, so that any position is
 * reached in bounded time and holds the same bits from wherever one comes.
 */
final class RunSeries {
    static final int BLOCK = 4096;
    static final int RUN_IN = 64;
    /** Autocorrelation of the noise of the loss from one logged step to the next. */
    static final double LOSS_CORRELATION = 0.3;

    static final double GRADIENT_CORRELATION = 0.6;
    /** Standard deviation of the logarithm of the run's gradient norm. */
    static final double GRADIENT_NOISE = 0.08;
    /** Noise that a replay adds, as a share of the noise of the loss. */
    static final double REPLAY_NOISE = 0.15;

    private static final double LOSS_INNOVATION = Math.sqrt(1 - LOSS_CORRELATION * LOSS_CORRELATION);
    private static final double GRADIENT_INNOVATION = Math.sqrt(1 - GRADIENT_CORRELATION * GRADIENT_CORRELATION);

    private final RunPlan plan;
    private final @Nullable Fault fault;
    private final @Nullable Fault dataOrder;
    private final double batchRoot;
    private final double globalGradientScale;

    private long position = Long.MIN_VALUE;
    private double lossNoise;
    private double gradientNoise;

    private long stepKey;
    private double expectedLoss;
    private double loss;
    private double gradNorm;
    private boolean gradNaN;
    private double maxQuantile;
    private int slowest;
    private int inTurn = StepRecord.NO_WORKER;
    private double maxBusy;
    private double networkSeconds;
    private double saveSeconds;
    private boolean skipped;

    RunSeries(RunPlan plan) {
        this.plan = plan;
        this.fault = plan.fault;
        this.dataOrder = plan.dataOrder;
        this.batchRoot = Math.sqrt(plan.globalBatch());
        this.globalGradientScale = Math.sqrt(1 + RunPlan.GRADIENT_NOISE_SCALE / plan.globalBatch());
    }

    /** Computes the values of a logged step. */
    void moveTo(int attempt, long n) {
        moveNoise(n);
        long step = plan.step(n);
        double healthy = plan.floorLoss + plan.excess(step);
        expectedLoss = fault == null ? healthy : plan.floorLoss + fault.excess(plan, n);
        double deviation = RunPlan.EXAMPLE_NOISE * expectedLoss / batchRoot;
        double noise = attempt == 0 ? lossNoise : lossNoise + REPLAY_NOISE * Noise.normal(stepKey, 16 + attempt);
        loss = expectedLoss + deviation * noise;
        double gradient = plan.gradNorm(step) * StrictMath.exp(GRADIENT_NOISE * gradientNoise);
        gradNaN = false;
        skipped = plan.fp16 && LossScale.skipped(plan, n);
        if (fault != null) {
            loss += fault.bump(n, expectedLoss, deviation);
            gradient *= fault.gradientFactor(n);
            gradNaN = fault.nanInputs(n) || fault.allNaN(n);
            loss = fault.allNaN(n) ? Double.NaN : loss;
        }
        if (dataOrder != null && dataOrder.active(n)) {
            loss += dataOrder.bump(n, expectedLoss, deviation);
            gradient *= dataOrder.gradientFactor(n);
        }
        gradNorm = gradient;
        moveTimes(n);
    }

    /**
     * The slowest of all workers without asking each: the largest of W independent uniforms is distributed as the W-th
     * root of one; the others are uniform below it.
     */
    private void moveTimes(long n) {
        maxQuantile = StrictMath.exp(StrictMath.log(Noise.uniform(stepKey, 3)) / plan.spec.workers());
        slowest = Noise.below(stepKey, 4, plan.spec.workers());
        maxBusy = busy(maxQuantile);
        networkSeconds = 0;
        if (fault != null) {
            boolean takesTurns = fault.kind() == FaultKind.SLOW_IN_TURN;
            inTurn = takesTurns ? Noise.below(stepKey, 6, plan.spec.workers()) : StepRecord.NO_WORKER;
            if (takesTurns) {
                maxBusy = Math.max(maxBusy, busySeconds(n, inTurn));
            } else if (fault.worker() >= 0) {
                for (int i = 0; i < fault.count(); i++) {
                    int worker = fault.worker() + i * fault.spacing();
                    maxBusy = Math.max(maxBusy, busySeconds(n, worker) + extraDataWait(n, worker));
                }
            }
            networkSeconds = fault.networkStall(n) * plan.busySeconds;
        }
        saveSeconds = (plan.checkpointed(n) ? plan.checkpointSeconds : 0) + (plan.evaluated(n) ? plan.evalSeconds : 0);
    }

    private void moveNoise(long n) {
        if (n == position) {
            return;
        }
        if (n != position + 1 || n % BLOCK == 0) {
            lossNoise = 0;
            gradientNoise = 0;
            for (long i = n / BLOCK * BLOCK - RUN_IN; i < n; i++) {
                innovate(i);
            }
        }
        innovate(n);
        position = n;
    }

    private void innovate(long n) {
        stepKey = plan.stepKey(n);
        lossNoise = LOSS_CORRELATION * lossNoise + LOSS_INNOVATION * Noise.heavyTailed(stepKey, 0);
        gradientNoise = GRADIENT_CORRELATION * gradientNoise + GRADIENT_INNOVATION * Noise.normal(stepKey, 2);
    }

    private double busy(double quantile) {
        return plan.busySeconds * StrictMath.exp(RunPlan.BUSY_NOISE * Noise.quantile(quantile));
    }

    /** How long a worker computes and loads data at the position, without stalls. */
    double busySeconds(long n, int worker) {
        double own =
                busy(worker == slowest ? maxQuantile : maxQuantile * Noise.uniform(Noise.worker(stepKey, worker), 1));
        if (fault == null || !(fault.concerns(worker) || worker == inTurn)) {
            return own;
        }
        return own * fault.slowness(n);
    }

    double extraDataWait(long n, int worker) {
        return fault != null && fault.concerns(worker) ? fault.dataStall(n) * plan.busySeconds : 0;
    }

    long stepKey() {
        return stepKey;
    }

    /** Loss of the run; NaN where it was lost. */
    double loss() {
        return loss;
    }

    /** The loss without noise and passing faults. */
    double expectedLoss() {
        return expectedLoss;
    }

    /** Norm of the reduced gradient before clipping. */
    double globalGradNorm() {
        return gradNaN ? Double.NaN : gradNorm * globalGradientScale;
    }

    /** Norm of the gradient without the noise of finite batches; finite even where workers' gradients are not. */
    double trueGradNorm() {
        return gradNorm;
    }

    /** When the last worker arrives at the collective, seconds since the step began. */
    double lastArrival() {
        return maxBusy;
    }

    /** What slow collectives take beyond waiting for the last worker. */
    double networkSeconds() {
        return networkSeconds;
    }

    double stepSeconds() {
        return maxBusy + networkSeconds + saveSeconds;
    }

    boolean skipped() {
        return skipped;
    }
}
