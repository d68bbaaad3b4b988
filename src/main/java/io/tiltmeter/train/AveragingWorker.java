package io.tiltmeter.train;

import io.tiltmeter.config.TrainConfig.Action;
import io.tiltmeter.model.LayerRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricRecord;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.Scope;
import io.tiltmeter.model.ShardRecord;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.util.CollectionAccumulator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * One worker's part of one averaging round, within a Spark task: deals DL4J its batches, watches how it trains on them,
 * and at the end of the task hands the rows to the driver with the task's result.
 *
 * <p>DL4J's worker cannot be told to leave a step out. Under the policy {@code skip} a gradient that is not finite, or
 * of a batch that is not, is set to zero instead: the data moves nothing, but the updater still takes its step, so that
 * momentum and weight decay go on. Interceptors are made anew for each round.
 */
final class AveragingWorker extends BaseTrainingListener implements Iterator<MultiDataSet> {
    /** Workers of this JVM by the task they run in: the only thing that dealer and listener have in common. */
    private static final Map<Long, AveragingWorker> AT_WORK = new ConcurrentHashMap<>();
    /** What outlives a round, which alone is too short to learn what measuring costs; by run and worker. */
    private static final Map<String, Kept> KEPT = new ConcurrentHashMap<>();

    private record Kept(CaptureBudget budget, MemoryWatch memory) {}

    private final Segment round;
    private final boolean opensSegment;
    private final int worker;
    private final String device;
    private final Shard shard;
    private final int perEpoch;
    private final Kept kept;
    private final Optional<StepInterceptor> interceptor;
    private final boolean skips;
    private final List<StepRecord> steps = new ArrayList<>();
    private final List<LayerRecord> layers = new ArrayList<>();
    private final List<ShardRecord> shards = new ArrayList<>();
    private final List<MetricRecord> metrics = new ArrayList<>();
    private @Nullable Network network;
    private @Nullable StepCapture capture;
    private int allUpdates;

    // Of the batch at work.
    private long step;
    private @Nullable Batch batch;
    private boolean measuring;
    private long begun;
    private double dataSeconds;
    private double learningRate;
    private double losses;
    private double norms;
    private int updates;
    private long doneAt;
    private boolean skipped;

    private AveragingWorker(Segment round, boolean opensSegment, int worker, String device, Shard shard) {
        this.round = round;
        this.opensSegment = opensSegment;
        this.worker = worker;
        this.device = device;
        this.shard = shard;
        perEpoch = shard.batchesPerEpoch(round.batch());
        kept = KEPT.computeIfAbsent(
                key(round.run().runId()) + worker,
                key -> new Kept(StepCapture.budgetOf(round.capture()), new MemoryWatch()));
        if (opensSegment) {
            kept.memory().begin();
        }
        interceptor = Interceptors.of(round.interceptor(), round.interceptorArguments());
        skips = round.policies().of(Policies.NON_FINITE).contains(Action.SKIP);
        step = round.from() - 1;
    }

    private static String key(String run) {
        return run + '\n';
    }

    /**
     * Begins a worker's part in its task. Its rows are added to {@code told} when the task ends; of a task that fails Spark
     * drops them.
     *
     * @param round the steps to train
     * @param opensSegment whether no round of the segment came before
     */
    static AveragingWorker begin(
            Segment round,
            boolean opensSegment,
            String deal,
            Iterator<byte[]> examples,
            ExampleLayout layout,
            CollectionAccumulator<WorkerRound> told) {
        TaskContext context = TaskContext.get();
        int rank = context.partitionId();
        Shard shard = ShardCache.get(round.run().runId(), deal, rank, () -> Shard.load(examples, layout, rank));
        AveragingWorker worker = new AveragingWorker(round, opensSegment, rank, SegmentTask.device(context), shard);
        long task = context.taskAttemptId();
        AT_WORK.put(task, worker);
        context.addTaskCompletionListener(ended -> {
            AT_WORK.remove(task);
            worker.finish();
            told.add(worker.result());
        });
        return worker;
    }

    /** The worker of the task that calls. */
    static AveragingWorker ofTask() {
        return Objects.requireNonNull(AT_WORK.get(TaskContext.get().taskAttemptId()), "No worker in this task");
    }

    /** Lets go of what this JVM has learned about a run. */
    static void forget(String run) {
        KEPT.keySet().removeIf(one -> one.startsWith(key(run)));
    }

    private WorkerRound result() {
        return new WorkerRound(
                worker,
                SparkEnv.get().blockManager().blockManagerId().host(),
                SparkEnv.get().executorId(),
                device,
                steps,
                layers,
                shards,
                metrics,
                allUpdates);
    }

    @Override
    public boolean hasNext() {
        return step + 1 < round.to();
    }

    /** Deals the next batch. DL4J asks for it when it is done with the one before. */
    @Override
    public MultiDataSet next() {
        if (!hasNext()) {
            throw new NoSuchElementException("Round ends before step " + round.to());
        }
        finish();
        step++;
        begun = System.nanoTime();
        Batch dealt = shard.batch(
                round.cursor().epochOf(step, perEpoch),
                round.cursor().indexOf(step, perEpoch),
                round.batch(),
                round.seed(),
                round.shuffle());
        if (interceptor.isPresent()) {
            dealt = Batch.recounted(interceptor.get().batch(worker, step, dealt.data()), dealt);
        }
        batch = dealt;
        dataSeconds = (System.nanoTime() - begun) / 1e9;
        measuring = false;
        losses = 0;
        norms = 0;
        updates = 0;
        skipped = false;
        return dealt.data();
    }

    /** The capture of the batch at work, begun at its first call. */
    private StepCapture capture(Model model) {
        Network seen = network;
        if (seen == null) {
            seen = Network.of(model);
            network = seen;
        }
        StepCapture measure = capture;
        if (measure == null) {
            measure = new StepCapture(seen, round.capture(), kept.budget());
            capture = measure;
        }
        if (!measuring) {
            measuring = true;
            seen.setEpoch(round.cursor().epochOf(step, perEpoch));
            learningRate = seen.learningRate();
            measure.begin(step, Objects.requireNonNull(batch).examples());
        }
        return measure;
    }

    @Override
    public void onForwardPass(Model model, List<INDArray> activations) {
        capture(model).activations(activations);
    }

    @Override
    public void onForwardPass(Model model, Map<String, INDArray> activations) {
        capture(model).activations(activations);
    }

    @Override
    public void onBackwardPass(Model model) {
        capture(model).outputs();
    }

    @Override
    public void onGradientCalculation(Model model) {
        StepCapture measure = capture(model);
        Batch at = Objects.requireNonNull(batch);
        INDArray gradients = Network.of(model).gradients();
        interceptor.ifPresent(i -> i.gradient(worker, step, gradients));
        measure.beforeReduce();
        double loss = model.score();
        losses += loss;
        norms += measure.gradNorm();
        boolean bad = at.nanInputs() > 0 || at.nanLabels() > 0 || !Double.isFinite(loss) || !measure.gradientFinite();
        if (skips && bad) {
            skipped = true;
            gradients.assign(0);
        }
    }

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
        capture(model).afterUpdate();
        interceptor.ifPresent(i -> i.updated(worker, step, model.params()));
        updates++;
        allUpdates++;
        doneAt = System.nanoTime();
    }

    /** Records the batch at work, if it was trained on to the end. Of several updates the row has means. */
    private void finish() {
        Batch done = batch;
        StepCapture measure = capture;
        if (done == null || measure == null || updates == 0) {
            return;
        }
        batch = null;
        measure.end();
        String run = round.run().runId();
        double seconds = (doneAt - begun) / 1e9;
        MetricValues values = done.values()
                .set(Metric.LOSS, losses / updates)
                .set(Metric.GRAD_NORM, norms / updates)
                .set(Metric.LEARNING_RATE, learningRate)
                .set(Metric.SKIPPED, skipped ? 1 : 0)
                .set(Metric.STEP_SECONDS, seconds)
                .set(Metric.COMPUTE_SECONDS, seconds - dataSeconds)
                .set(Metric.DATA_WAIT_SECONDS, dataSeconds);
        if (!skipped) {
            measure.updateNorm().ifPresent(norm -> values.set(Metric.UPDATE_NORM, norm));
            measure.paramNorm().ifPresent(norm -> values.set(Metric.PARAM_NORM, norm));
        }
        steps.add(new StepRecord(
                run,
                round.attempt(),
                worker,
                step,
                SegmentedTraining.micros(),
                Scope.LOCAL,
                1,
                values,
                "before_clip",
                HexFormat.of().toHexDigits(done.hash()),
                null));
        layers.addAll(measure.layers(run, round.attempt(), worker));
        metrics.addAll(kept.memory().look(run, round.attempt(), worker, step));
        // As in a synchronous training: one row for a shuffled segment says as much as one a step.
        if (!round.shuffle() || (opensSegment && step == round.from())) {
            shards.add(new ShardRecord(
                    run,
                    round.attempt(),
                    worker,
                    step,
                    Integer.toString(worker),
                    done.firstSample(),
                    done.lastSample()));
        }
    }
}
