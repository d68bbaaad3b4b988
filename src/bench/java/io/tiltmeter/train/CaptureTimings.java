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
import java.util.function.IntPredicate;
import java.util.function.ToDoubleFunction;
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
    /** Part of a network's time that warms up machine code and the capture's budget. */
    private static final double WARM_UP = 0.2;
    /** Part of a network's time for full detail, which is not judged against the target. */
    private static final double FULL = 0.2;
    /** As capture.flush-seconds is by default. */
    private static final long FLUSH_NANOS = 10_000_000_000L;

    /** Steps of a stretch at the most. */
    private static final int LONGEST = 256;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private record Case(String name, MultiLayerNetwork net, MultiDataSet batch) {}

    /** Prints a table; rows go to metric tables below a folder. */
    public static void print(String folder, double seconds) {
        System.out.println(
                "| network | parameters | fit, ms | default, by the clock | default, computing | of it writing "
                        + "| pairs | own estimate | norms/layers every | full detail, computing |");
        System.out.println("|---|---|---|---|---|---|---|---|---|---|");
        for (Case one : cases()) {
            measure(one, folder, seconds);
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

        /** Trains for so many steps. */
        Stretch run(Network network, MultiDataSet batch, int steps) {
            return run(network, batch, done -> done < steps);
        }

        /** Trains on to the end of the period of what is sampled. */
        Stretch run(Network network, MultiDataSet batch) {
            return run(network, batch, done -> done == 0 || step % interval() != 0 && done < LONGEST);
        }

        private int interval() {
            return capture == null ? 1 : capture.layerInterval();
        }

        private Stretch run(Network network, MultiDataSet batch, IntPredicate goOn) {
            if (capture == null) {
                network.setListeners();
            } else {
                network.setListeners(this);
            }
            long from = System.nanoTime();
            long computedBefore = THREADS.getCurrentThreadCpuTime();
            long stepBefore = step;
            last = from;
            for (int done = 0; goOn.test(done); done++, step++) {
                if (capture != null) {
                    capture.begin(step, BATCH);
                }
                network.fit(batch);
            }
            if (capture != null) {
                capture.end();
            }
            double steps = step - stepBefore;
            return new Stretch(
                    (System.nanoTime() - from) * 1e-9 / steps,
                    (THREADS.getCurrentThreadCpuTime() - computedBefore) * 1e-9 / steps,
                    (int) steps);
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
            return Thread.getAllStackTraces().keySet().stream()
                            .filter(thread -> thread.getName().equals("metrics-" + writer))
                            .mapToLong(thread -> THREADS.getThreadCpuTime(thread.getId()))
                            .sum()
                    * 1e-9;
        }
    }

    private static void measure(Case one, String folder, double seconds) {
        Network network = Network.of(one.net);
        StepCapture usual = new StepCapture(network, CaptureSettings.DEFAULT);
        StepCapture full = new StepCapture(network, new CaptureSettings(true, 0.02, 1));
        try (MetricSink first = sink(folder, one, 0);
                MetricSink second = sink(folder, one, 1)) {
            Way none = new Way(null, null, 0, one);
            Way some = new Way(usual, first, 0, one);
            Way all = new Way(full, second, 1, one);
            compare(network, one, none, some, seconds * WARM_UP / 2);
            compare(network, one, none, all, seconds * WARM_UP / 2);
            some.warm();
            all.warm();
            Pairs little = compare(network, one, none, some, seconds * (1 - WARM_UP - FULL));
            Pairs much = compare(network, one, none, all, seconds * FULL);
            double bare = median(little.bare, Stretch::seconds);
            double writing = some.writing() / bare;
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %,d | %.3f | %s | %s | %s | %,d | %.1f %% | %d/%d | %s |%n",
                    one.name,
                    one.net.numParams(),
                    bare * 1e3,
                    interval(little.ratios, Stretch::seconds, writing),
                    interval(little.ratios, Stretch::computing, writing),
                    percent(writing),
                    little.ratios.size(),
                    usual.share() * 100,
                    usual.normInterval(),
                    usual.layerInterval(),
                    percent(median(much.ratios, Stretch::computing) - 1 + all.writing() / bare));
            first.commit();
            second.commit();
        }
    }

    /**
     * Steps trained one after another.
     *
     * @param seconds of a step by the clock
     * @param computing seconds of a step that the thread had a processor
     */
    private record Stretch(double seconds, double computing, int steps) {
        Stretch over(Stretch other) {
            return new Stretch(seconds / other.seconds, computing / other.computing, steps);
        }
    }

    /** Stretches without capture, and for each how many times as long those with it took. */
    private record Pairs(List<Stretch> bare, List<Stretch> ratios) {}

    /**
     * Pairs of two short stretches of steps, without and with capture, one right after the other, so that both see the same
     * machine; which of the two is first changes from pair to pair. A stretch is as long as the period of what is sampled.
     */
    private static Pairs compare(Network network, Case one, Way without, Way with, double seconds) {
        Pairs pairs = new Pairs(new ArrayList<>(), new ArrayList<>());
        long from = System.nanoTime();
        int before = 1;
        while ((System.nanoTime() - from) * 1e-9 < seconds) {
            Stretch bare;
            Stretch captured;
            if (pairs.ratios.size() % 2 == 0) {
                bare = without.run(network, one.batch, before);
                captured = with.run(network, one.batch);
            } else {
                captured = with.run(network, one.batch);
                bare = without.run(network, one.batch, captured.steps);
            }
            before = captured.steps;
            pairs.bare.add(bare);
            pairs.ratios.add(captured.over(bare));
        }
        return pairs;
    }

    private static MetricSink sink(String folder, Case one, int attempt) {
        return new MetricSink(new Path(folder), new Configuration(), one.name, attempt, 0, 0, FLUSH_NANOS);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%+.1f %%", share * 100);
    }

    /** The median of ratios less 1 and its distribution-free 95 % interval, ranks n/2 ± 0.98 √n; {@code more} is added. */
    private static String interval(List<Stretch> ratios, ToDoubleFunction<Stretch> of, double more) {
        double reach = 0.98 / Math.sqrt(ratios.size());
        double[] values = ratios.stream().mapToDouble(of).sorted().toArray();
        return String.format(
                Locale.ROOT,
                "%s (%s to %s)",
                percent(at(values, 0.5) - 1 + more),
                percent(at(values, Math.max(0, 0.5 - reach)) - 1 + more),
                percent(at(values, Math.min(1, 0.5 + reach)) - 1 + more));
    }

    private static double median(List<Stretch> values, ToDoubleFunction<Stretch> of) {
        return at(values.stream().mapToDouble(of).sorted().toArray(), 0.5);
    }

    private static double at(double[] sorted, double q) {
        return sorted[(int) (q * (sorted.length - 1) + 0.5)];
    }
}
