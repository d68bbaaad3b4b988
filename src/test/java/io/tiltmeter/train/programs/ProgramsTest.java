package io.tiltmeter.train.programs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.train.NetworkFactory;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.dataset.MultiDataSet;

class ProgramsTest {
    static Stream<Arguments> programs() {
        return Stream.of(
                Arguments.of("blobs", new MlpProgram(), TrainingSets.blobs(1600, 12, false, 1), 32, 0.6),
                Arguments.of("rings", new MlpProgram(), TrainingSets.rings(1600, 12, false, 1), 32, 0.9),
                Arguments.of("shapes", new CnnProgram(), TrainingSets.shapes(1600, 12, false, 1), 32, 0.8),
                Arguments.of("characters", new LstmProgram(), TrainingSets.text(1600, 24, false, 1), 16, 0.9),
                Arguments.of("attention", new AttentionProgram(), TrainingSets.text(1600, 24, false, 1), 32, 0.95));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("programs")
    void lossFalls(String name, NetworkFactory program, TrainingSets.Table data, int batch, double share) {
        for (String updater : new String[] {"adam", "sgd"}) {
            Model model = program.create(Map.of("updater", updater), 7);
            model.init();
            double first = 0;
            double last = 0;
            for (int step = 0; step < 60; step++) {
                MultiDataSet dealt = TableBatches.of(
                        data,
                        step * batch % (1600 - batch),
                        batch,
                        program instanceof CnnProgram ? 12 : 0,
                        program instanceof LstmProgram);
                fit(model, dealt);
                assertThat(model.score()).isFinite();
                first += step < 5 ? model.score() / 5 : 0;
                last += step >= 50 ? model.score() / 10 : 0;
            }
            assertThat(model.numParams()).isBetween(4_000L, 50_000L);
            assertThat(last).as(name + " with " + updater).isLessThan(share * first);
        }
    }

    private static void fit(Model model, MultiDataSet batch) {
        if (model instanceof MultiLayerNetwork layers) {
            layers.fit(batch);
        } else {
            ((ComputationGraph) model).fit(batch);
        }
    }

    @Test
    void sameSeedMeansSameParameters() {
        Model one = new LstmProgram().create(Map.of(), 3);
        Model same = new LstmProgram().create(Map.of(), 3);
        Model other = new LstmProgram().create(Map.of(), 4);
        one.init();
        same.init();
        other.init();

        assertThat(one.params()).isEqualTo(same.params()).isNotEqualTo(other.params());
    }

    @Test
    void argumentsChangeTheNetwork() {
        Model deep = new MlpProgram().create(Map.of("depth", "5", "hidden", "10", "inputs", "3"), 1);
        deep.init();

        assertThat(deep.numParams()).isEqualTo(3 * 10 + 10 + 4 * (10 * 10 + 10) + 10 * 4 + 4);
        MultiLayerNetwork fast = (MultiLayerNetwork)
                new MlpProgram().create(Map.of("learning-rate", "0.5", "learning-rate-factor", "4"), 1);
        fast.init();
        assertThat(fast.getLearningRate(0)).isEqualTo(2.0);
    }

    @Test
    void unknownArgumentsAreErrors() {
        assertThatThrownBy(() -> new MlpProgram().create(Map.of("hiden", "3"), 1))
                .hasMessageContaining("hiden");
        assertThatThrownBy(() -> new CnnProgram().create(Map.of("updater", "adagrad"), 1))
                .hasMessageContaining("one of adam, sgd");
        assertThatThrownBy(() -> new LstmProgram().create(Map.of("hidden", "0"), 1))
                .hasMessageContaining("at least 1");
    }
}
