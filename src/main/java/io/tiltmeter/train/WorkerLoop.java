package io.tiltmeter.train;

import io.tiltmeter.config.TrainConfig.Action;
import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.Scope;
import io.tiltmeter.model.ShardRecord;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.spark.InputException;
import io.tiltmeter.train.Segment.Ending;
import io.tiltmeter.train.Segment.Sign;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One worker of exact synchronous training: plain {@code fit} on its own mini-batches, with a listener that puts the mean
 * gradient of all workers in the place of its own before the updater sees it. Replicas that began alike stay alike, bit by
 * bit. Every step is recorded, and judged by the {@link Sentinel} before its update.
 */
final class WorkerLoop extends BaseTrainingListener {
    private static final long serialVersionUID = 1;
    /** Steps handed to the driver, enough for the memory of every detector. */
    private static final int PAST = 512;
    /** Steps in a row without a sound contribution after which there is nothing left to train. */
    private static final int MOST_LEFT_OUT = 50;
    /** What a worker tells beside {@link StepReport#TOLD}: the clock, and the step it is at. */
    private static final int CLOCK = StepReport.TOLD.size();

    private final transient Segment segment;
    private final transient Network network;
    private final transient Ring ring;
    private final transient MetricSink sink;
    private final transient StepCapture capture;
    private final transient MemoryWatch memory = new MemoryWatch();
    private final transient Sentinel sentinel;
    private final transient GradientScale scale;
    private final transient Optional<StepInterceptor> interceptor;
    private final int rank;
    private final int worker;
    private final float[] gradient;
    private final transient Shard shard;
    private final int perEpoch;
    private final transient List<StepReport> reports = new ArrayList<>();

    // Of the step at work.
    private long step;
    private transient Batch batch;
    private long waitedNanos;
    private int leftOutInARow;
    private boolean leftOut;
    private long lastTold;
    private double dataSeconds;
    private long begun;
    private double learningRate;
    private double loss;
    private double globalLoss;
    private double globalNorm;
    private transient @Nullable Sign end;
    private Ending ending = Ending.DONE;

    /** Thrown through {@code fit} when a step is not to be taken: the only way past the updater. */
    private static final class NoUpdate extends RuntimeException {
        private static final long serialVersionUID = 1;

        NoUpdate() {
            super("The step is left out", null, false, false);
        }
    }

    WorkerLoop(Segment segment, Network network, Ring ring, int rank, MetricSink sink, Shard shard) {
        this.segment = segment;
        this.network = network;
        this.ring = ring;
        this.rank = rank;
        worker = segment.workers().get(rank);
        this.sink = sink;
        capture = new StepCapture(network, segment.capture());
        sentinel = new Sentinel(segment.run(), segment.policies(), segment.detectors());
        sentinel.warm(segment.past());
        reports.addAll(segment.past());
        scale = GradientScale.of(network);
        interceptor = Interceptors.of(segment.interceptor(), segment.interceptorArguments());
        this.shard = shard;
        perEpoch = shard.batchesPerEpoch(segment.batch());
        step = segment.from();
        batch = deal();
        gradient = new float[Math.toIntExact(network.parameters())];
    }

    /**
     * Trains all steps of the segment.
     *
     * @return next step, ending and its reason; what else a {@link Segment.Result} holds is the caller's
     */
    Done run() throws IOException {
        network.setListeners(this);
        for (step = segment.from(); step < segment.to(); step++) {
            begun = System.nanoTime();
            batch = deal();
            if (interceptor.isPresent()) {
                batch = Batch.recounted(interceptor.get().batch(worker, step, batch.data()), batch);
                if (batch.examples() != segment.batch()) {
                    throw new InputException("The interceptor made a batch of " + batch.examples()
                            + " examples at step " + step + " on worker " + worker + ", expected " + segment.batch()
                            + " as dealt: workers count alike in the average");
                }
            }
            dataSeconds = (System.nanoTime() - begun) / 1e9;
            network.setEpoch(segment.cursor().epochOf(step, perEpoch));
            take();
            if (ending != Ending.DONE) {
                // A quarantine takes effect after its step, whose update is sound; the others before theirs.
                long next = ending == Ending.QUARANTINED ? step + 1 : step;
                return new Done(next, ending, end, latest());
            }
        }
        return new Done(step, ending, null, latest());
    }

    private Batch deal() {
        return shard.batch(
                segment.cursor().epochOf(step, perEpoch),
                segment.cursor().indexOf(step, perEpoch),
                segment.batch(),
                segment.seed(),
                segment.shuffle());
    }

    /** Where a loop came to its end. */
    record Done(long next, Ending ending, @Nullable Sign trouble, List<StepReport> reports) {}

    private List<StepReport> latest() {
        return reports.subList(Math.max(0, reports.size() - PAST), reports.size());
    }

    private void take() throws IOException {
        waitedNanos = 0;
        leftOut = false;
        globalNorm = Double.NaN;
        learningRate = network.learningRate();
        capture.begin(step, batch.examples());
        boolean updated = true;
        try {
            network.fit(batch.data());
        } catch (NoUpdate e) {
            updated = false;
            capture.hashParameters();
        }
        record(updated);
    }

    @Override
    public void onBackwardPass(Model model) {
        capture.outputs();
    }

    @Override
    public void onGradientCalculation(Model model) {
        try {
            reduce();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void reduce() throws IOException {
        interceptor.ifPresent(i -> i.gradient(worker, step, network.gradients()));
        if (ring.size() == 1) {
            capture.beforeReduce();
        } else {
            capture.beforeReduce(gradient);
        }
        loss = network.score();
        double compute = (System.nanoTime() - begun) / 1e9 - dataSeconds;
        long now = System.nanoTime();
        // From one exchange to the next: when the rest of this step ends, all have long judged it.
        double stepSeconds = (now - (step == segment.from() ? begun : lastTold)) / 1e9;
        lastTold = now;
        // The first one's clock goes along, so that all see the same time.
        double[] mine = {
            loss,
            capture.gradNorm(),
            batch.examples(),
            batch.tokens(),
            batch.lossTokens(),
            batch.nanInputs(),
            batch.nanLabels(),
            compute,
            dataSeconds,
            learningRate,
            stepSeconds,
            micros(),
            step
        };
        long before = System.nanoTime();
        double[][] told = ring.gather(mine);
        waitedNanos += System.nanoTime() - before;
        for (double[] other : told) {
            if (other[CLOCK + 1] != step) {
                throw new IllegalStateException("Worker " + rank + " is at step " + step + ", another one at "
                        + (long) other[CLOCK + 1] + ": they must take one optimizer step a batch");
            }
        }
        StepReport report = new StepReport(
                step,
                segment.attempt(),
                (long) told[0][CLOCK],
                segment.workers(),
                Arrays.stream(told).map(w -> Arrays.copyOf(w, CLOCK)).toArray(double[][]::new));
        reports.add(report);
        if (reports.size() > 2 * PAST) {
            reports.subList(0, PAST).clear();
        }
        Sentinel.Verdict early = sentinel.told(report);
        tell(early);
        leaveEarly(early);
        leftOut = early.leftOut().contains(worker);
        if (early.leftOut().size() == ring.size()) {
            if (++leftOutInARow >= MOST_LEFT_OUT) {
                finish(Ending.STOPPED, early.troubles().get(0));
            }
            throw new NoUpdate();
        }
        leftOutInARow = 0;
        double examples = 0;
        double losses = 0;
        for (int r = 0; r < ring.size(); r++) {
            if (!early.leftOut().contains(report.worker(r))) {
                examples += report.of(r, Metric.EXAMPLES);
                losses += report.of(r, Metric.LOSS);
            }
        }
        int contributors = ring.size() - early.leftOut().size();
        globalLoss = losses / contributors;
        average(report, early, examples, contributors);
    }

    private void average(StepReport report, Sentinel.Verdict early, double examples, int contributors)
            throws IOException {
        INDArray view = network.gradients();
        boolean alone = ring.size() == 1;
        if (!alone) {
            if (leftOut) {
                Arrays.fill(gradient, 0);
            }
            long before = System.nanoTime();
            double squares =
                    ring.sum(gradient, gradient.length, (from, to) -> capture.sumSquares(gradient, from, to, scale));
            waitedNanos += System.nanoTime() - before;
            if (contributors > 1 && !leftOut) {
                capture.compare(gradient);
            }
            globalNorm = Math.sqrt(squares) / examples;
        } else {
            globalNorm = capture.gradNorm();
        }
        report.reduced(globalNorm);
        Sentinel.Verdict late = sentinel.reduced(report);
        tell(late);
        leaveEarly(late);
        if (late.asks(Action.SKIP)) {
            throw new NoUpdate();
        }
        double clip = 1;
        if (late.asks(Action.CLIP) && globalNorm > sentinel.clipNorm()) {
            clip = sentinel.clipNorm() / globalNorm;
        }
        if (alone) {
            if (clip != 1) {
                TensorStats.copy(view, gradient);
            } else {
                return;
            }
        }
        scale.apply(gradient, batch.examples(), examples, contributors, clip);
        GradientScale.write(gradient, view);
    }

    /** Ends the segment when a verdict asks for it; all workers come here together. */
    private void leaveEarly(Sentinel.Verdict verdict) {
        if (verdict.asks(Action.STOP)) {
            finish(Ending.STOPPED, verdict.reason(Action.STOP));
            throw new NoUpdate();
        }
        if (verdict.asks(Action.ROLLBACK)) {
            finish(Ending.ROLLED_BACK, verdict.reason(Action.ROLLBACK));
            throw new NoUpdate();
        }
        if (verdict.leftOut().size() < ring.size() && ring.size() > 1) {
            // Where all are to blame, the network is, and leaving out a worker would help nobody.
            verdict.troubles().stream()
                    .filter(t -> t.actions().contains(Action.QUARANTINE) && t.worker() != StepRecord.NO_WORKER)
                    .findFirst()
                    .ifPresent(reason -> finish(Ending.QUARANTINED, reason));
        }
    }

    private void finish(Ending how, Sentinel.Trouble why) {
        ending = how;
        end = Sign.of(why);
    }

    /** One event for each trouble; the first worker speaks for all. */
    private void tell(Sentinel.Verdict verdict) {
        if (rank != 0) {
            return;
        }
        for (Sentinel.Trouble trouble : verdict.troubles()) {
            String actions = trouble.actions().stream()
                    .map(a -> a.name().toLowerCase(Locale.ROOT))
                    .sorted()
                    .collect(Collectors.joining(", "));
            sink.event(new EventRecord(
                    segment.run().runId(),
                    segment.attempt(),
                    trouble.worker(),
                    step,
                    micros(),
                    "intervention",
                    trouble.kind() + " (" + trouble.evidence() + "): " + actions));
        }
    }

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
        capture.hashParameters();
        capture.afterUpdate();
        interceptor.ifPresent(i -> i.updated(worker, step, network.params()));
    }

    private void record(boolean updated) {
        String run = segment.run().runId();
        double seconds = (System.nanoTime() - begun) / 1e9;
        double waited = waitedNanos / 1e9;
        MetricValues values = batch.values()
                .set(Metric.LOSS, loss)
                .set(Metric.GRAD_NORM, capture.gradNorm())
                .set(Metric.LEARNING_RATE, learningRate)
                .set(Metric.SKIPPED, updated && !leftOut ? 0 : 1)
                .set(Metric.STEP_SECONDS, seconds)
                .set(Metric.COMPUTE_SECONDS, seconds - waited - dataSeconds)
                .set(Metric.COLLECTIVE_WAIT_SECONDS, waited)
                .set(Metric.DATA_WAIT_SECONDS, dataSeconds);
        capture.gradCosine().ifPresent(cosine -> values.set(Metric.GRAD_COSINE, cosine));
        if (updated) {
            capture.updateNorm().ifPresent(norm -> values.set(Metric.UPDATE_NORM, norm));
            capture.paramNorm().ifPresent(norm -> values.set(Metric.PARAM_NORM, norm));
        }
        sink.step(new StepRecord(
                run,
                segment.attempt(),
                worker,
                step,
                micros(),
                Scope.LOCAL,
                1,
                values,
                "before_clip",
                HexFormat.of().toHexDigits(batch.hash()),
                capture.parameterHash()));
        capture.writing(sink.secondsPerRow());
        capture.layers(run, segment.attempt(), worker).forEach(sink::layer);
        memory.look(run, segment.attempt(), worker, step).forEach(sink::metric);
        // In a seeded permutation every batch ranges over nearly all of the shard: once says as much as every time.
        if (!segment.shuffle() || step == segment.from()) {
            sink.shard(new ShardRecord(
                    run,
                    segment.attempt(),
                    worker,
                    step,
                    Integer.toString(rank),
                    batch.firstSample(),
                    batch.lastSample()));
        }
        if (rank == 0 && Double.isFinite(globalNorm)) {
            MetricValues global = new MetricValues()
                    .set(Metric.LOSS, globalLoss)
                    .set(Metric.GRAD_NORM, globalNorm)
                    .set(Metric.SKIPPED, updated ? 0 : 1)
                    .set(
                            Metric.CONSUMED_EXAMPLES,
                            segment.cursor().consumedBefore(step + 1, (long) segment.batch() * ring.size()));
            sink.step(StepRecord.global(run, segment.attempt(), step, micros(), global));
        }
    }

    private static long micros() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }

    @Override
    public void onForwardPass(Model model, List<INDArray> activations) {
        capture.activations(activations);
    }

    @Override
    public void onForwardPass(Model model, Map<String, INDArray> activations) {
        capture.activations(activations);
    }
}
