package io.tiltmeter.train;

import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.evaluation.classification.EvaluationBinary;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossBinaryXENT;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/**
 * How good a network is on examples it was not trained on. Counts and sums are taken here, exactly, and merged in the
 * order of the partitions, so that equal examples give equal numbers.
 */
final class Evaluations {
    private Evaluations() {}

    /**
     * Evaluates on all workers. A network whose loss is a cross entropy classifies, another one is a regression. With a
     * binary cross entropy over several outputs and labels that are no class numbers, each output is a yes or a no of its
     * own, and any number of them may be yes.
     *
     * @param model in DL4J's own format, as {@link Network#write} makes it
     * @return {@code loss} (mean over the examples) with {@code accuracy} and {@code f1} (mean over the classes, weighted
     *     by how often they occur; over outputs of their own a plain mean) or with {@code mse}, {@code rmse}, {@code mae} and {@code r2} (mean over the
     *     outputs that vary); empty without examples
     */
    static SortedMap<String, Double> of(
            Broadcast<byte[]> model, JavaRDD<byte[]> examples, ExampleLayout layout, int batchSize) {
        List<Sums> parts = examples.mapPartitions(packed -> evaluate(model.value(), packed, layout, batchSize))
                .collect();
        SortedMap<String, Double> result = new TreeMap<>();
        if (parts.isEmpty()) {
            return result;
        }
        Sums all = parts.get(0);
        parts.subList(1, parts.size()).forEach(all::add);
        all.putInto(result);
        return result;
    }

    private static Iterator<Sums> evaluate(byte[] model, Iterator<byte[]> packed, ExampleLayout layout, int batchSize) {
        if (!packed.hasNext()) {
            return List.<Sums>of().iterator();
        }
        Network network = Network.read(model);
        Sums sums = new Sums(layout.labels().width(), task(network, layout.labels()));
        try (Shard shard = Shard.load(packed, layout, 0)) {
            for (int from = 0; from < shard.examples(); from += batchSize) {
                Batch batch = shard.stored(from, batchSize);
                sums.examples += batch.examples();
                sums.loss += loss(network, batch.data()) * batch.examples();
                INDArray output = output(network, batch.data());
                if (sums.binary != null) {
                    sums.binary.eval(
                            batch.data().getLabels(0), output, batch.data().getLabelsMaskArray(0));
                } else {
                    sums.add(batch.data(), cells(output), layout.labels());
                }
            }
        }
        return List.of(sums).iterator();
    }

    /** What a network's output means. */
    private enum Task {
        CLASSES,
        YES_OR_NO,
        NUMBERS
    }

    private static Task task(Network network, ExampleLayout.Part labels) {
        for (Layer layer : network.layers()) {
            if (layer.conf().getLayer() instanceof BaseOutputLayer output) {
                ILossFunction loss = output.getLossFn();
                if (loss instanceof LossBinaryXENT && labels.width() > 1 && labels.classes() == 0) {
                    return Task.YES_OR_NO;
                }
                if (loss instanceof LossMCXENT || loss instanceof LossBinaryXENT) {
                    return Task.CLASSES;
                }
            }
        }
        return Task.NUMBERS;
    }

    private static double loss(Network network, MultiDataSet data) {
        if (network.model() instanceof MultiLayerNetwork net) {
            return net.score(
                    new DataSet(
                            data.getFeatures(0),
                            data.getLabels(0),
                            data.getFeaturesMaskArray(0),
                            data.getLabelsMaskArray(0)),
                    false);
        }
        return ((ComputationGraph) network.model()).score(data, false);
    }

    private static INDArray output(Network network, MultiDataSet data) {
        return network.model() instanceof MultiLayerNetwork net
                ? net.output(data.getFeatures(0), false, data.getFeaturesMaskArray(0), data.getLabelsMaskArray(0))
                : ((ComputationGraph) network.model())
                        .output(false, data.getFeatures(), data.getFeaturesMaskArrays(), data.getLabelsMaskArrays())[0];
    }

    private static float[] cells(INDArray array) {
        // A copy in this order, so that the buffer is the array and nothing else.
        return array.dup('c').data().asFloat();
    }

    /** Sums over examples, or over the time steps that count. */
    private static final class Sums implements Serializable {
        private static final long serialVersionUID = 1L;

        private final int width;
        private final boolean classes;
        private final @Nullable EvaluationBinary binary;
        private long examples;
        private double loss;
        private long rows;
        private final long[] actual;
        private final long[] predicted;
        private final long[] right;
        private final double[] squaredErrors;
        private final double[] errors;
        private final double[] values;
        private final double[] squares;

        Sums(int width, Task task) {
            this.width = width;
            classes = task == Task.CLASSES;
            binary = task == Task.YES_OR_NO ? new EvaluationBinary(width, null) : null;
            int n = classes ? Math.max(2, width) : 0;
            actual = new long[n];
            predicted = new long[n];
            right = new long[n];
            int m = task == Task.NUMBERS ? width : 0;
            squaredErrors = new double[m];
            errors = new double[m];
            values = new double[m];
            squares = new double[m];
        }

        void add(MultiDataSet data, float[] output, ExampleLayout.Part part) {
            float[] labels = cells(data.getLabels(0));
            if (labels.length != output.length) {
                throw new IllegalArgumentException("The network's output has " + output.length + " numbers, expected "
                        + labels.length + " as the labels have");
            }
            INDArray maskArray = data.getLabelsMaskArray(0);
            float[] mask = maskArray == null ? new float[0] : cells(maskArray);
            int steps = Math.max(1, part.steps());
            int count = labels.length / (width * steps);
            for (int example = 0; example < count; example++) {
                for (int step = 0; step < steps; step++) {
                    if (mask.length == 0 || mask[example * steps + step] != 0) {
                        addRow(labels, output, example * width * steps + step, steps);
                    }
                }
            }
        }

        private void addRow(float[] labels, float[] output, int from, int stride) {
            rows++;
            if (classes) {
                int truth = chosen(labels, from, stride);
                int guess = chosen(output, from, stride);
                actual[truth]++;
                predicted[guess]++;
                right[truth] += truth == guess ? 1 : 0;
                return;
            }
            for (int i = 0; i < width; i++) {
                double label = labels[from + i * stride];
                double error = output[from + i * stride] - label;
                squaredErrors[i] += error * error;
                errors[i] += Math.abs(error);
                values[i] += label;
                squares[i] += label * label;
            }
        }

        private int chosen(float[] of, int from, int stride) {
            if (width == 1) {
                return of[from] >= 0.5f ? 1 : 0;
            }
            int best = 0;
            for (int i = 1; i < width; i++) {
                if (of[from + i * stride] > of[from + best * stride]) {
                    best = i;
                }
            }
            return best;
        }

        void add(Sums other) {
            examples += other.examples;
            loss += other.loss;
            rows += other.rows;
            if (binary != null) {
                binary.merge(other.binary);
            }
            for (int i = 0; i < actual.length; i++) {
                actual[i] += other.actual[i];
                predicted[i] += other.predicted[i];
                right[i] += other.right[i];
            }
            for (int i = 0; i < squares.length; i++) {
                squaredErrors[i] += other.squaredErrors[i];
                errors[i] += other.errors[i];
                values[i] += other.values[i];
                squares[i] += other.squares[i];
            }
        }

        void putInto(SortedMap<String, Double> result) {
            result.put("loss", loss / examples);
            if (binary != null) {
                result.put("accuracy", binary.averageAccuracy());
                result.put("f1", binary.averageF1());
                return;
            }
            if (rows == 0) {
                return;
            }
            if (classes) {
                double f1 = 0;
                long hits = 0;
                for (int i = 0; i < actual.length; i++) {
                    hits += right[i];
                    // 2 * precision * recall / (precision + recall), weighted by actual[i].
                    f1 += right[i] == 0 ? 0 : 2.0 * right[i] / (actual[i] + predicted[i]) * actual[i];
                }
                result.put("accuracy", (double) hits / rows);
                result.put("f1", f1 / rows);
                return;
            }
            double squared = 0;
            double absolute = 0;
            double r2 = 0;
            int varying = 0;
            for (int i = 0; i < squares.length; i++) {
                squared += squaredErrors[i];
                absolute += errors[i];
                double spread = squares[i] - values[i] * values[i] / rows;
                if (spread > 0) {
                    r2 += 1 - squaredErrors[i] / spread;
                    varying++;
                }
            }
            double mse = squared / rows / width;
            result.put("mse", mse);
            result.put("rmse", Math.sqrt(mse));
            result.put("mae", absolute / rows / width);
            if (varying > 0) {
                result.put("r2", r2 / varying);
            }
        }
    }
}
