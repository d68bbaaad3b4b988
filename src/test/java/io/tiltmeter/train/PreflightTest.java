package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.train.PreflightReport.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class PreflightTest {
    private static final long SEED = 7;

    private static PreflightReport check(Supplier<Network> fresh, List<MultiDataSet> batches) {
        return Preflight.check(fresh, batches, SEED);
    }

    private static List<String> at(PreflightReport report, Level level) {
        return report.checks().stream()
                .filter(check -> check.level() == level)
                .map(PreflightReport.Check::id)
                .toList();
    }

    @Test
    void passesASoundNetworkOfEitherKind() {
        Samples.Mlp mlp = Samples.Mlp.sound();
        List<Supplier<Network>> kinds = List.of(mlp.fresh(), () -> Network.of(mlp.graph()));
        for (Supplier<Network> fresh : kinds) {
            PreflightReport report = check(fresh, Samples.batches(20));

            assertThat(report.failed()).as(report.render(110)).isFalse();
            assertThat(at(report, Level.WARNING)).as(report.render(110)).isEmpty();
            assertThat(at(report, Level.NOT_APPLICABLE)).containsExactly("shard-balance");
            assertThat(report.rangeTest()).hasSizeGreaterThan(50);
        }
    }

    @Test
    void passesASoundRecurrentNetworkWithMasks() {
        List<MultiDataSet> batches = new ArrayList<>();
        for (int b = 0; b < 10; b++) {
            batches.add(Samples.sequences(16, SEED + b));
        }

        PreflightReport report = check(() -> Network.of(Samples.recurrent()), batches);

        assertThat(report.failed()).as(report.render(110)).isFalse();
        assertThat(at(report, Level.WARNING)).as(report.render(110)).isEmpty();
    }

    @Test
    void failsALearningRateAHundredTimesTooHigh() {
        PreflightReport report = check(Samples.Mlp.sound().with(new Adam(1)).fresh(), Samples.batches(20));

        assertThat(report.check("learning-rate").level()).as(report.render(110)).isEqualTo(Level.FAIL);
        assertThat(at(report, Level.FAIL)).isSubsetOf("learning-rate", "overfit-a-batch");
    }

    @Test
    void failsAMissingSoftmax() {
        PreflightReport report = check(
                Samples.Mlp.sound()
                        .output(Activation.IDENTITY, LossFunction.MSE)
                        .fresh(),
                Samples.batches(20));

        assertThat(at(report, Level.FAIL)).as(report.render(110)).contains("output-layer");
        assertThat(report.check("output-layer").measured())
                .contains("the labels are classes, the loss is one for numbers");
        assertThat(at(report, Level.FAIL)).isSubsetOf("output-layer", "initial-loss");
    }

    @Test
    void failsTheLossOfIndependentAnswersUnderASoftmax() {
        PreflightReport report = check(
                Samples.Mlp.sound()
                        .output(Activation.SOFTMAX, LossFunction.XENT)
                        .fresh(),
                Samples.batches(20));

        assertThat(report.check("output-layer").level()).as(report.render(110)).isEqualTo(Level.FAIL);
        assertThat(report.check("output-layer").measured()).contains("the predictions are no independent chances");
    }

    @Test
    void failsADeepStackOfSigmoids() {
        PreflightReport report =
                check(Samples.Mlp.sound().hidden(12, Activation.SIGMOID).fresh(), Samples.batches(20));

        assertThat(at(report, Level.FAIL))
                .as(report.render(110))
                .contains("activation-scale", "gradient-scale")
                .isSubsetOf("activation-scale", "gradient-scale", "overfit-a-batch", "learning-rate");
    }

    @Test
    void failsInitialWeightsTenTimesTooLarge() {
        Supplier<Network> fresh = () -> {
            MultiLayerNetwork network = Samples.Mlp.sound().layered();
            network.params().muli(10);
            return Network.of(network);
        };

        PreflightReport report = check(fresh, Samples.batches(20));

        assertThat(at(report, Level.FAIL))
                .as(report.render(110))
                .contains("activation-scale", "initial-loss")
                .doesNotContain("finite-data", "output-layer", "dead-units", "gradient-scale");
        assertThat(report.check("feature-scale").level()).isEqualTo(Level.PASS);
    }

    @Test
    void warnsOfInputsThatAreNotNormalised() {
        List<MultiDataSet> batches = Samples.batches(20);
        batches.forEach(batch -> batch.getFeatures(0).muli(1000));

        PreflightReport report = check(Samples.Mlp.sound().fresh(), batches);

        assertThat(at(report, Level.WARNING)).as(report.render(110)).contains("feature-scale");
        assertThat(report.check("feature-scale").measured()).startsWith("not normalised: features have mean ");
        assertThat(report.check("activation-scale").level()).isEqualTo(Level.PASS);
        assertThat(report.check("output-layer").level()).isEqualTo(Level.PASS);
    }

    @Test
    void failsOneNaNInput() {
        List<MultiDataSet> batches = Samples.batches(20);
        batches.get(3).getFeatures(0).putScalar(5, 2, Double.NaN);

        PreflightReport report = check(Samples.Mlp.sound().fresh(), batches);

        assertThat(report.check("finite-data").level()).as(report.render(110)).isEqualTo(Level.FAIL);
        assertThat(report.check("finite-data").measured()).isEqualTo("1 values in 1 of 20 batches, first in batch 3");
        assertThat(at(report, Level.PASS))
                .contains("feature-scale", "data-order", "output-layer", "activation-scale", "overfit-a-batch");
    }

    @Test
    void warnsOfDataSortedByClass() {
        Random random = new Random(SEED);
        List<MultiDataSet> batches = new ArrayList<>();
        for (int b = 0; b < 21; b++) {
            int of = b / 7;
            batches.add(Samples.clouds(IntStream.generate(() -> of).limit(32).toArray(), random));
        }

        PreflightReport report = check(Samples.Mlp.sound().fresh(), batches);

        assertThat(at(report, Level.WARNING)).as(report.render(110)).contains("data-order");
        assertThat(at(report, Level.FAIL)).as(report.render(110)).isSubsetOf("learning-rate");
    }

    @Test
    void warnsOfBatchesThatComeTwice() {
        List<MultiDataSet> batches = new ArrayList<>(Samples.batches(20));
        batches.set(19, Samples.clouds(32, Samples.SEED + 4));

        PreflightReport report = check(Samples.Mlp.sound().fresh(), batches);

        assertThat(at(report, Level.WARNING)).containsExactly("duplicate-batches");
        assertThat(report.check("duplicate-batches").measured()).isEqualTo("1 of 20 batches came before: 19 is 4");
    }

    @Test
    void weighsShardsByTheirClasses() {
        Supplier<Network> fresh = Samples.Mlp.sound().fresh();
        List<MultiDataSet> batches = Samples.batches(20);

        assertThat(shards(fresh, batches, 500, 510)).isEqualTo(Level.PASS);
        assertThat(shards(fresh, batches, 500, 700)).isEqualTo(Level.WARNING);
        assertThat(shards(fresh, batches, 100, 900)).isEqualTo(Level.FAIL);
    }

    private static Level shards(Supplier<Network> fresh, List<MultiDataSet> batches, long first, long second) {
        PreflightReport.Check check =
                DataChecks.shards(List.of(Map.of(0, first, 1, 1000 - first), Map.of(0, second, 1, 1000 - second)));
        return check.level();
    }

    @Test
    void keepsOneBrokenCheckFromTheOthers() {
        List<MultiDataSet> batches = Samples.batches(20);
        int[] calls = new int[1];
        Supplier<Network> fresh = () -> {
            // The second network is that of the output check.
            if (++calls[0] == 2) {
                throw new IllegalStateException("Out of networks");
            }
            return Network.of(Samples.Mlp.sound().layered());
        };

        PreflightReport report = check(fresh, batches);

        assertThat(at(report, Level.FAIL)).containsExactly("output-layer");
        assertThat(report.check("output-layer").measured()).isEqualTo("could not run: Out of networks");
    }

    @Test
    void doesNotJudgeARateThatIsNotThere() {
        PreflightReport report = check(Samples.Mlp.sound().with(new NoOp()).fresh(), Samples.batches(5));

        assertThat(report.check("learning-rate").level()).isEqualTo(Level.NOT_APPLICABLE);
    }

    @Test
    void isTheSameEachTimeAndKeepsToItsWidth() {
        Samples.Mlp broken = Samples.Mlp.sound().with(new Adam(1)).hidden(12, Activation.SIGMOID);
        PreflightReport first = check(broken.fresh(), Samples.batches(10));
        PreflightReport second = check(broken.fresh(), Samples.batches(10));

        assertThat(second.json()).isEqualTo(first.json());
        assertThat(first.json())
                .startsWith("{\"schema\":1,\"failed\":true,\"checks\":[\n{\"id\":\"finite-data\",\"level\":\"pass\"");
        for (int width : new int[] {60, 80, 110}) {
            assertThat(Arrays.asList(first.render(width).split("\n", -1)))
                    .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(width));
        }
        assertThat(first.render(80)).contains("loss by learning rate", "advice", "Pre-flight failed: ");
    }

    @Test
    void refusesToRunWithoutData() {
        assertThatThrownBy(() -> Preflight.check(Samples.Mlp.sound().fresh(), List.of(), SEED))
                .hasMessage("Got no batches, expected at least one");
    }
}
