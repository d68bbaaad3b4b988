package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.LayerRecord;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nadam;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class SecondMomentTest {
    private static final int EXAMPLES = 8;
    private static final double L2 = 0.05;

    private enum Kind {
        ADAM(new Adam(1e-2, 0.9, 0.99, 1e-8), 0.99, true),
        NADAM(new Nadam(1e-2, 0.8, 0.95, 1e-8), 0.95, true),
        AMSGRAD(new AMSGrad(1e-2, 0.9, 0.99, 1e-8), 0.99, true),
        RMSPROP(new RmsProp(1e-2, 0.95, 1e-8), 0.95, false);

        private final IUpdater updater;
        private final double decay;
        private final boolean corrected;

        Kind(IUpdater updater, double decay, boolean corrected) {
            this.updater = updater;
            this.decay = decay;
            this.corrected = corrected;
        }
    }

    /** The second moment by its definition, from the gradients of one layer's parameters. */
    private static final class ByHand {
        private final Kind kind;
        private final int from;
        private final int to;
        private final int weights;
        private final double[] v;
        private double ratio;
        private int steps;

        ByHand(Kind kind, int from, int to, int weights) {
            this.kind = kind;
            this.from = from;
            this.to = to;
            this.weights = weights;
            v = new double[to - from];
            // DL4J's RMSProp begins with its epsilon.
            Arrays.fill(v, kind == Kind.RMSPROP ? 1e-8 : 0);
        }

        void step(float[] gradients, float[] params) {
            steps++;
            double sum = 0;
            for (int i = from; i < to; i++) {
                // What the updater is given: the mean over the examples, with the decay of weights.
                double g = gradients[i] / (double) EXAMPLES + (i - from < weights ? L2 * params[i] : 0);
                v[i - from] = kind.decay * v[i - from] + (1 - kind.decay) * g * g;
                double corrected = kind.corrected ? v[i - from] / (1 - Math.pow(kind.decay, steps)) : v[i - from];
                sum += g * g / Math.max(corrected, 1e-16);
            }
            ratio = Math.sqrt(sum / (to - from));
        }
    }

    private static MultiLayerNetwork network(IUpdater updater, IUpdater firstBias, int width) {
        MultiLayerNetwork net = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(3)
                .updater(updater)
                .l2(L2)
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(4)
                        .nOut(width)
                        .activation(Activation.TANH)
                        .biasUpdater(firstBias)
                        .build())
                .layer(new OutputLayer.Builder(LossFunction.MSE)
                        .nIn(width)
                        .nOut(width == 5 ? 2 : width)
                        .activation(Activation.IDENTITY)
                        .build())
                .build());
        net.init();
        return net;
    }

    private static MultiDataSet batch(Random random, int outputs, double scale) {
        float[][] inputs = new float[EXAMPLES][4];
        float[][] labels = new float[EXAMPLES][outputs];
        for (int e = 0; e < EXAMPLES; e++) {
            for (int i = 0; i < 4; i++) {
                inputs[e][i] = (float) random.nextGaussian();
            }
            for (int i = 0; i < outputs; i++) {
                labels[e][i] = (float) (scale * random.nextGaussian());
            }
        }
        return new MultiDataSet(Nd4j.createFromArray(inputs), Nd4j.createFromArray(labels));
    }

    /** Follows the training from outside, besides being measured. */
    private static StepCapture watch(MultiLayerNetwork net, List<ByHand> layers) {
        StepCapture capture = new StepCapture(Network.of(net), new CaptureSettings(true, 0.02, 1));
        net.setListeners(new BaseTrainingListener() {
            @Override
            public void onGradientCalculation(Model model) {
                capture.beforeReduce();
                float[] gradients = net.getGradientsViewArray().dup().data().asFloat();
                float[] params = net.params().dup().data().asFloat();
                layers.forEach(layer -> layer.step(gradients, params));
            }

            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
                capture.afterUpdate();
            }
        });
        return capture;
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void isWhatItsDefinitionGives(Kind kind) {
        // The first layer's bias has a plain updater, and so no part in it: weights 0-19, bias 20-24; 25-34, 35-36.
        MultiLayerNetwork net = network(kind.updater, new Sgd(1e-2), 5);
        List<ByHand> expected = List.of(new ByHand(kind, 0, 20, 20), new ByHand(kind, 25, 37, 10));
        StepCapture capture = watch(net, expected);
        Random random = new Random(7);
        for (int step = 0; step < 12; step++) {
            capture.begin(step, EXAMPLES);
            // A surprise in the end: gradients ten times as large.
            net.fit(batch(random, 2, step == 11 ? 10 : 1));
            List<LayerRecord> layers = capture.layers("r", 0, 0);
            for (int l = 0; l < 2; l++) {
                assertThat(layers.get(l).secondMomentRatio())
                        .as("step %d, layer %d", step, l)
                        .isCloseTo(expected.get(l).ratio, within(1e-4 * expected.get(l).ratio));
            }
        }
        assertThat(expected.get(1).ratio).isGreaterThan(1.5);
    }

    @Test
    void thereIsNoneWithoutASecondMoment() {
        MultiLayerNetwork net = network(new Sgd(1e-2), new Sgd(1e-2), 5);
        StepCapture capture = watch(net, List.of());
        capture.begin(0, EXAMPLES);
        net.fit(batch(new Random(7), 2, 1));

        assertThat(capture.layers("r", 0, 0))
                .hasSize(2)
                .allSatisfy(layer -> assertThat(layer.secondMomentRatio()).isNull());
    }

    @Test
    void ofALargeLayerAnExcerptStandsForAll() {
        int width = 320;
        MultiLayerNetwork net = network(Kind.ADAM.updater, Kind.ADAM.updater, width);
        int first = 5 * width;
        int second = width * width + width;
        assertThat(second).isGreaterThan(65_536);
        List<ByHand> expected = List.of(new ByHand(Kind.ADAM, first, first + second, width * width));
        StepCapture capture = watch(net, expected);
        Random random = new Random(8);
        for (int step = 0; step < 3; step++) {
            capture.begin(step, EXAMPLES);
            net.fit(batch(random, width, 1));
            double ratio = expected.get(0).ratio;
            assertThat(capture.layers("r", 0, 0).get(1).secondMomentRatio()).isCloseTo(ratio, within(0.05 * ratio));
        }
    }
}
