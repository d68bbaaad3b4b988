package io.tiltmeter.train;

import io.tiltmeter.model.LayerRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.Scope;
import io.tiltmeter.model.StepRecord;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/** Times {@code net.fit} with and without capture; see {@code io.tiltmeter.bench.CaptureBenchmark}. */
public final class CaptureTimings {
    private CaptureTimings() {}

    private static final int BATCH = 32;
    private static final long FLUSH_NANOS = 2_000_000_000L;

    private record Case(String name, MultiLayerNetwork net, MultiDataSet batch) {}

    /** Prints a table; rows go to metric tables below a folder. */
    public static void print(String folder, int rounds, double roundSeconds) {
        System.out.println(
                "| network | parameters | fit, ms | default, +% | own estimate | norms/layers every | full detail, +% |");
        System.out.println("|---|---|---|---|---|---|---|");
        for (Case one : cases()) {
            measure(one, folder, rounds, roundSeconds);
        }
    }

    private static List<Case> cases() {
        return List.of(
                mlp("MLP 64-64-32-10", 64, 64, 32),
                mlp("MLP 784-300-128-10", 784, 300, 128),
                mlp("MLP 784-1800-1800-10", 784, 1800, 1800),
                cnn());
    }

    private static Case mlp(String name, int in, int... hidden) {
        NeuralNetConfiguration.ListBuilder list = new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(1e-3))
                .list();
        int before = in;
        for (int width : hidden) {
            list.layer(new DenseLayer.Builder()
                    .nIn(before)
                    .nOut(width)
                    .activation(Activation.TANH)
                    .build());
            before = width;
        }
        list.layer(new OutputLayer.Builder()
                .nIn(before)
                .nOut(10)
                .activation(Activation.SOFTMAX)
                .build());
        MultiLayerNetwork net = new MultiLayerNetwork(list.build());
        net.init();
        return new Case(name, net, batch(Nd4j.rand(DataType.FLOAT, BATCH, in)));
    }

    private static Case cnn() {
        MultiLayerNetwork net = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(1e-3))
                .list()
                .layer(new ConvolutionLayer.Builder(5, 5)
                        .nOut(16)
                        .activation(Activation.RELU)
                        .build())
                .layer(new SubsamplingLayer.Builder()
                        .kernelSize(2, 2)
                        .stride(2, 2)
                        .build())
                .layer(new DenseLayer.Builder()
                        .nOut(120)
                        .activation(Activation.RELU)
                        .build())
                .layer(new OutputLayer.Builder()
                        .nOut(10)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(28, 28, 1))
                .build());
        net.init();
        return new Case("CNN 5x5x16-120-10", net, batch(Nd4j.rand(DataType.FLOAT, BATCH, 1, 28, 28)));
    }

    private static MultiDataSet batch(INDArray features) {
        INDArray labels = Nd4j.zeros(DataType.FLOAT, BATCH, 10);
        for (int i = 0; i < BATCH; i++) {
            labels.putScalar(i, i % 10, 1);
        }
        return new MultiDataSet(features, labels);
    }

    /** One way to train: with capture or without. */
    private static final class Way extends BaseTrainingListener {
        private final @Nullable StepCapture capture;
        private final @Nullable MetricSink sink;
        private final int attempt;
        private long last = System.nanoTime();
        private long step;

        Way(@Nullable StepCapture capture, @Nullable MetricSink sink, int attempt) {
            this.capture = capture;
            this.sink = sink;
            this.attempt = attempt;
        }

        @Override
        public void onForwardPass(Model model, List<INDArray> activations) {
            if (capture != null) {
                capture.activations(activations);
            }
        }

        @Override
        public void onForwardPass(Model model, Map<String, INDArray> activations) {
            if (capture != null) {
                capture.activations(activations);
            }
        }

        @Override
        public void onGradientCalculation(Model model) {
            if (capture != null) {
                capture.beforeReduce();
            }
        }

        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            if (capture == null || sink == null) {
                return;
            }
            capture.afterUpdate();
            long now = System.nanoTime();
            MetricValues values = new MetricValues()
                    .set(Metric.LOSS, model.score())
                    .set(Metric.GRAD_NORM, capture.gradNorm())
                    .set(Metric.EXAMPLES, BATCH)
                    .set(Metric.STEP_SECONDS, (now - last) * 1e-9);
            last = now;
            capture.updateNorm().ifPresent(v -> values.set(Metric.UPDATE_NORM, v));
            capture.paramNorm().ifPresent(v -> values.set(Metric.PARAM_NORM, v));
            sink.step(new StepRecord(
                    "bench", attempt, 0, step, now / 1000, Scope.LOCAL, 1, values, "before_clip", null, null));
            for (LayerRecord layer : capture.layers("bench", attempt, 0)) {
                sink.layer(layer);
            }
        }

        /** Mean seconds of a step: a rare dear step is what sampling makes, and a median would not see it. */
        double run(Network network, MultiDataSet batch, double seconds) {
            if (capture == null) {
                network.setListeners();
            } else {
                network.setListeners(this);
            }
            long from = System.nanoTime();
            int n = 0;
            while ((System.nanoTime() - from) * 1e-9 < seconds) {
                if (capture != null) {
                    capture.begin(step, BATCH);
                }
                network.fit(batch);
                step++;
                n++;
            }
            return (System.nanoTime() - from) * 1e-9 / n;
        }
    }

    private static void measure(Case one, String folder, int rounds, double roundSeconds) {
        Network network = Network.of(one.net);
        StepCapture usual = new StepCapture(network, CaptureSettings.DEFAULT);
        StepCapture full = new StepCapture(network, new CaptureSettings(true, 0.02, 1));
        double[] bare = new double[rounds];
        double[] withUsual = new double[rounds];
        double[] withFull = new double[rounds];
        try (MetricSink first = new MetricSink(new Path(folder), new Configuration(), one.name, 0, 0, 0, FLUSH_NANOS);
                MetricSink second =
                        new MetricSink(new Path(folder), new Configuration(), one.name, 1, 0, 0, FLUSH_NANOS)) {
            Way none = new Way(null, null, 0);
            Way some = new Way(usual, first, 0);
            Way all = new Way(full, second, 1);
            for (int r = -2; r < rounds; r++) {
                double plain = none.run(network, one.batch, roundSeconds / 2);
                double little = some.run(network, one.batch, roundSeconds);
                double much = all.run(network, one.batch, roundSeconds);
                plain = (plain + none.run(network, one.batch, roundSeconds / 2)) / 2;
                if (r >= 0) {
                    bare[r] = plain;
                    withUsual[r] = little / plain;
                    withFull[r] = much / plain;
                }
            }
            first.commit();
            second.commit();
        }
        System.out.printf(
                "| %s | %,d | %.3f | %+.1f | %.1f %% | %d/%d | %+.1f |%n",
                one.name,
                one.net.numParams(),
                median(bare) * 1e3,
                (median(withUsual) - 1) * 100,
                usual.share() * 100,
                usual.normInterval(),
                usual.layerInterval(),
                (median(withFull) - 1) * 100);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
