package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.spark.LocalSpark;
import io.tiltmeter.train.ExampleLayout.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.evaluation.classification.EvaluationBinary;
import org.nd4j.evaluation.regression.RegressionEvaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.lossfunctions.LossFunctions;

class EvaluationsTest {
    private static final JavaSparkContext CONTEXT =
            new JavaSparkContext(LocalSpark.session().sparkContext());

    private static SortedMap<String, Double> evaluate(
            Network network, List<byte[]> packed, ExampleLayout layout, int partitions) {
        return Evaluations.of(CONTEXT.broadcast(network.write()), CONTEXT.parallelize(packed, partitions), layout, 4);
    }

    private static Network network(MultiLayerNetwork net) {
        net.init();
        return Network.of(net);
    }

    @Test
    void classesAreCountedAsDl4jCountsThem() {
        ExampleLayout layout = new ExampleLayout(new Part(0, 2, 0), new Part(0, 1, 2), List.of(), false);
        List<byte[]> packed = new ArrayList<>();
        for (int i = 0; i < 31; i++) {
            packed.add(layout.pack(
                    new float[] {(float) Math.sin(i), (float) Math.cos(i)},
                    new float[] {i % 3 == 0 ? 1 : 0},
                    null,
                    null));
        }
        MultiLayerNetwork net = new MultiLayerNetwork(NetworkSourceTest.layers(3, 7));
        Network network = network(net);
        SortedMap<String, Double> result = evaluate(network, packed, layout, 3);

        Evaluation expected = new Evaluation(2);
        MultiDataSet all;
        try (Shard shard = Shard.load(packed.iterator(), layout, 0)) {
            all = shard.stored(0, 31).data();
        }
        expected.eval(all.getLabels(0), net.output(all.getFeatures(0)));
        double weighted = 0;
        for (int label = 0; label < 2; label++) {
            weighted += expected.f1(label) * expected.getConfusion().getActualTotal(label) / 31;
        }
        assertThat(result).containsOnlyKeys("accuracy", "f1", "loss");
        assertThat(result.get("accuracy"))
                .isEqualTo(expected.accuracy(), within(1e-12))
                .isBetween(0.05, 0.95);
        assertThat(result.get("f1")).isEqualTo(weighted, within(1e-12));
        assertThat(result.get("loss"))
                .isEqualTo(net.score(new DataSet(all.getFeatures(0), all.getLabels(0)), false), within(1e-5));
    }

    @Test
    void numbersAreComparedAsDl4jComparesThem() {
        ExampleLayout layout = new ExampleLayout(new Part(0, 2, 0), new Part(0, 2, 0), List.of(), false);
        List<byte[]> packed = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            packed.add(layout.pack(new float[] {i, -i * 0.5f}, new float[] {2 * i, (float) Math.sin(i)}, null, null));
        }
        MultiLayerNetwork net = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(3)
                .list()
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MSE)
                        .nIn(2)
                        .nOut(2)
                        .activation(Activation.IDENTITY)
                        .build())
                .build());
        SortedMap<String, Double> result = evaluate(network(net), packed, layout, 2);

        RegressionEvaluation expected = new RegressionEvaluation(2);
        try (Shard shard = Shard.load(packed.iterator(), layout, 0)) {
            MultiDataSet all = shard.stored(0, 25).data();
            expected.eval(all.getLabels(0), net.output(all.getFeatures(0)));
        }
        assertThat(result).containsOnlyKeys("loss", "mae", "mse", "r2", "rmse");
        assertThat(result.get("mse")).isCloseTo(expected.averageMeanSquaredError(), within(1e-3));
        assertThat(result.get("mae")).isCloseTo(expected.averageMeanAbsoluteError(), within(1e-3));
        assertThat(result.get("r2")).isCloseTo(expected.averageRSquared(), within(1e-3));
    }

    /** Three outputs of which any number may be yes; padded time steps do not count. */
    @Test
    void outputsOfTheirOwnAreCountedAsDl4jCountsThem() {
        for (boolean sequence : new boolean[] {false, true}) {
            int steps = sequence ? 4 : 0;
            ExampleLayout layout = new ExampleLayout(new Part(steps, 2, 0), new Part(steps, 3, 0), List.of(), sequence);
            List<byte[]> packed = new ArrayList<>();
            for (int i = 0; i < 31; i++) {
                int n = Math.max(1, steps);
                float[] features = new float[2 * n];
                float[] labels = new float[3 * n];
                float[] mask = new float[n];
                for (int t = 0; t < n; t++) {
                    features[2 * t] = (float) Math.sin(i + 5 * t);
                    features[2 * t + 1] = (float) Math.cos(i - t);
                    labels[3 * t] = (i + t) % 2;
                    labels[3 * t + 1] = (i + t) % 3 == 0 ? 0 : 1;
                    labels[3 * t + 2] = 1;
                    mask[t] = t < 1 + i % 4 ? 1 : 0;
                }
                packed.add(layout.pack(features, labels, sequence ? mask : null, sequence ? mask.clone() : null));
            }
            NeuralNetConfiguration.ListBuilder list =
                    new NeuralNetConfiguration.Builder().seed(3).list();
            MultiLayerNetwork net = new MultiLayerNetwork(
                    sequence
                            ? list.layer(new LSTM.Builder().nIn(2).nOut(4).build())
                                    .layer(new RnnOutputLayer.Builder(LossFunctions.LossFunction.XENT)
                                            .nIn(4)
                                            .nOut(3)
                                            .activation(Activation.SIGMOID)
                                            .build())
                                    .build()
                            : list.layer(new OutputLayer.Builder(LossFunctions.LossFunction.XENT)
                                            .nIn(2)
                                            .nOut(3)
                                            .activation(Activation.SIGMOID)
                                            .build())
                                    .build());
            SortedMap<String, Double> result = evaluate(network(net), packed, layout, 3);

            EvaluationBinary expected = new EvaluationBinary(3, null);
            long rightByHand = 0;
            long all = 0;
            try (Shard shard = Shard.load(packed.iterator(), layout, 0)) {
                MultiDataSet data = shard.stored(0, 31).data();
                INDArray output = net.output(
                        data.getFeatures(0), false, data.getFeaturesMaskArray(0), data.getLabelsMaskArray(0));
                expected.eval(data.getLabels(0), output, data.getLabelsMaskArray(0));
                for (int e = 0; e < 31; e++) {
                    for (int t = 0; t < Math.max(1, steps); t++) {
                        for (int o = 0; o < 3 && (!sequence || t < 1 + e % 4); o++) {
                            double guess = sequence ? output.getDouble(e, o, t) : output.getDouble(e, o);
                            double label = sequence
                                    ? data.getLabels(0).getDouble(e, o, t)
                                    : data.getLabels(0).getDouble(e, o);
                            rightByHand += guess > 0.5 == label > 0.5 ? 1 : 0;
                            all++;
                        }
                    }
                }
            }
            assertThat(result).containsOnlyKeys("accuracy", "f1", "loss");
            // All three outputs have as many examples: the mean of their accuracies is that of all.
            assertThat(result.get("accuracy"))
                    .isEqualTo((double) rightByHand / all, within(1e-12))
                    .isBetween(0.05, 0.95);
            assertThat(result.get("f1")).isEqualTo(expected.averageF1(), within(1e-12));
        }
    }

    @Test
    void withoutExamplesThereIsNothing() {
        ExampleLayout layout = new ExampleLayout(new Part(0, 2, 0), new Part(0, 1, 2), List.of(), false);
        Network network = network(new MultiLayerNetwork(NetworkSourceTest.layers(3, 7)));

        assertThat(evaluate(network, List.of(), layout, 2)).isEmpty();
    }
}
