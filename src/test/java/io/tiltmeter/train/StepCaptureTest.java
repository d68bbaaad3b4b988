package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.LayerRecord;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class StepCaptureTest {
    private static final CaptureSettings EVERY_STEP = new CaptureSettings(true, 0.02, 1);

    /** One linear layer y = w·x + b, squared error; everything can be worked out by hand. */
    @Test
    void aLinearLayerByHand() {
        MultiLayerNetwork net = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .updater(new Sgd(0.1))
                .list()
                .layer(new OutputLayer.Builder(LossFunction.MSE)
                        .nIn(2)
                        .nOut(1)
                        .activation(Activation.IDENTITY)
                        .build())
                .build());
        net.init();
        net.setParams(Nd4j.createFromArray(new float[][] {{1, 2, 0}}));
        StepCapture capture = capture(net, EVERY_STEP);
        // Outputs 1 and 4, errors -1 and 2; gradient of a squared error is 2·error·input.
        INDArray inputs = Nd4j.createFromArray(new float[][] {{1, 0}, {0, 2}});
        INDArray labels = Nd4j.createFromArray(new float[][] {{2}, {2}});
        fit(net, capture, 0, inputs, labels);

        // Mean over the two examples: w1 (-2·1)/2, w2 (4·2)/2, b (-2+4)/2.
        assertThat(capture.gradNorm()).isCloseTo(Math.sqrt(1 + 16 + 1), within(1e-6));
        assertThat(capture.gradientFinite()).isTrue();
        assertThat(capture.updateNorm().orElseThrow()).isCloseTo(.1 * Math.sqrt(18), within(1e-6));
        // Parameters are now 1.1, 1.6, -0.1.
        assertThat(capture.paramNorm().orElseThrow()).isCloseTo(Math.sqrt(1.21 + 2.56 + .01), within(1e-6));
        LayerRecord layer = capture.layers("r", 3, 5).get(0);
        assertThat(layer.runId()).isEqualTo("r");
        assertThat(layer.attempt()).isEqualTo(3);
        assertThat(layer.worker()).isEqualTo(5);
        assertThat(layer.step()).isZero();
        assertThat(layer.layer()).isEqualTo("layer0");
        assertThat(layer.elements()).isEqualTo(3);
        assertThat(layer.gradNorm()).isCloseTo(Math.sqrt(18), within(1e-6));
        assertThat(layer.gradMeanAbs()).isCloseTo(2, within(1e-6));
        assertThat(layer.gradMaxAbs()).isCloseTo(4, within(1e-6));
        assertThat(layer.gradZeroFraction()).isZero();
        assertThat(layer.nonFiniteCount()).isZero();
        assertThat(layer.updateNorm()).isCloseTo(.1 * Math.sqrt(18), within(1e-6));
        assertThat(layer.paramNorm()).isCloseTo(Math.sqrt(3.78), within(1e-6));
        assertThat(layer.activationMean()).isCloseTo(2.5, within(1e-6));
        assertThat(layer.activationStd()).isCloseTo(1.5, within(1e-6));
        assertThat(layer.secondMomentRatio()).isNull();
    }

    @Test
    void layersOfALayeredNetworkAreMeasuredWithTheirActivations() {
        MultiLayerNetwork net = layered(Activation.TANH);
        StepCapture capture = capture(net, EVERY_STEP);
        INDArray inputs = Nd4j.rand(8, 4).muli(100);
        fit(net, capture, 0, inputs, labels(8));

        List<LayerRecord> layers = capture.layers("r", 0, 0);
        assertThat(layers).extracting(LayerRecord::layer).containsExactly("hidden", "out");
        LayerRecord hidden = layers.get(0);
        assertThat(hidden.activationMean()).isBetween(-1.0, 1.0);
        assertThat(hidden.activationStd()).isBetween(0.1, 1.0);
        assertThat(hidden.activationSaturatedFraction()).isBetween(0.5, 1.0);
        assertThat(layers.get(0).depth()).isZero();
        assertThat(layers.get(1).depth()).isEqualTo(1);
        assertThat(sumOfSquares(layers)).isCloseTo(Math.pow(capture.gradNorm(), 2), within(1e-9));
    }

    @Test
    void unboundedActivationsHaveNoSaturationButZeros() {
        MultiLayerNetwork net = layered(Activation.RELU);
        StepCapture capture = capture(net, EVERY_STEP);
        fit(net, capture, 0, Nd4j.rand(8, 4), labels(8));

        LayerRecord hidden = capture.layers("r", 0, 0).get(0);
        assertThat(hidden.activationSaturatedFraction()).isNull();
        assertThat(hidden.activationZeroFraction()).isGreaterThan(0);
    }

    @Test
    void layersOfAGraphAreMeasuredByName() {
        ComputationGraph net = graph();
        StepCapture capture = capture(net, EVERY_STEP);
        fit(net, capture, 0, Nd4j.rand(8, 4), labels(8));

        List<LayerRecord> layers = capture.layers("r", 0, 0);
        assertThat(layers).extracting(LayerRecord::layer).containsExactlyInAnyOrder("left", "right", "out");
        assertThat(layers.stream()
                        .filter(l -> l.layer().equals("left"))
                        .findFirst()
                        .orElseThrow()
                        .activationStd())
                .isGreaterThan(0);
        // A softmax of three: its outputs add up to one.
        assertThat(layers.stream()
                        .filter(l -> l.layer().equals("out"))
                        .findFirst()
                        .orElseThrow()
                        .activationMean())
                .isCloseTo(1 / 3.0, within(1e-6));
        assertThat(sumOfSquares(layers)).isCloseTo(Math.pow(capture.gradNorm(), 2), within(1e-9));
    }

    @Test
    void anOutputLayersActivationsAreThoseOfThePass() {
        MultiLayerNetwork net = layered(Activation.TANH);
        INDArray inputs = Nd4j.rand(8, 4);
        TensorStats expected = new TensorStats();
        INDArray output = net.output(inputs);
        expected.add(output, 0, output.length());
        StepCapture capture = capture(net, EVERY_STEP);
        fit(net, capture, 0, inputs, labels(8));

        LayerRecord out = capture.layers("r", 0, 0).get(1);
        assertThat(out.activationStd()).isPositive().isCloseTo(expected.std(), within(1e-7));
    }

    /** Dropout and DropConnect everywhere: one random number more or less would show in all that follow. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void measuringChangesNoBit(boolean recurrent) {
        float[] plain = trainedWithChance(recurrent, null);
        assertThat(trainedWithChance(recurrent, EVERY_STEP)).isEqualTo(plain);
    }

    private static float[] trainedWithChance(boolean recurrent, @Nullable CaptureSettings settings) {
        MultiLayerNetwork net = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(0.01))
                .dropOut(0.7)
                .weightNoise(new DropConnect(0.8))
                .list()
                .layer(recurrent ? new LSTM.Builder().nIn(4).nOut(5).build() : dense(Activation.TANH))
                .layer(
                        recurrent
                                ? new RnnOutputLayer.Builder(LossFunction.MCXENT)
                                        .nIn(5)
                                        .nOut(3)
                                        .activation(Activation.SOFTMAX)
                                        .build()
                                : output(5))
                .build());
        net.init();
        StepCapture capture = settings == null ? null : capture(net, settings);
        Nd4j.getRandom().setSeed(17);
        for (int step = 0; step < 20; step++) {
            INDArray inputs = Nd4j.linspace(-1, 1 + step, 8 * 4 * (recurrent ? 6 : 1), DataType.FLOAT);
            MultiDataSet batch = recurrent
                    ? new MultiDataSet(
                            inputs.reshape(8, 4, 6),
                            labels(48).reshape(8, 6, 3).permute(0, 2, 1).dup('f'))
                    : new MultiDataSet(inputs.reshape(8, 4), labels(8));
            if (capture != null) {
                capture.begin(step, 8);
            }
            net.fit(batch);
            if (capture != null) {
                assertThat(capture.layers("r", 0, 0).get(1).activationMean()).isCloseTo(1 / 3.0, within(1e-6));
            }
        }
        return net.params().dup().data().asFloat();
    }

    @Test
    void spansCoverTheFlatVectorExactly() {
        for (Model model : List.of(layered(Activation.RELU), graph(), normalised())) {
            long at = 0;
            for (Network.Span span : Network.of(model).spans()) {
                assertThat(span.from()).isEqualTo(at);
                at = span.to();
            }
            assertThat(at).isEqualTo(model.numParams());
        }
    }

    @Test
    void statisticsOfBatchNormalisationAreNoGradients() {
        MultiLayerNetwork net = normalised();
        StepCapture capture = capture(net, EVERY_STEP);
        // Statistics of inputs this large would drown every gradient.
        fit(net, capture, 0, Nd4j.rand(8, 4).muli(1e4), labels(8));

        assertThat(capture.gradNorm()).isLessThan(10);
        assertThat(capture.updateNorm().orElseThrow()).isLessThan(10);
        assertThat(capture.layers("r", 0, 0).get(0).activationSaturatedFraction())
                .isNull();
    }

    @Test
    void aNonFiniteGradientShows() {
        MultiLayerNetwork net = layered(Activation.RELU);
        StepCapture capture = capture(net, EVERY_STEP);
        INDArray inputs = Nd4j.rand(8, 4);
        inputs.putScalar(0, 0, Float.NaN);
        fit(net, capture, 0, inputs, labels(8));

        assertThat(capture.gradNorm()).isNaN();
        assertThat(capture.gradientFinite()).isFalse();
        assertThat(capture.layers("r", 0, 0).get(0).nonFiniteCount()).isPositive();
    }

    @Test
    void detailComesAtTheGivenInterval() {
        MultiLayerNetwork net = layered(Activation.RELU);
        StepCapture capture = capture(net, new CaptureSettings(true, 0.02, 3));
        for (long step = 1; step <= 9; step++) {
            fit(net, capture, step, Nd4j.rand(8, 4), labels(8));
            // The first step always, then multiples of three.
            boolean expected = step == 1 || step % 3 == 0;
            assertThat(capture.layersMeasured()).as("step %d", step).isEqualTo(expected);
            assertThat(capture.layers("r", 0, 0)).hasSize(expected ? 2 : 0);
            assertThat(capture.gradNorm()).isPositive();
            assertThat(capture.updateNorm()).isPresent();
        }
        assertThat(capture.layerInterval()).isEqualTo(3);
    }

    @Test
    void layersMayBeLeftOut() {
        MultiLayerNetwork net = layered(Activation.RELU);
        StepCapture capture = capture(net, new CaptureSettings(false, 0.02, 0));
        fit(net, capture, 0, Nd4j.rand(8, 4), labels(8));

        assertThat(capture.layers("r", 0, 0)).isEmpty();
        assertThat(capture.gradNorm()).isPositive();
    }

    /** CRC-32C of the parameters' bytes, checked against the JDK's on a copy; a slice of 4,096 a step, in turn. */
    @Test
    void hashesASliceOfTheParametersAStep() {
        MultiLayerNetwork net = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new OutputLayer.Builder(LossFunction.MSE)
                        .nIn(9999)
                        .nOut(1)
                        .activation(Activation.IDENTITY)
                        .build())
                .build());
        net.init();
        StepCapture capture = new StepCapture(Network.of(net), EVERY_STEP);
        float[] params = net.params().dup().data().asFloat();
        int[][] slices = {{0, 4096}, {4096, 8192}, {8192, 10_000}, {0, 4096}};
        for (int step = 0; step < slices.length; step++) {
            ByteBuffer bytes = ByteBuffer.allocate(4 * 4096).order(ByteOrder.nativeOrder());
            for (int i = slices[step][0]; i < slices[step][1]; i++) {
                bytes.putFloat(params[i]);
            }
            CRC32C crc = new CRC32C();
            crc.update(bytes.flip());
            capture.begin(step, 1);
            assertThat(capture.parameterHash()).isNull();
            capture.hashParameters();
            assertThat(capture.parameterHash()).isEqualTo(String.format("%08x", crc.getValue()));
        }
    }

    @Test
    void saysWhatItWillNotTake() {
        StepCapture capture = new StepCapture(Network.of(layered(Activation.RELU)), EVERY_STEP);
        assertThatThrownBy(() -> capture.begin(4, 0)).hasMessage("Step 4 has 0 examples, expected >= 1");
        assertThatThrownBy(() -> new CaptureSettings(true, 2, 0))
                .hasMessage("Budget of measuring is 2.0, expected > 0 and <= 1");
    }

    private static double sumOfSquares(List<LayerRecord> layers) {
        double squares = 0;
        for (LayerRecord layer : layers) {
            Double norm = layer.gradNorm();
            squares += norm == null ? Double.NaN : norm * norm;
        }
        return squares;
    }

    private static MultiLayerNetwork layered(Activation activation) {
        MultiLayerNetwork net = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(0.1))
                .list()
                .layer(named("hidden", dense(activation)))
                .layer(named("out", output(5)))
                .build());
        net.init();
        return net;
    }

    private static MultiLayerNetwork normalised() {
        MultiLayerNetwork net = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(0.1))
                .activation(Activation.SIGMOID)
                .list()
                .layer(new BatchNormalization.Builder().nIn(4).nOut(4).build())
                .layer(dense(Activation.RELU))
                .layer(output(5))
                .build());
        net.init();
        return net;
    }

    private static ComputationGraph graph() {
        ComputationGraph net = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(0.1))
                .graphBuilder()
                .addInputs("in")
                .addLayer("left", dense(Activation.TANH), "in")
                .addLayer("right", dense(Activation.RELU), "in")
                .addLayer("out", output(10), "left", "right")
                .setOutputs("out")
                .build());
        net.init();
        return net;
    }

    private static Layer named(String name, Layer layer) {
        layer.setLayerName(name);
        return layer;
    }

    private static DenseLayer dense(Activation activation) {
        return new DenseLayer.Builder().nIn(4).nOut(5).activation(activation).build();
    }

    private static OutputLayer output(int in) {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .nIn(in)
                .nOut(3)
                .activation(Activation.SOFTMAX)
                .build();
    }

    private static INDArray labels(int examples) {
        INDArray labels = Nd4j.zeros(examples, 3);
        for (int i = 0; i < examples; i++) {
            labels.putScalar(i, i % 3, 1);
        }
        return labels;
    }

    private static StepCapture capture(Model model, CaptureSettings settings) {
        StepCapture capture = new StepCapture(Network.of(model), settings);
        model.setListeners(new BaseTrainingListener() {
            @Override
            public void onForwardPass(Model net, List<INDArray> activations) {
                capture.activations(activations);
            }

            @Override
            public void onForwardPass(Model net, Map<String, INDArray> activations) {
                capture.activations(activations);
            }

            @Override
            public void onBackwardPass(Model net) {
                capture.outputs();
            }

            @Override
            public void onGradientCalculation(Model net) {
                capture.beforeReduce();
            }

            @Override
            public void iterationDone(Model net, int iteration, int epoch) {
                capture.afterUpdate();
            }
        });
        return capture;
    }

    private static void fit(Model model, StepCapture capture, long step, INDArray inputs, INDArray labels) {
        capture.begin(step, (int) inputs.size(0));
        Network.of(model).fit(new MultiDataSet(inputs, labels));
    }
}
