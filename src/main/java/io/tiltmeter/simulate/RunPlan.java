package io.tiltmeter.simulate;

import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Everything that is settled about one run before its first step; derived from the specification and the run's number. */
final class RunPlan {
    /** Standard deviation of one example's loss, as a share of the loss. */
    static final double EXAMPLE_NOISE = 0.25;
    /** Batch size at which noise and signal of the gradient are equally large, in examples. */
    static final double GRADIENT_NOISE_SCALE = 256;
    /** Standard deviation of the logarithm of a worker's busy time. */
    static final double BUSY_NOISE = 0.03;

    private static final double RESTART_SECONDS = 600;
    private static final int[] LOCAL_BATCHES = {4, 8, 16, 32};
    private static final int[] SEQUENCE_LENGTHS = {512, 1024, 2048};

    final FleetSpec spec;
    final int run;
    final long key;
    final int project;
    final String projectName;
    final String runId;
    /** The run's own fault. */
    final @Nullable Fault fault;
    /** The project's data-order event. */
    final @Nullable Fault dataOrder;

    final int localBatch;
    final int sequenceLength;
    final boolean fp16;
    final double peakLearningRate;
    final long warmupSteps;
    final double floorLoss;
    final double startGradNorm;
    /** Median busy time of a worker in seconds. */
    final double busySeconds;
    /** Length of a step without checkpoint, evaluation and fault. */
    final double usualStepSeconds;

    final double checkpointSeconds;
    final double evalSeconds;
    final long checkpointEvery;
    final long startMicros;
    final int scaleFloor;

    private final double exponent;
    private final double offset;
    private final double amplitude;

    RunPlan(FleetSpec spec, int run) {
        if (run < 0 || run >= spec.runs()) {
            throw new IllegalArgumentException("Run " + run + " is not one of 0 to " + (spec.runs() - 1));
        }
        this.spec = spec;
        this.run = run;
        long fleetKey = Noise.mix(spec.seed() ^ 0x7469_6c74_6d65_7465L);
        this.project = run % spec.projects();
        long projectKey = Noise.child(Noise.child(fleetKey, 1), project);
        this.key = Noise.child(Noise.child(fleetKey, 2), run);
        this.projectName = "project-" + padded(project, 2);
        this.runId = projectName + "-run-" + padded(run, 5);

        this.localBatch = LOCAL_BATCHES[Noise.below(projectKey, 1, LOCAL_BATCHES.length)];
        this.sequenceLength = SEQUENCE_LENGTHS[Noise.below(projectKey, 2, SEQUENCE_LENGTHS.length)];
        double startLoss = Noise.between(projectKey, 3, 8, 11);
        this.floorLoss = Noise.between(projectKey, 4, 1.6, 2.4) * Noise.between(key, 1, 0.995, 1.005);
        this.exponent = Noise.between(projectKey, 5, 0.5, 0.7);
        this.offset = Noise.between(projectKey, 6, 40, 80) * Noise.between(key, 2, 0.97, 1.03);
        this.amplitude = startLoss - floorLoss;
        this.startGradNorm = Noise.between(projectKey, 7, 2, 6);
        this.busySeconds = Noise.between(projectKey, 8, 0.2, 1.2);
        this.usualStepSeconds =
                busySeconds * StrictMath.exp(BUSY_NOISE * Noise.quantile(StrictMath.pow(0.5, 1.0 / spec.workers())));
        this.checkpointSeconds = 4 * busySeconds;
        this.evalSeconds = 6 * busySeconds;
        this.checkpointEvery = Math.max(1, Math.min(spec.checkpointEvery(), spec.steps() / 5));
        this.startMicros = spec.startMicros() + (long) (Noise.uniform(key, 3) * 8 * 3600) * 1_000_000;
        this.scaleFloor = 14 + Noise.below(key, 4, 5);
        this.warmupSteps = Math.max(1, Math.min(2000, spec.steps() / 20));

        FaultKind kind = kind(fleetKey);
        this.fp16 = kind == FaultKind.LOSS_SCALE_COLLAPSE
                || (kind != FaultKind.NAN_INPUTS && Noise.uniform(key, 5) < spec.fp16Share());
        double rate = 1e-4 * (1 << Noise.below(projectKey, 9, 4)) * Noise.between(key, 6, 0.8, 1.25);
        this.peakLearningRate = kind == FaultKind.LEARNING_RATE_TOO_HIGH ? 10 * rate : rate;
        this.fault = kind == null ? null : plan(kind);
        this.dataOrder = kind == FaultKind.EMPTY_RUN ? null : dataOrder(fleetKey, projectKey);
    }

    private @Nullable FaultKind kind(long fleetKey) {
        List<FaultKind> kinds =
                spec.faults().stream().filter(k -> !k.isProjectWide()).toList();
        int rank = Noise.permute(Noise.child(fleetKey, 3), run, spec.runs());
        return kinds.isEmpty() || rank >= Math.round(spec.faultyShare() * spec.runs())
                ? null
                : kinds.get(rank % kinds.size());
    }

    private Fault plan(FaultKind kind) {
        long end = loggedSteps() - 1;
        long at = (long) (loggedSteps() * Noise.between(key, 7, 0.4, 0.6));
        int some = Noise.below(key, 8, spec.workers());
        int none = StepRecord.NO_WORKER;
        return switch (kind) {
            case LOSS_SPIKE -> new Fault(kind, at - Fault.LEAD, at + Fault.SPIKE_LENGTH, none);
            case DIVERGENCE -> new Fault(kind, at - Fault.LEAD, end, none);
            case OSCILLATION, LOSS_SCALE_COLLAPSE -> new Fault(kind, at, end, none);
            case NEVER_LEARNS -> new Fault(kind, 0, end, none);
            case GRADIENT_EXPLOSION -> new Fault(kind, at, at + Fault.EXPLOSION_LENGTH - 1, none);
            case STALL_ISOLATED -> new Fault(kind, at, at + Fault.STALLS[Fault.STALLS.length - 1], some);
            case STALL_CLUSTER -> new Fault(kind, at, at + Fault.CLUSTER_LENGTH - 1, none);
            case NAN_INPUTS,
                    SLOW_WORKER,
                    SLOW_PERIODIC,
                    WORKER_OUTLIER,
                    FLIPPED_GRADIENT,
                    FROZEN_WORKER,
                    LAGGED_WORKER,
                    REPLICA_DRIFT,
                    TOKEN_DRIFT -> new Fault(kind, at, end, some);
            case SLOW_IN_TURN -> new Fault(kind, at, end, none);
            case DUPLICATED_DATA -> new Fault(kind, at, end, Math.max(1, some));
            case THREE_OUTLIERS -> {
                int third = Math.max(1, spec.workers() / 3);
                yield new Fault(kind, at, end, some % third, Math.max(1, Math.min(3, spec.workers() / 5)), third);
            }
            case SLOW_NODE -> {
                int host = some / FleetSimulator.WORKERS_A_HOST * FleetSimulator.WORKERS_A_HOST;
                int most = Math.min(FleetSimulator.WORKERS_A_HOST, Math.max(1, spec.workers() / 3));
                yield new Fault(kind, at, end, host, Math.min(most, spec.workers() - host), 1);
            }
            case ABORTED_RUN -> new Fault(kind, at, at, none);
            case EMPTY_RUN -> new Fault(kind, 0, 0, none);
            case RESTART -> restart();
            case LEARNING_RATE_TOO_HIGH -> new Fault(kind, Math.min(end, plateauStart()), end, none);
            case SHARED_DATA_ORDER -> throw new IllegalStateException("A project-wide fault is no run's own");
        };
    }

    /** From the first replayed logged step to the last one before the crash. */
    private Fault restart() {
        long checkpoint = resumeStep();
        long crash = checkpoint + (long) (checkpointEvery * Noise.between(key, 9, 0.5, 0.9));
        long first = ceil(checkpoint);
        return new Fault(FaultKind.RESTART, first, Math.max(first, ceil(crash) - 1), StepRecord.NO_WORKER);
    }

    /** Where the healthy curve would pass below the plateau. */
    private long plateauStart() {
        double step = offset * (StrictMath.pow(Fault.PLATEAU, -1 / exponent) - 1);
        return ceil((long) step + calibrationSteps());
    }

    private @Nullable Fault dataOrder(long fleetKey, long projectKey) {
        boolean chosen = spec.faultyShare() > 0
                && spec.faults().contains(FaultKind.SHARED_DATA_ORDER)
                && Noise.below(fleetKey, 4, Math.min(spec.projects(), spec.runs())) == project;
        if (!chosen) {
            return null;
        }
        long at = (long) (loggedSteps() * Noise.between(projectKey, 10, 0.25, 0.35));
        return new Fault(FaultKind.SHARED_DATA_ORDER, at, at + Fault.DATA_ORDER_LENGTH - 1, StepRecord.NO_WORKER);
    }

    boolean has(FaultKind kind) {
        return fault != null && fault.kind() == kind;
    }

    /** The faults to label, in order of time. */
    List<Fault> faults() {
        List<Fault> faults = new ArrayList<>(2);
        if (dataOrder != null) {
            faults.add(dataOrder);
        }
        if (fault != null) {
            faults.add(fault);
        }
        return faults;
    }

    /** Number of logged steps of an undisturbed run. */
    long loggedSteps() {
        return ceil(spec.steps());
    }

    /** The step of a logged step's number. */
    long step(long n) {
        return n * spec.logEvery();
    }

    /** Number of the first logged step at or after this step. */
    long ceil(long step) {
        return Math.floorDiv(step + spec.logEvery() - 1, (long) spec.logEvery());
    }

    int attempts() {
        return has(FaultKind.EMPTY_RUN) ? 0 : has(FaultKind.RESTART) ? 2 : 1;
    }

    /** First logged step of a start. */
    long from(int attempt) {
        return attempt == 1 && fault != null ? fault.first() : 0;
    }

    /** First logged step after the end of a start. */
    long to(int attempt) {
        if (fault != null && (has(FaultKind.ABORTED_RUN) || (has(FaultKind.RESTART) && attempt == 0))) {
            return fault.last() + 1;
        }
        return loggedSteps();
    }

    /** The checkpoint that the second start resumes from. */
    long resumeStep() {
        return checkpointEvery * Math.max(1, spec.steps() / (2 * checkpointEvery));
    }

    int globalBatch() {
        return localBatch * spec.workers();
    }

    /** What a healthy run has still to learn after some steps: the power law of the steps that were not skipped at first. */
    double excess(long step) {
        double base = 1 + Math.max(0, step - calibrationSteps()) / offset;
        // Not StrictMath.pow, which makes three arrays a call.
        return amplitude * StrictMath.exp(-exponent * StrictMath.log(base));
    }

    /** First steps, all skipped, in which the loss scale of an fp16 run comes down. */
    int calibrationSteps() {
        return fp16 ? LossScale.START_EXPONENT - scaleFloor : 0;
    }

    /** Norm of the true gradient. */
    double gradNorm(long step) {
        return startGradNorm * (0.2 + 0.8 / (1 + (double) step / warmupSteps));
    }

    /** Warm-up and cosine decay to a tenth. */
    double learningRate(long step) {
        if (step < warmupSteps) {
            return peakLearningRate * (step + 1) / warmupSteps;
        }
        double progress = (double) (step - warmupSteps) / Math.max(1, spec.steps() - warmupSteps);
        return peakLearningRate * (0.1 + 0.45 * (1 + StrictMath.cos(Math.PI * progress)));
    }

    /** Whether a multiple of the interval lies after the last logged step and up to this one. */
    private boolean passes(long step, long interval) {
        return step > 0 && step / interval != Math.max(0, step - spec.logEvery()) / interval;
    }

    /** Whether a checkpoint was written at a logged step or since the one before. */
    boolean checkpointed(long n) {
        return passes(step(n), checkpointEvery);
    }

    /** Whether the model was evaluated at a logged step or since the one before. */
    boolean evaluated(long n) {
        return passes(step(n), spec.evalEvery());
    }

    /** End of a step, from expected lengths: every step's own noise is left out, so that any step's time is at hand. */
    long timeMicros(int attempt, long n) {
        double seconds = elapsed(n);
        if (attempt == 1 && fault != null) {
            seconds += elapsed(fault.last()) - elapsed(fault.first() - 1) + RESTART_SECONDS;
        }
        return startMicros + Math.round(1e6 * seconds);
    }

    /** When a start begins: the second one 10 minutes after the crash. */
    long attemptStartMicros(int attempt) {
        return attempt == 1 && fault != null
                ? startMicros + Math.round(1e6 * (elapsed(fault.last()) + RESTART_SECONDS))
                : startMicros;
    }

    private double elapsed(long n) {
        long step = step(n);
        return (step + 1) * usualStepSeconds
                + step / checkpointEvery * checkpointSeconds
                + step / spec.evalEvery() * evalSeconds
                + (fault == null ? 0 : fault.delay(n, spec.logEvery()) * busySeconds);
    }

    /** What every random number of a logged step derives from. */
    long stepKey(long n) {
        return Noise.child(key, 64 + n);
    }

    /** Pipeline stage of a worker: stages are neighbouring ranks. */
    int stage(int worker) {
        return (int) ((long) worker * spec.stages() / spec.workers());
    }

    static String padded(long number, int digits) {
        String text = Long.toString(number);
        return "0".repeat(Math.max(0, digits - text.length())) + text;
    }
}
