package io.tiltmeter.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small seeded networks and data sets, sound unless a test spoils them. */
final class Samples {
    static final int FEATURES = 8;
    static final int CLASSES = 3;
    static final long SEED = 12345;

    private Samples() {}

    /** A fully connected network. */
    record Mlp(IUpdater updater, int depth, Activation hidden, WeightInit weights, Activation out, LossFunction loss) {
        static Mlp sound() {
            return new Mlp(
                    new Adam(0.01), 2, Activation.RELU, WeightInit.RELU, Activation.SOFTMAX, LossFunction.MCXENT);
        }

        Mlp with(IUpdater other) {
            return new Mlp(other, depth, hidden, weights, out, loss);
        }

        Mlp hidden(int layers, Activation function) {
            return new Mlp(updater, layers, function, WeightInit.XAVIER, out, loss);
        }

        Mlp output(Activation function, LossFunction other) {
            return new Mlp(updater, depth, hidden, weights, function, other);
        }

        MultiLayerNetwork layered() {
            NeuralNetConfiguration.ListBuilder list = builder().list();
            // Of its own accord DL4J refuses some of the outputs that tests plant.
            list.validateOutputLayerConfig(false);
            for (int i = 0; i < depth; i++) {
                list.layer(new DenseLayer.Builder().nOut(24).activation(hidden).build());
            }
            MultiLayerNetwork network = new MultiLayerNetwork(list.layer(outputLayer())
                    .setInputType(InputType.feedForward(FEATURES))
                    .build());
            network.init();
            return network;
        }

        ComputationGraph graph() {
            var graph = builder().graphBuilder().addInputs("in");
            String last = "in";
            for (int i = 0; i < depth; i++) {
                graph.addLayer(
                        "hidden" + i,
                        new DenseLayer.Builder().nOut(24).activation(hidden).build(),
                        last);
                last = "hidden" + i;
            }
            ComputationGraph network = new ComputationGraph(graph.addLayer("out", outputLayer(), last)
                    .setOutputs("out")
                    .setInputTypes(InputType.feedForward(FEATURES))
                    .build());
            network.init();
            return network;
        }

        Supplier<Network> fresh() {
            return () -> Network.of(layered());
        }

        private NeuralNetConfiguration.Builder builder() {
            return new NeuralNetConfiguration.Builder()
                    .seed(SEED)
                    .weightInit(weights)
                    .updater(updater);
        }

        private OutputLayer outputLayer() {
            return new OutputLayer.Builder(loss)
                    .nOut(CLASSES)
                    .weightInit(WeightInit.XAVIER)
                    .activation(out)
                    .build();
        }
    }

    /** A batch of three Gaussian clouds, the classes in any order. */
    static MultiDataSet clouds(int examples, long seed) {
        Random random = new Random(seed);
        int[] classes = random.ints(examples, 0, CLASSES).toArray();
        return clouds(classes, random);
    }

    static MultiDataSet clouds(int[] classes, Random random) {
        float[][] features = new float[classes.length][FEATURES];
        float[][] labels = new float[classes.length][CLASSES];
        for (int e = 0; e < classes.length; e++) {
            for (int f = 0; f < FEATURES; f++) {
                features[e][f] = (float) (0.6 * random.nextGaussian() + (f % CLASSES == classes[e] ? 1.2 : -0.6));
            }
            labels[e][classes[e]] = 1;
        }
        return new MultiDataSet(Nd4j.create(features), Nd4j.create(labels));
    }

    static List<org.nd4j.linalg.dataset.api.MultiDataSet> batches(int n) {
        List<org.nd4j.linalg.dataset.api.MultiDataSet> batches = new ArrayList<>();
        for (int b = 0; b < n; b++) {
            batches.add(clouds(32, SEED + b));
        }
        return batches;
    }

    /** A recurrent network that labels every step of a sequence. */
    static MultiLayerNetwork recurrent() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(SEED)
                .weightInit(WeightInit.XAVIER)
                .updater(new Adam(0.02))
                .list()
                .layer(new LSTM.Builder().nOut(16).activation(Activation.TANH).build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.recurrent(3))
                .build());
        network.init();
        return network;
    }

    /** Sequences of 4 to 10 steps, padded; the label of a step is the sign of its first feature. */
    static MultiDataSet sequences(int examples, long seed) {
        Random random = new Random(seed);
        int steps = 10;
        INDArray features = Nd4j.zeros(examples, 3, steps);
        INDArray labels = Nd4j.zeros(examples, 2, steps);
        INDArray mask = Nd4j.zeros(examples, steps);
        for (int e = 0; e < examples; e++) {
            int length = 4 + random.nextInt(7);
            for (int t = 0; t < length; t++) {
                for (int f = 0; f < 3; f++) {
                    features.putScalar(e, f, t, random.nextGaussian());
                }
                labels.putScalar(e, features.getDouble(e, 0, t) > 0 ? 1 : 0, t, 1);
                mask.putScalar(e, t, 1);
            }
        }
        return new MultiDataSet(
                new INDArray[] {features}, new INDArray[] {labels}, new INDArray[] {mask}, new INDArray[] {mask.dup()});
    }
}
