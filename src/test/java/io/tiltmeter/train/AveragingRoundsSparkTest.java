package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.spark.LocalSpark;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.api.MultiDataSet;

class AveragingRoundsSparkTest {
    /** What a listener saw of a step: in local mode the workers share this JVM. */
    private record Seen(int worker, long step, int epoch, int iteration, double loss, boolean finite, double update) {}

    private record Result(byte[] model, long steps, int rounds) {}

    private static final ConcurrentLinkedQueue<Seen> SEEN = new ConcurrentLinkedQueue<>();

    private static final class Watch implements WorkerHook {
        private static final long serialVersionUID = 1;

        @Override
        public TrainingListener listener(int worker, long firstStep) {
            return new BaseTrainingListener() {
                private boolean finite;

                @Override
                public void onGradientCalculation(Model model) {
                    finite = true;
                    for (double value : Tensors.numbers(model.getGradientsViewArray())) {
                        finite &= Double.isFinite(value);
                    }
                }

                @Override
                public void iterationDone(Model model, int step, int epoch) {
                    double[] update = Tensors.numbers(model.getGradientsViewArray());
                    SEEN.add(new Seen(
                            worker,
                            step,
                            epoch,
                            Network.of(model).iteration(),
                            model.score(),
                            finite,
                            Tensors.norm(update, 0, update.length)));
                }
            };
        }
    }

    @BeforeEach
    void forget() {
        SEEN.clear();
    }

    private static JavaRDD<MultiDataSet> distribute(List<MultiDataSet> batches, int workers) {
        return JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext())
                .parallelize(batches, workers)
                .cache();
    }

    private static Result train(Model model, List<MultiDataSet> batches, int workers, int frequency, int epochs) {
        Network network = Network.of(model);
        AveragingRounds averaging = new AveragingRounds(LocalSpark.session(), network, workers, 32, frequency);
        int perEpoch = batches.size() / workers;
        JavaRDD<MultiDataSet> dealt = distribute(batches, workers);
        long step = 0;
        int rounds = 0;
        for (int epoch = 0; epoch < epochs; epoch++) {
            for (int from = 0; from < perEpoch; from += frequency) {
                int first = from;
                int steps = Math.min(frequency, perEpoch - from);
                averaging.run(
                        dealt.mapPartitions(all -> {
                            List<MultiDataSet> mine = new ArrayList<>();
                            all.forEachRemaining(mine::add);
                            return mine.subList(first, first + steps).iterator();
                        }),
                        (long) steps * workers,
                        new Watch(),
                        step,
                        epoch);
                step += steps;
                network.setIteration((int) step);
                rounds++;
            }
        }
        return new Result(network.write(), step, rounds);
    }

    private static double accuracy(Network network) {
        MultiDataSet test = Samples.clouds(600, 999);
        double[] predicted = Tensors.numbers(new Probe(network).predict(test)[0]);
        Labels labels = Labels.of(test, 0);
        int right = 0;
        for (int e = 0; e < 600; e++) {
            right += labels.largestAt(predicted, e, 0) == labels.largestAt(labels.values(), e, 0) ? 1 : 0;
        }
        return right / 600.0;
    }

    private static Network alone(Model model, List<MultiDataSet> batches, int epochs) {
        Network network = Network.of(model);
        for (int epoch = 0; epoch < epochs; epoch++) {
            batches.forEach(network::fit);
        }
        return network;
    }

    @Test
    void learnsAsWellOnTwoWorkersAsAlone() {
        List<MultiDataSet> batches = Samples.batches(16);
        Samples.Mlp mlp = Samples.Mlp.sound();
        for (int kind = 0; kind < 2; kind++) {
            double alone = accuracy(alone(kind == 0 ? mlp.layered() : mlp.graph(), batches, 2));

            Result result = train(kind == 0 ? mlp.layered() : mlp.graph(), batches, 2, 4, 2);

            assertThat(alone).isGreaterThan(0.95);
            assertThat(accuracy(Network.read(result.model()))).isGreaterThan(alone - 0.02);
            assertThat(result.steps()).isEqualTo(16);
            assertThat(result.rounds()).isEqualTo(4);
        }
    }

    @Test
    void countsStepsAlikeOnAllWorkersInEveryRound() {
        Samples.Mlp mlp = Samples.Mlp.sound();
        for (int kind = 0; kind < 2; kind++) {
            SEEN.clear();
            train(kind == 0 ? mlp.layered() : mlp.graph(), Samples.batches(12), 2, 2, 1);

            Map<Integer, List<Long>> steps = new TreeMap<>();
            SEEN.stream()
                    .sorted((a, b) -> Long.compare(a.step(), b.step()))
                    .forEach(seen -> steps.computeIfAbsent(seen.worker(), worker -> new ArrayList<>())
                            .add(seen.step()));
            assertThat(steps).isEqualTo(Map.of(0, List.of(0L, 1L, 2L, 3L, 4L, 5L), 1, List.of(0L, 1L, 2L, 3L, 4L, 5L)));
            assertThat(SEEN).allSatisfy(seen -> {
                assertThat(seen.finite()).isTrue();
                assertThat(seen.loss()).isPositive().isFinite();
                assertThat(seen.update()).isPositive().isFinite();
                assertThat((long) seen.iteration()).as("the model's own count").isEqualTo(seen.step());
            });
        }
    }

    @Test
    void equalsTrainingAloneWithOneWorkerThatAveragesEveryStep() {
        List<MultiDataSet> batches = Samples.batches(6);
        Samples.Mlp mlp = Samples.Mlp.sound();
        for (int kind = 0; kind < 2; kind++) {
            Network alone = alone(kind == 0 ? mlp.layered() : mlp.graph(), batches, 1);

            Result result = train(kind == 0 ? mlp.layered() : mlp.graph(), batches, 1, 1, 1);

            Network trained = Network.read(result.model());
            assertThat(trained.iteration()).isEqualTo(6);
            assertThat(Tensors.numbers(trained.params()))
                    .as("kind %s", kind)
                    .containsExactly(Tensors.numbers(alone.params()), within(1e-6));
        }
    }

    @Test
    void showsWhereANaNCameFromBeforeItIsEverywhere() {
        List<MultiDataSet> batches = Samples.batches(8);
        // The second of two workers has the last four batches.
        batches.get(4).getFeatures(0).putScalar(3, 3, Double.NaN);

        train(Samples.Mlp.sound().layered(), batches, 2, 2, 1);

        Map<String, Boolean> finite = new ConcurrentHashMap<>();
        SEEN.forEach(seen -> finite.merge(
                "worker " + seen.worker() + " round " + seen.step() / 2, seen.finite(), Boolean::logicalAnd));
        assertThat(finite)
                .isEqualTo(Map.of(
                        "worker 0 round 0", true,
                        "worker 1 round 0", false,
                        "worker 0 round 1", false,
                        "worker 1 round 1", false));
    }

    @Test
    void refusesWhatCannotTrain() {
        List<MultiDataSet> batches = Samples.batches(2);
        Model model = Samples.Mlp.sound().layered();

        assertThatThrownBy(() -> train(model, batches, 2, 0, 1))
                .hasMessage("Averaging frequency is 0, expected at least 1");
    }
}
