package io.tiltmeter.simulate;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * A simulated fleet. Everything is computed from the specification when it is asked for: any run, range of workers and
 * range of steps can be had alone, in any order and on any machine, and is always the same bits. Thread-safe; build
 * one wherever it is needed from the (serializable) {@link FleetSpec}.
 */
public final class FleetSimulator {
    static final int WORKERS_A_HOST = 8;

    private final FleetSpec spec;

    public FleetSimulator(FleetSpec spec) {
        this.spec = spec;
    }

    public FleetSpec spec() {
        return spec;
    }

    /** All rows of the {@code runs} table, computed one by one. */
    public Stream<RunRecord> runs() {
        return IntStream.range(0, spec.runs()).mapToObj(this::run);
    }

    /** The row of run {@code run} in the {@code runs} table. */
    public RunRecord run(int run) {
        RunPlan plan = new RunPlan(spec, run);
        boolean empty = plan.has(FaultKind.EMPTY_RUN);
        boolean aborted = plan.has(FaultKind.ABORTED_RUN);
        int last = plan.attempts() - 1;
        long end = empty ? plan.startMicros + 30_000_000 : plan.timeMicros(last, plan.to(last) - 1);
        return new RunRecord(
                plan.runId,
                plan.projectName,
                "team-" + plan.project % 5,
                plan.startMicros,
                end,
                empty ? "empty" : aborted ? "failed" : "finished",
                null,
                plan.key >>> 1,
                spec.steps(),
                "corpus-" + RunPlan.padded(plan.project, 2),
                "1",
                null,
                null,
                "bpe-50k",
                "simulated",
                null,
                "simulated accelerator",
                Map.of(
                        "learning_rate", Double.toString(plan.peakLearningRate),
                        "global_batch", Integer.toString(plan.globalBatch()),
                        "local_batch", Integer.toString(plan.localBatch),
                        "sequence_length", Integer.toString(plan.sequenceLength),
                        "precision", plan.fp16 ? "fp16" : "bf16",
                        "warmup_steps", Long.toString(plan.warmupSteps),
                        "workers", Integer.toString(spec.workers())));
    }

    /** The rows of a run in the {@code attempts} table. An empty run has one attempt and no step. */
    public List<AttemptRecord> attempts(int run) {
        RunPlan plan = new RunPlan(spec, run);
        return IntStream.range(0, Math.max(1, plan.attempts()))
                .mapToObj(attempt -> attempt(plan, attempt))
                .toList();
    }

    private AttemptRecord attempt(RunPlan plan, int attempt) {
        long resume = attempt == 0 ? 0 : plan.resumeStep();
        String exit = plan.has(FaultKind.EMPTY_RUN)
                ? "failed before the first step"
                : plan.has(FaultKind.ABORTED_RUN)
                        ? "killed"
                        : attempt + 1 < plan.attempts() ? "node failure" : "finished";
        return new AttemptRecord(
                plan.runId,
                attempt,
                plan.attemptStartMicros(attempt),
                resume,
                attempt == 0 ? null : "checkpoint-" + resume,
                spec.workers(),
                (long) plan.globalBatch(),
                exit);
    }

    /** The rows of a run in the {@code topology} table, computed one by one: neighbours are a stage, 8 workers a host. */
    public Stream<TopologyRecord> topology(int run) {
        RunPlan plan = new RunPlan(spec, run);
        int hosts = (spec.workers() + WORKERS_A_HOST - 1) / WORKERS_A_HOST;
        int firstHost = Noise.below(plan.key, 20, Math.max(1, 4 * hosts));
        return IntStream.range(0, Math.max(1, plan.attempts()))
                .boxed()
                .flatMap(attempt -> IntStream.range(0, spec.workers())
                        .mapToObj(worker -> new TopologyRecord(
                                plan.runId,
                                attempt,
                                worker,
                                "node-" + RunPlan.padded((firstHost + worker / WORKERS_A_HOST) % (4L * hosts), 5),
                                "accelerator:" + worker % WORKERS_A_HOST,
                                worker - firstOf(plan.stage(worker)),
                                0,
                                plan.stage(worker),
                                0,
                                0)));
    }

    /** First worker of a stage. */
    private int firstOf(int stage) {
        return (int) (((long) stage * spec.workers() + spec.stages() - 1) / spec.stages());
    }

    /** The rows of a run in the {@code events} table: checkpoints and evaluations at logged steps, and restarts. */
    public Stream<EventRecord> events(int run) {
        RunPlan plan = new RunPlan(spec, run);
        return IntStream.range(0, plan.attempts()).boxed().flatMap(attempt -> {
            Stream<EventRecord> steps = LongStream.range(plan.from(attempt), plan.to(attempt))
                    .filter(n -> plan.checkpointed(n) || plan.evaluated(n))
                    .boxed()
                    .flatMap(n -> Stream.of(
                                    plan.checkpointed(n) ? "checkpoint" : "", plan.evaluated(n) ? "evaluation" : "")
                            .filter(kind -> !kind.isEmpty())
                            .map(kind -> event(plan, attempt, n, kind)));
            return attempt == 0
                    ? steps
                    : Stream.concat(
                            Stream.of(new EventRecord(
                                    plan.runId,
                                    attempt,
                                    StepRecord.NO_WORKER,
                                    plan.resumeStep(),
                                    plan.attemptStartMicros(attempt),
                                    "restart",
                                    "resumed from checkpoint-" + plan.resumeStep())),
                            steps);
        });
    }

    private static EventRecord event(RunPlan plan, int attempt, long n, String kind) {
        return new EventRecord(
                plan.runId, attempt, StepRecord.NO_WORKER, plan.step(n), plan.timeMicros(attempt, n), kind, null);
    }

    /** All rows of a run in the {@code steps} table. */
    public StepCursor steps(int run) {
        return steps(run, StepRecord.NO_WORKER, spec.workers());
    }

    /** The rows of one worker, or with {@link StepRecord#NO_WORKER} those of the run as a whole. */
    public StepCursor steps(int run, int worker) {
        return steps(run, worker, worker + 1);
    }

    /**
     * The rows of workers {@code fromWorker} to below {@code toWorker}. The row of the run as a whole counts as worker
     * {@link StepRecord#NO_WORKER}, -1. Cheaper a row the more workers are asked for at once.
     */
    public StepCursor steps(int run, int fromWorker, int toWorker) {
        return steps(run, fromWorker, toWorker, 0, spec.steps());
    }

    /** The same for steps {@code fromStep} to below {@code toStep} only; found at once, without computing those before. */
    public StepCursor steps(int run, int fromWorker, int toWorker, long fromStep, long toStep) {
        if (fromWorker < StepRecord.NO_WORKER || toWorker < fromWorker || toWorker > spec.workers()) {
            throw new IllegalArgumentException("Workers " + fromWorker + " to " + toWorker
                    + " (exclusive) are not within " + StepRecord.NO_WORKER + " to " + spec.workers());
        }
        if (fromStep < 0 || toStep < fromStep) {
            throw new IllegalArgumentException(
                    "Steps " + fromStep + " to " + toStep + " (exclusive) are no range of steps");
        }
        return new StepCursor(new RunPlan(spec, run), fromWorker, toWorker, fromStep, toStep);
    }

    /** Number of rows {@link #steps(int)} has, without making them. */
    public long rows(int run) {
        RunPlan plan = new RunPlan(spec, run);
        int rowsAStep = StepCursor.workersLogging(spec) + 1;
        return IntStream.range(0, plan.attempts())
                        .mapToLong(attempt -> plan.to(attempt) - plan.from(attempt))
                        .sum()
                * rowsAStep;
    }

    /** Number of rows of the fleet. */
    public long rows() {
        return IntStream.range(0, spec.runs()).mapToLong(this::rows).sum();
    }

    /** All planted faults, by run and then by first step. */
    public List<PlantedFault> labels() {
        return IntStream.range(0, spec.runs())
                .mapToObj(this::labels)
                .flatMap(List::stream)
                .toList();
    }

    /**
     * What is planted into one run: nothing, its own fault (one label for each worker at fault
     * but of a host, which is one), its project's data-order event, or both.
     */
    public List<PlantedFault> labels(int run) {
        RunPlan plan = new RunPlan(spec, run);
        return plan.faults().stream()
                .flatMap(fault -> Labels.labels(plan, fault))
                .toList();
    }
}
