package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Updater;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

/** What a rollback does to the learning rates of a network. */
class LearningRatesTest {
    private static Network network(NeuralNetConfiguration.ListBuilder list, InputType input) {
        MultiLayerNetwork network =
                new MultiLayerNetwork(list.setInputType(input).build());
        network.init();
        return Network.of(network);
    }

    private static OutputLayer output() {
        return new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .nOut(2)
                .build();
    }

    private static NeuralNetConfiguration.ListBuilder sgd(double rate, double biasRate) {
        return new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(rate))
                .biasUpdater(new Sgd(biasRate))
                .list();
    }

    /** With plain gradient descent an update is rate times gradient, so a tenth of the rate moves a tenth as far. */
    private static void assertEveryParameterMovesATenth(Network network, MultiDataSet batch) {
        Network slower = Network.read(network.write());
        slower.scaleLearningRates(0.1);
        Network written = Network.read(slower.write());
        INDArray before = network.params().dup();
        network.fit(batch);
        written.fit(batch);
        double[] full = Tensors.numbers(before.sub(network.params()));
        double[] tenth = Tensors.numbers(before.sub(written.params()));
        int moved = 0;
        for (int i = 0; i < full.length; i++) {
            assertThat(tenth[i]).isEqualTo(full[i] / 10, within(1e-6));
            moved += Math.abs(full[i]) > 1e-4 ? 1 : 0;
        }
        assertThat(moved).isGreaterThan(full.length / 3);
        for (Layer layer : network.layers()) {
            for (Map.Entry<String, INDArray> one : layer.paramTable(false).entrySet()) {
                assertThat(layer.getConfig().getUpdaterByParam(one.getKey()) == null)
                        .as(one.getKey())
                        .isEqualTo(layer.getClass().getSimpleName().contains("Frozen"));
            }
        }
    }

    @Test
    void biasesAndLayersWithinOthersFollow() {
        Network network = network(
                sgd(1, 2)
                        .layer(new Bidirectional(new LSTM.Builder().nOut(3).build()))
                        .layer(new TimeDistributed(
                                new DenseLayer.Builder().nOut(4).build()))
                        .layer(new LastTimeStep(new LSTM.Builder().nOut(3).build()))
                        .layer(output()),
                InputType.recurrent(2, 5));
        assertThat(network.learningRate()).isEqualTo(1);
        INDArray labels = Nd4j.create(new float[][] {{1, 0}, {0, 1}, {1, 0}, {1, 0}});

        assertEveryParameterMovesATenth(
                network, new MultiDataSet(Nd4j.rand(4, 2, 5).muli(3), labels));
    }

    @Test
    void whatIsFrozenStays() {
        Network network = network(
                sgd(0.5, 0.5)
                        .layer(new FrozenLayer(new DenseLayer.Builder().nOut(3).build()))
                        .layer(output()),
                InputType.feedForward(2));
        network.scaleLearningRates(0.1);

        assertThat(network.learningRate()).isEqualTo(0.05);
    }

    /** A schedule that stands where another layer's fixed rate is: DL4J would from then on lay out their states as one. */
    @Test
    void updatersThatMeetStayApart() {
        MapSchedule schedule = new MapSchedule(ScheduleType.ITERATION, Map.of(0, 0.01, 1000, 0.001));
        Network network = network(
                new NeuralNetConfiguration.Builder()
                        .seed(1)
                        .list()
                        .layer(new DenseLayer.Builder()
                                .nOut(3)
                                .updater(new Adam(0.01))
                                .build())
                        .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                .nOut(2)
                                .updater(new Adam(schedule))
                                .build()),
                InputType.feedForward(2));
        assertThat(blocks(network)).isEqualTo(2);
        network.scaleLearningRates(0.5);

        assertThat(blocks(Network.read(network.write()))).isEqualTo(2);
        assertThat(network.learningRate()).isEqualTo(0.005);
    }

    private static int blocks(Network network) {
        Updater updater = ((MultiLayerNetwork) network.model()).getUpdater();
        return (int) ((MultiLayerUpdater) updater)
                .getUpdaterBlocks().stream().map(UpdaterBlock.class::cast).count();
    }
}
