package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/** A network whose parameters are all 0 knows nothing: its loss, by DL4J, is the expectation. */
class LossExpectationTest {
    private static void agrees(MultiLayerNetwork network, MultiDataSet batch) {
        network.params().assign(0);
        Probe probe = new Probe(Network.of(network));

        double expected = LossExpectation.of(probe.outputs(), batch).orElseThrow();

        assertThat(probe.loss(batch)).isCloseTo(expected, within(1e-5 * Math.max(1, expected)));
    }

    @ParameterizedTest
    @CsvSource({
        "MCXENT, SOFTMAX",
        "NEGATIVELOGLIKELIHOOD, SOFTMAX",
        "XENT, SIGMOID",
        "MSE, IDENTITY",
        "MSE, SIGMOID",
        "MSE, SOFTMAX",
        "L2, TANH",
        "L1, IDENTITY",
        "MEAN_ABSOLUTE_ERROR, IDENTITY"
    })
    void isTheLossOfANetworkThatKnowsNothing(LossFunction loss, Activation activation) {
        agrees(Samples.Mlp.sound().output(activation, loss).layered(), Samples.clouds(50, 1));
    }

    @Test
    void countsOnlyTheStepsOfASequenceThatTheMaskLetsThrough() {
        MultiDataSet batch = Samples.sequences(9, 3);
        MultiLayerNetwork network = Samples.recurrent();
        agrees(network, batch);

        double steps = Tensors.numbers(batch.getLabelsMaskArray(0)).length;
        double seen = java.util.Arrays.stream(Tensors.numbers(batch.getLabelsMaskArray(0)))
                .sum();
        assertThat(seen).isLessThan(steps);
        assertThat(LossExpectation.of(new Probe(Network.of(network)).outputs(), batch)
                        .orElseThrow())
                .isCloseTo(seen * Math.log(2) / 9, within(1e-9));
    }

    @Test
    void leavesRegularisationOut() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .l2(0.5)
                .list()
                .layer(new OutputLayer.Builder(LossFunction.MSE)
                        .nOut(3)
                        .activation(Activation.IDENTITY)
                        .build())
                .setInputType(InputType.feedForward(Samples.FEATURES))
                .build());
        network.init();
        network.params().assign(0);
        MultiDataSet batch = Samples.clouds(50, 1);
        batch.getFeatures(0).muli(0);
        // Weights that see only zeros change nothing but the penalty.
        network.getParam("0_W").assign(3);

        Probe probe = new Probe(Network.of(network));

        assertThat(probe.regularisation()).isGreaterThan(10);
        assertThat(probe.loss(batch))
                .isCloseTo(LossExpectation.of(probe.outputs(), batch).orElseThrow(), within(1e-4));
    }

    @Test
    void weighsClasses() {
        INDArray weights = Nd4j.createFromArray(1f, 5f, 0.5f);
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new OutputLayer.Builder(new LossMCXENT(weights))
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.feedForward(Samples.FEATURES))
                .build());
        network.init();

        agrees(network, Samples.clouds(50, 2));
    }

    @Test
    void masksWholeExamplesAndSingleOutputs() {
        MultiDataSet batch = Samples.clouds(20, 5);
        Random random = new Random(5);
        INDArray byExample = Nd4j.zeros(20, 1);
        INDArray byUnit = Nd4j.zeros(20, 3);
        for (int e = 0; e < 20; e++) {
            byExample.putScalar(e, 0, random.nextInt(2));
            for (int u = 0; u < 3; u++) {
                byUnit.putScalar(e, u, random.nextInt(2));
            }
        }
        agrees(Samples.Mlp.sound().layered(), masked(batch, byExample));
        agrees(Samples.Mlp.sound().output(Activation.SIGMOID, LossFunction.XENT).layered(), masked(batch, byUnit));
    }

    private static MultiDataSet masked(MultiDataSet batch, INDArray mask) {
        return new MultiDataSet(batch.getFeatures(), batch.getLabels(), null, new INDArray[] {mask});
    }

    @Test
    void knowsALossLayerAndAdmitsAnUnknownLoss() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new org.deeplearning4j.nn.conf.layers.DenseLayer.Builder()
                        .nOut(3)
                        .activation(Activation.IDENTITY)
                        .build())
                .layer(new LossLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.feedForward(Samples.FEATURES))
                .build());
        network.init();
        agrees(network, Samples.clouds(50, 1));

        MultiLayerNetwork cosine = Samples.Mlp.sound()
                .output(Activation.IDENTITY, LossFunction.COSINE_PROXIMITY)
                .layered();
        assertThat(LossExpectation.of(new Probe(Network.of(cosine)).outputs(), Samples.clouds(5, 1)))
                .isEmpty();
    }
}
