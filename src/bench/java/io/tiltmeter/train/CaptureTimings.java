package io.tiltmeter.train;

import io.tiltmeter.model.LayerRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.Scope;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.spark.MetricFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.IntStream;
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

/**
 * Times training with and without capture; see {@code io.tiltmeter.bench.CaptureBenchmark}. Two workers, each a thread, take
 * the steps of a synchronous training: the network's own step, the exchange of scalars and of gradients through a ring on
 * loopback, and what is recorded.
 */
public final class CaptureTimings {
    private CaptureTimings() {}

    private static final int BATCH = 32;
    /** Part of a network's time that warms up machine code and the capture's budget. */
    private static final double WARM_UP = 0.2;
    /** Part of a network's time for full detail, which is not judged against the target. */
    private static final double FULL = 0.2;
    /** As capture.flush-seconds is by default. */
    private static final long FLUSH_NANOS = 30_000_000_000L;

    private static final long TIMEOUT_MILLIS = 60_000;

    /** What a worker tells the others before gradients are summed: as many numbers as in training. */
    private static final double[] TOLD = new double[13];

    /** Steps of a stretch that count. */
    private static final int STRETCH = 7;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private record Case(String name, MultiLayerNetwork net, MultiDataSet batch) {}

    /** Prints a table; rows go to metric tables below a folder. */
    public static void print(String folder, double seconds) throws Exception {
        System.out.println("| network | parameters | step | default | usual step | sampled | writing | pairs "
                + "| own estimate | norms/layers every | full detail |");
        System.out.println("|---|---|---|---|---|---|---|---|---|---|---|");
        List<Case> first = cases();
        List<Case> second = cases();
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            for (int i = 0; i < first.size(); i++) {
                Case one = first.get(i);
                Case two = second.get(i);
                try (Ring.Door left = new Ring.Door(InetAddress.getLoopbackAddress());
                        Ring.Door right = new Ring.Door(InetAddress.getLoopbackAddress())) {
                    List<String> addresses = List.of(left.address(), right.address());
                    Future<?> peer = other.submit(() -> {
                        try (Ring ring = Ring.join(right, 1, addresses, 1, TIMEOUT_MILLIS)) {
                            measure(two, ring, 1, folder, seconds);
                        }
                        return null;
                    });
                    try (Ring ring = Ring.join(left, 0, addresses, 1, TIMEOUT_MILLIS)) {
                        measure(one, ring, 0, folder, seconds);
                    }
                    peer.get();
                }
            }
        } finally {
            other.shutdownNow();
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
        private final Ring ring;
        private final float[] gradient;
        private final GradientScale scale;
        private long last = System.nanoTime();
        private long step;
        private double global;
        private long warmSteps;
        private double warmSeconds;

        Way(@Nullable StepCapture capture, @Nullable MetricSink sink, int attempt, int rank, Ring ring, Case one) {
            this.ring = ring;
            gradient = new float[(int) one.net.numParams()];
            scale = GradientScale.of(Network.of(one.net));
            this.capture = capture;
            this.sink = sink;
            this.attempt = attempt;
            writer = MetricFile.fileName(one.name) + "-" + attempt + "-0-" + rank;
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
            INDArray view = ((MultiLayerNetwork) model).getFlattenedGradients();
            try {
                if (capture == null) {
                    TensorStats.copy(view, gradient);
                    ring.gather(TOLD);
                    ring.sum(gradient, gradient.length, (from, to) -> 0);
                } else {
                    capture.beforeReduce(gradient);
                    ring.gather(TOLD);
                    global = ring.sum(
                            gradient, gradient.length, (from, to) -> capture.sumSquares(gradient, from, to, scale));
                    capture.compare(gradient);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            scale.apply(gradient, BATCH, 2 * BATCH, 2, 1);
            GradientScale.write(gradient, view);
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
                    .set(Metric.CONSUMED_EXAMPLES, global)
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

        /** Trains for a stretch; the first step, which finds the caches as the other way left them, does not count. */
        Stretch run(Network network, MultiDataSet batch) {
            network.setListeners(this);
            Stretch stretch = new Stretch();
            last = System.nanoTime();
            for (int i = 0; i <= STRETCH; i++, step++) {
                long from = System.nanoTime();
                if (capture != null) {
                    capture.begin(step, BATCH);
                }
                network.fit(batch);
                double seconds = (System.nanoTime() - from) * 1e-9;
                if (i == 0) {
                    continue;
                }
                boolean layers = capture != null && capture.layersMeasured();
                boolean norms = capture != null && capture.updateNorm().isPresent();
                stretch.add(seconds, layers, layers || norms);
            }
            if (capture != null) {
                capture.end();
            }
            return stretch;
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

    private static void measure(Case one, Ring ring, int rank, String folder, double seconds) throws IOException {
        Network network = Network.of(one.net);
        StepCapture usual = new StepCapture(network, CaptureSettings.DEFAULT);
        StepCapture full = new StepCapture(network, new CaptureSettings(true, 0.02, 1));
        try (MetricSink first = sink(folder, one, 0, rank);
                MetricSink second = sink(folder, one, 1, rank)) {
            Way none = new Way(null, null, 0, rank, ring, one);
            Way some = new Way(usual, first, 0, rank, ring, one);
            Way all = new Way(full, second, 1, rank, ring, one);
            try (MetricSink early =
                    new MetricSink(new Path(folder), new Configuration(), one.name, 2, 0, rank, FLUSH_NANOS / 30)) {
                compare(network, ring, one, none, new Way(usual, early, 2, rank, ring, one), seconds * WARM_UP / 2);
                compare(network, ring, one, none, new Way(full, early, 2, rank, ring, one), seconds * WARM_UP / 2);
                early.commit();
            }
            some.warm();
            all.warm();
            Pairs little = compare(network, ring, one, none, some, seconds * (1 - WARM_UP - FULL));
            Pairs much = compare(network, ring, one, none, all, seconds * FULL);
            double writing = some.writing() / little.bareStep();
            double sampling = little.sampling();
            double[] always = little.always();
            if (rank == 0) {
                System.out.printf(
                        Locale.ROOT,
                        "| %s | %,d | %.3f ms | %s (%s to %s) | %s | %s | %s | %,d | %s | %d/%d | %s |%n",
                        one.name,
                        one.net.numParams(),
                        little.bareStep() * 1e3,
                        percent(always[1] + sampling + writing),
                        percent(always[0] + sampling + writing),
                        percent(always[2] + sampling + writing),
                        percent(always[1]),
                        percent(sampling),
                        percent(writing),
                        little.bare.size(),
                        percent(usual.share()),
                        usual.normInterval(),
                        usual.layerInterval(),
                        percent(much.whole() + all.writing() / much.bareStep()));
            }
            first.commit();
            second.commit();
        }
    }

    /** Times of steps that were trained one after another, in seconds, by what was measured in them. */
    private static final class Stretch {
        private final List<Double> plain = new ArrayList<>();
        private final List<Double> norms = new ArrayList<>();
        private final List<Double> layers = new ArrayList<>();

        void add(double seconds, boolean withLayers, boolean sampled) {
            (withLayers ? layers : sampled ? norms : plain).add(seconds);
        }

        /** The kind that measures least of those there are. */
        List<Double> usual() {
            return !plain.isEmpty() ? plain : !norms.isEmpty() ? norms : layers;
        }

        double all() {
            List<Double> every = new ArrayList<>(plain);
            every.addAll(norms);
            every.addAll(layers);
            return median(every);
        }
    }

    /**
     * Pairs of stretches without and with capture. Medians, since on a shared machine a step now and then takes several times
     * as long; kinds of steps apart, since a median over all of them would not see the rare ones.
     */
    private record Pairs(List<Stretch> bare, List<Stretch> captured) {
        double bareStep() {
            return median(bare.stream().map(Stretch::all).toList());
        }

        /** What the usual kind of step costs, as a share of a step, between the ends of its distribution-free 95 % interval. */
        double[] always() {
            double[] ratios = IntStream.range(0, bare.size())
                    .mapToDouble(
                            i -> median(captured.get(i).usual()) / bare.get(i).all() - 1)
                    .sorted()
                    .toArray();
            double reach = 0.98 / Math.sqrt(ratios.length);
            return new double[] {
                at(ratios, Math.max(0, 0.5 - reach)), at(ratios, 0.5), at(ratios, Math.min(1, 0.5 + reach))
            };
        }

        /** What steps that measure more take beyond their plain neighbours, spread over all steps, as a share of a step. */
        double sampling() {
            return sampling(stretch -> stretch.norms) + sampling(stretch -> stretch.layers);
        }

        private double sampling(Function<Stretch, List<Double>> kind) {
            List<Double> more = new ArrayList<>();
            for (int i = 0; i < bare.size(); i++) {
                Stretch with = captured.get(i);
                if (kind.apply(with) != with.usual()) {
                    double usual = median(with.usual());
                    kind.apply(with).forEach(seconds -> more.add(seconds / usual - 1));
                }
            }
            double steps = (double) bare.size() * STRETCH;
            return more.isEmpty() ? 0 : median(more) * more.size() / steps;
        }

        /** What a captured step costs where all are of one kind. */
        double whole() {
            return median(IntStream.range(0, bare.size())
                            .mapToObj(i -> captured.get(i).all() / bare.get(i).all())
                            .toList())
                    - 1;
        }
    }

    /** Pairs of two stretches one right after the other, so that both see the same machine; they take turns to be first. */
    private static Pairs compare(Network network, Ring ring, Case one, Way without, Way with, double seconds)
            throws IOException {
        Pairs pairs = new Pairs(new ArrayList<>(), new ArrayList<>());
        long from = System.nanoTime();
        // The first worker says when it is enough.
        while (ring.gather(new double[] {(System.nanoTime() - from) * 1e-9})[0][0] < seconds) {
            boolean bareFirst = pairs.bare.size() % 2 == 0;
            if (bareFirst) {
                pairs.bare.add(without.run(network, one.batch));
            }
            pairs.captured.add(with.run(network, one.batch));
            if (!bareFirst) {
                pairs.bare.add(without.run(network, one.batch));
            }
        }
        return pairs;
    }

    private static MetricSink sink(String folder, Case one, int attempt, int rank) {
        return new MetricSink(new Path(folder), new Configuration(), one.name, attempt, 0, rank, FLUSH_NANOS);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%+.1f %%", share * 100);
    }

    private static double median(List<Double> values) {
        return at(values.stream().mapToDouble(x -> x).sorted().toArray(), 0.5);
    }

    private static double at(double[] sorted, double q) {
        return sorted[(int) (q * (sorted.length - 1) + 0.5)];
    }
}
