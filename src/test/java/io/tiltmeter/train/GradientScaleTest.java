package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;

class GradientScaleTest {
    @Test
    void pseudoGradientsAreNoPartOfTheSquares() {
        MultiLayerNetwork net = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new DenseLayer.Builder().nIn(3).nOut(4).build())
                .layer(new BatchNormalization.Builder().nIn(4).nOut(4).build())
                .layer(new OutputLayer.Builder().nIn(4).nOut(2).build())
                .build());
        net.init();
        GradientScale scale = GradientScale.of(Network.of(net));
        // 16 of the dense layer, gamma, beta, mean and variance of 4, and 10 of the output layer.
        float[] sum = new float[42];
        Arrays.fill(sum, 2);
        Arrays.fill(sum, 24, 32, 100);

        assertThat(net.numParams()).isEqualTo(sum.length);
        assertThat(scale.squares(sum, 0, sum.length)).isEqualTo(4 * (16 + 8 + 10));
        for (int middle = 0; middle <= sum.length; middle++) {
            assertThat(scale.squares(sum, 0, middle) + scale.squares(sum, middle, sum.length))
                    .as("parts that meet at %d", middle)
                    .isEqualTo(4 * (16 + 8 + 10));
        }
        assertThat(scale.squares(sum, 25, 30)).isZero();
    }
}
