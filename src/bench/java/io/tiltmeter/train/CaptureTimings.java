package io.tiltmeter.train;

import io.tiltmeter.model.LayerRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.Scope;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.spark.MetricFile;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
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
    private static final int WARM_UP = 6;
    /** As capture.flush-seconds is by default. */
    private static final long FLUSH_NANOS = 10_000_000_000L;

    private record Case(String name, MultiLayerNetwork net, MultiDataSet batch) {}

    /** Prints a table; rows go to metric tables below a folder. */
    public static void print(String folder, int rounds, double roundSeconds) {
        System.out.println(
                "| network | parameters | fit, ms | default | its middle half | of it writing | own estimate "
                        + "| norms/layers every | full detail |");
        System.out.println("|---|---|---|---|---|---|---|---|---|");
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
        private final String writer;
        private final float[] sum;
        private long last = System.nanoTime();
        private long step;
        private long warmSteps;
        private double warmSeconds;

        Way(@Nullable StepCapture capture, @Nullable MetricSink sink, int attempt, Case one) {
            sum = new float[(int) one.net.numParams()];
            Arrays.fill(sum, 1);
            this.capture = capture;
            this.sink = sink;
            this.attempt = attempt;
            writer = MetricFile.fileName(one.name) + "-" + attempt + "-0-0";
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
        public void onBackwardPass(Model model) {
            if (capture != null) {
                capture.outputs();
            }
        }

        @Override
        public void onGradientCalculation(Model model) {
            if (capture != null) {
                capture.beforeReduce();
                capture.compare(sum);
            }
        }

        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            if (capture == null || sink == null) {
                return;
            }
            capture.hashParameters();
            capture.afterUpdate();
            capture.writing(sink.secondsPerRow());
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

        /**
         * Trains for some seconds and on to the end of the capture's period.
         *
         * @return seconds of a step: the mean over the kinds of steps (nothing sampled, norms, layers), each by as many as
         *     it has and by the middle half of its times, as pauses of the machine and the collector fall on any kind
         */
        double run(Network network, MultiDataSet batch, double seconds) {
            if (capture == null) {
                network.setListeners();
            } else {
                network.setListeners(this);
            }
            List<List<Double>> kinds = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            long from = System.nanoTime();
            last = from;
            for (long now = from;
                    (now - from) * 1e-9 < seconds || capture != null && step % capture.layerInterval() != 0;
                    step++) {
                if (capture != null) {
                    capture.begin(step, BATCH);
                }
                network.fit(batch);
                long end = System.nanoTime();
                kinds.get(kind()).add((end - now) * 1e-9);
                now = end;
            }
            if (capture != null) {
                capture.end();
            }
            int n = kinds.stream().mapToInt(List::size).sum();
            return kinds.stream()
                    .filter(kind -> !kind.isEmpty())
                    .mapToDouble(kind -> middle(kind) * kind.size() / n)
                    .sum();
        }

        private int kind() {
            if (capture == null) {
                return 0;
            }
            return capture.layersMeasured() ? 2 : capture.updateNorm().isPresent() ? 1 : 0;
        }

        private static double middle(List<Double> times) {
            return times.stream()
                    .sorted()
                    .skip(times.size() / 4)
                    .limit(times.size() - 2L * (times.size() / 4))
                    .mapToDouble(Double::doubleValue)
                    .average()
                    .orElseThrow();
        }

        /**
         * Seconds a step that the sink's own thread has computed since {@link #warm}. It writes once in many rounds, so that
         * their median does not see it; on a machine with one core a worker it delays the training by as much.
         */
        double writing() {
            return (writerSeconds() - warmSeconds) / (step - warmSteps);
        }

        /** Forgets what was written while the machine's code was cold. */
        void warm() {
            warmSteps = step;
            warmSeconds = writerSeconds();
        }

        private double writerSeconds() {
            ThreadMXBean threads = ManagementFactory.getThreadMXBean();
            return Thread.getAllStackTraces().keySet().stream()
                            .filter(thread -> thread.getName().equals("metrics-" + writer))
                            .mapToLong(thread -> threads.getThreadCpuTime(thread.getId()))
                            .sum()
                    * 1e-9;
        }
    }

    private static void measure(Case one, String folder, int rounds, double roundSeconds) {
        Network network = Network.of(one.net);
        StepCapture usual = new StepCapture(network, CaptureSettings.DEFAULT);
        StepCapture full = new StepCapture(network, new CaptureSettings(true, 0.02, 1));
        double[] bare = new double[rounds];
        double[] withUsual = new double[rounds];
        double[] withFull = new double[rounds];
        double writing;
        double writingAll;
        try (MetricSink first = sink(folder, one, 0);
                MetricSink second = sink(folder, one, 1)) {
            Way none = new Way(null, null, 0, one);
            Way some = new Way(usual, first, 0, one);
            Way all = new Way(full, second, 1, one);
            for (int r = -WARM_UP; r < rounds; r++) {
                if (r == 0) {
                    some.warm();
                    all.warm();
                }
                // Each way has the same middle as the fits without capture around it, so a drift of the machine
                // cancels.
                double before = none.run(network, one.batch, roundSeconds / 2);
                double little = some.run(network, one.batch, roundSeconds);
                double between = none.run(network, one.batch, roundSeconds);
                double much = all.run(network, one.batch, roundSeconds);
                double after = none.run(network, one.batch, roundSeconds / 2);
                if (r >= 0) {
                    bare[r] = between;
                    withUsual[r] = 2 * little / (before + between);
                    withFull[r] = 2 * much / (between + after);
                }
            }
            writing = some.writing() / quantile(bare, 0.5);
            writingAll = all.writing() / quantile(bare, 0.5);
            first.commit();
            second.commit();
        }
        System.out.printf(
                "| %s | %,d | %.3f | %s | %s to %s | %s | %.1f %% | %d/%d | %s |%n",
                one.name,
                one.net.numParams(),
                quantile(bare, 0.5) * 1e3,
                percent(quantile(withUsual, 0.5) - 1 + writing),
                percent(quantile(withUsual, 0.25) - 1 + writing),
                percent(quantile(withUsual, 0.75) - 1 + writing),
                percent(writing),
                usual.share() * 100,
                usual.normInterval(),
                usual.layerInterval(),
                percent(quantile(withFull, 0.5) - 1 + writingAll));
    }

    private static MetricSink sink(String folder, Case one, int attempt) {
        return new MetricSink(new Path(folder), new Configuration(), one.name, attempt, 0, 0, FLUSH_NANOS);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%+.1f %%", share * 100);
    }

    private static double quantile(double[] values, double q) {
        double[] sorted = Arrays.stream(values).sorted().toArray();
        return sorted[(int) (q * (sorted.length - 1) + 0.5)];
    }
}
