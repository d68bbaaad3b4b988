package io.tiltmeter.train;

import io.tiltmeter.config.TrainConfig.Action;
import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.train.Segment.Ending;
import io.tiltmeter.train.Segment.Result;
import io.tiltmeter.train.Segment.Sign;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.CollectionAccumulator;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Training by averaging of parameters: rounds of {@code training.averaging-frequency} steps, each a job in which every
 * worker trains a network of its own; then the driver averages them. A segment is some rounds.
 *
 * <p>The workers' rows come to the driver with their results, as the parameters do, and are far smaller; the driver commits
 * them. So each is there once under its attempt, whatever tasks Spark repeats, and stays when an executor is lost. A round
 * that breaks leaves the rows of those workers only that had finished their part of it.
 *
 * <p>The {@link Sentinel} judges in the driver after each round. A stop leaves the network as it was before that round.
 */
final class AveragingTraining extends SegmentedTraining {
    /** Steps kept for the sentinel of the next segment, enough for the memory of every detector. */
    private static final int PAST = 512;

    private @Nullable JavaRDD<byte[]> kept;

    AveragingTraining(Inputs inputs) {
        super(inputs);
    }

    @Override
    JavaRDD<byte[]> kept(JavaRDD<byte[]> dealt) {
        close();
        // Spark then prefers to run a worker where its shard lies, and is unpacked.
        JavaRDD<byte[]> now = dealt.persist(StorageLevel.DISK_ONLY());
        kept = now;
        return now;
    }

    @Override
    public void close() {
        if (kept != null) {
            kept.unpersist();
        }
    }

    private int frequency() {
        return inputs().config().training().averagingFrequency();
    }

    @Override
    long segmentSteps() {
        long rounds = (super.segmentSteps() + frequency() - 1) / frequency();
        return rounds * frequency();
    }

    @Override
    List<Result> run(byte[] model, int segmentNumber) throws Exception {
        Segment segment = segment(segmentNumber, 0);
        try (MetricSink sink = new MetricSink(
                inputs().metrics(),
                inputs().spark().sparkContext().hadoopConfiguration(),
                segment.run().runId(),
                segment.attempt(),
                segment.number(),
                0,
                (long) (segment.flushSeconds() * 1e9))) {
            try {
                List<Result> results = new Course(segment, model, sink).run();
                sink.commit();
                return results;
            } catch (Exception e) {
                // What led to the end of a training is what its reader wants most.
                try {
                    sink.commit();
                } catch (RuntimeException second) {
                    e.addSuppressed(second);
                }
                throw e;
            }
        }
    }

    /** One segment at work. */
    private final class Course {
        private final Segment segment;
        private final Network network;
        private final MetricSink sink;
        private final AveragingRounds rounds;
        private final Sentinel sentinel;
        private final List<StepReport> reports = new ArrayList<>();
        private Ending ending = Ending.DONE;
        private @Nullable Sign trouble;

        Course(Segment segment, byte[] model, MetricSink sink) {
            this.segment = segment;
            this.sink = sink;
            network = Network.read(model);
            rounds = new AveragingRounds(inputs().spark(), network, workers(), segment.batch(), frequency());
            sentinel = new Sentinel(segment.run(), segment.policies(), segment.detectors());
            sentinel.warm(segment.past());
        }

        List<Result> run() {
            boolean watched = !segment.policies().actions().isEmpty();
            long step = segment.from();
            List<WorkerRound> told = List.of();
            while (step < segment.to()) {
                long to = Math.min(step + frequency(), segment.to());
                Snapshot before = watched ? Snapshot.of(network) : null;
                told = round(step, to);
                for (int i = 0; i < to - step && ending == Ending.DONE; i++) {
                    judge(step + i, i, told);
                }
                if (ending != Ending.DONE && before != null) {
                    before.restore(network);
                    break;
                }
                step = to;
            }
            byte[] trained = network.write();
            List<StepReport> latest = List.copyOf(reports.subList(Math.max(0, reports.size() - PAST), reports.size()));
            List<Result> results = new ArrayList<>();
            for (WorkerRound worker : told) {
                results.add(new Result(
                        worker.worker(),
                        worker.host(),
                        worker.executor(),
                        worker.device(),
                        ending,
                        step,
                        trouble,
                        results.isEmpty() ? trained : new byte[0],
                        results.isEmpty() ? latest : List.of(),
                        0,
                        // After the averaging there is one network only.
                        0));
            }
            return results;
        }

        private List<WorkerRound> round(long from, long to) {
            // A new one for each round: what a task of an earlier one tells late goes nowhere. Without a name, so that
            // Spark does not show its contents.
            CollectionAccumulator<WorkerRound> accumulator =
                    inputs().spark().sparkContext().collectionAccumulator();
            JavaRDD<MultiDataSet> batches = shards().mapPartitions(
                            new Deal(
                                    segment.part(from, to),
                                    from == segment.from(),
                                    dealName(),
                                    inputs().data().layout(),
                                    accumulator),
                            true);
            Collection<WorkerRound> told;
            try {
                rounds.run(
                        batches,
                        (to - from) * workers(),
                        (worker, firstStep) -> AveragingWorker.ofTask(),
                        from,
                        segment.cursor().epochOf(from, perEpoch()));
            } finally {
                // Spark may run a task twice and count both.
                TreeMap<Integer, WorkerRound> byWorker = new TreeMap<>();
                accumulator.value().forEach(worker -> byWorker.put(worker.worker(), worker));
                told = byWorker.values();
                told.forEach(worker -> worker.write(sink));
            }
            if (told.size() != workers()
                    || told.stream().anyMatch(worker -> worker.steps().size() != to - from)) {
                throw new IllegalStateException("Not all workers told of all steps from " + from + " to " + to);
            }
            network.setIteration(network.iteration()
                    + told.stream().mapToInt(WorkerRound::updates).max().orElse(0));
            return List.copyOf(told);
        }

        private void judge(long step, int index, List<WorkerRound> told) {
            double[][] values = told.stream()
                    .map(worker -> StepReport.TOLD.stream()
                            .mapToDouble(
                                    metric -> worker.steps().get(index).values().get(metric))
                            .toArray())
                    .toArray(double[][]::new);
            StepReport report =
                    new StepReport(step, segment.attempt(), SegmentedTraining.micros(), segment.workers(), values);
            reports.add(report);
            act(step, sentinel.told(report));
            if (ending == Ending.DONE) {
                // There is no averaged gradient in this way; the middle one of the workers stands in for it.
                report.reduced(report.median(Metric.GRAD_NORM));
                act(step, sentinel.reduced(report));
            }
        }

        private void act(long step, Sentinel.Verdict verdict) {
            for (Sentinel.Trouble one : verdict.troubles()) {
                String actions = one.actions().stream()
                        .map(action -> action.name().toLowerCase(Locale.ROOT))
                        .sorted()
                        .collect(Collectors.joining(", "));
                sink.event(new EventRecord(
                        segment.run().runId(),
                        segment.attempt(),
                        one.worker(),
                        step,
                        SegmentedTraining.micros(),
                        "intervention",
                        one.kind() + " (" + one.evidence() + "): " + actions));
            }
            if (verdict.asks(Action.STOP)) {
                end(Ending.STOPPED, verdict.reason(Action.STOP));
            } else if (verdict.asks(Action.ROLLBACK)) {
                end(Ending.ROLLED_BACK, verdict.reason(Action.ROLLBACK));
            }
        }

        private void end(Ending how, Sentinel.Trouble why) {
            ending = how;
            trouble = Sign.of(why);
        }
    }

    /** A network's state before a round. */
    private record Snapshot(INDArray params, @Nullable INDArray updater, int iteration) {
        static Snapshot of(Network network) {
            INDArray state = network.updaterState();
            return new Snapshot(network.params().dup(), state == null ? null : state.dup(), network.iteration());
        }

        void restore(Network network) {
            network.params().assign(params);
            INDArray state = network.updaterState();
            if (updater != null && state != null) {
                state.assign(updater);
            }
            network.setIteration(iteration);
        }
    }

    /** Begins a worker's part of a round where its examples are. */
    private static final class Deal implements FlatMapFunction<Iterator<byte[]>, MultiDataSet> {
        private static final long serialVersionUID = 1;

        private final Segment round;
        private final boolean opensSegment;
        private final String deal;
        private final ExampleLayout layout;
        private final CollectionAccumulator<WorkerRound> told;

        Deal(
                Segment round,
                boolean opensSegment,
                String deal,
                ExampleLayout layout,
                CollectionAccumulator<WorkerRound> told) {
            this.round = round;
            this.opensSegment = opensSegment;
            this.deal = deal;
            this.layout = layout;
            this.told = told;
        }

        @Override
        public Iterator<MultiDataSet> call(Iterator<byte[]> examples) {
            return AveragingWorker.begin(round, opensSegment, deal, examples, layout, told);
        }
    }
}
