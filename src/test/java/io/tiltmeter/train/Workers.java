package io.tiltmeter.train;

import io.tiltmeter.model.RunRecord;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Workers of one ring in the threads of one JVM, over seeded examples of three classes. */
final class Workers {
    static final int FEATURES = 6;
    static final int CLASSES = 3;
    static final ExampleLayout LAYOUT = new ExampleLayout(
            new ExampleLayout.Part(0, FEATURES, 0), new ExampleLayout.Part(0, 1, CLASSES), List.of(), false);

    private Workers() {}

    /** Points around three centres, in a seeded order. */
    static List<byte[]> examples(int n, long seed) {
        Random random = new Random(seed);
        List<byte[]> examples = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            int label = random.nextInt(CLASSES);
            float[] features = new float[FEATURES];
            for (int f = 0; f < FEATURES; f++) {
                features[f] = (float) (random.nextGaussian() + (f % CLASSES == label ? 1.5 : 0));
            }
            examples.add(LAYOUT.pack(features, new float[] {label}, null, null));
        }
        return examples;
    }

    static Network network(long seed) {
        MultiLayerConfiguration configuration = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Adam(1e-2))
                .l2(1e-4)
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(FEATURES)
                        .nOut(16)
                        .activation(Activation.TANH)
                        .build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nIn(16)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build();
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        return Network.of(network);
    }

    /** The same sizes as a graph with two branches. */
    static Network graph(long seed) {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Adam(1e-2))
                .graphBuilder()
                .addInputs("in")
                .addLayer(
                        "left",
                        new DenseLayer.Builder()
                                .nIn(FEATURES)
                                .nOut(9)
                                .activation(Activation.TANH)
                                .build(),
                        "in")
                .addLayer(
                        "right",
                        new DenseLayer.Builder()
                                .nIn(FEATURES)
                                .nOut(7)
                                .activation(Activation.SIGMOID)
                                .build(),
                        "in")
                .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                .nIn(16)
                                .nOut(CLASSES)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "left",
                        "right")
                .setOutputs("out")
                .build());
        graph.init();
        return Network.of(graph);
    }

    static Segment segment(Path metrics, long steps, int batch, Policies policies) {
        return new Segment(
                RunRecord.of("a-run", "test", Map.of()),
                0,
                0,
                IntStream.range(0, 16).boxed().toList(),
                Cursor.START,
                0,
                steps,
                batch,
                1,
                false,
                new CaptureSettings(true, 0.02, 0),
                policies,
                Map.of(),
                metrics.toString(),
                10,
                99,
                20_000,
                List.of(),
                null,
                Map.of());
    }

    /** A segment whose workers' steps are changed from outside. */
    static Segment intercepted(Segment segment, Class<? extends StepInterceptor> by, Map<String, String> arguments) {
        return new Segment(
                segment.run(),
                segment.attempt(),
                segment.number(),
                segment.workers(),
                segment.cursor(),
                segment.from(),
                segment.to(),
                segment.batch(),
                segment.seed(),
                segment.shuffle(),
                segment.capture(),
                segment.policies(),
                segment.detectors(),
                segment.metrics(),
                segment.flushSeconds(),
                segment.secret(),
                segment.timeoutMillis(),
                segment.past(),
                by.getName(),
                arguments);
    }

    /** What a worker ends with. */
    record End(WorkerLoop.Done done, Network network) {}

    /** Trains one segment, worker w on the w-th list of examples. */
    static List<End> train(Segment segment, List<List<byte[]>> shards, Network initial) throws Exception {
        byte[] model = initial.write();
        int size = shards.size();
        List<Ring.Door> doors = new ArrayList<>();
        List<String> addresses = new ArrayList<>();
        for (int r = 0; r < size; r++) {
            doors.add(new Ring.Door(InetAddress.getLoopbackAddress()));
            addresses.add(doors.get(r).address());
        }
        ExecutorService threads = Executors.newFixedThreadPool(size);
        try {
            List<Future<End>> running = new ArrayList<>();
            for (int r = 0; r < size; r++) {
                int rank = r;
                running.add(threads.submit(() -> {
                    Network network = Network.read(model);
                    try (Ring.Door door = doors.get(rank);
                            Ring ring = Ring.join(door, rank, addresses, segment.secret(), 20_000);
                            Shard shard = Shard.load(shards.get(rank).iterator(), LAYOUT, rank);
                            MetricSink sink = new MetricSink(
                                    new org.apache.hadoop.fs.Path(segment.metrics()),
                                    new Configuration(),
                                    segment.run().runId(),
                                    segment.attempt(),
                                    segment.number(),
                                    rank,
                                    Long.MAX_VALUE / 2)) {
                        WorkerLoop.Done done = new WorkerLoop(segment, network, ring, rank, sink, shard).run();
                        sink.commit();
                        return new End(done, network);
                    }
                }));
            }
            List<End> ends = new ArrayList<>();
            for (Future<End> one : running) {
                ends.add(one.get(300, TimeUnit.SECONDS));
            }
            return ends;
        } finally {
            threads.shutdownNow();
        }
    }

    static float[] params(Network network) {
        return network.params().dup().data().asFloat();
    }

    /** Largest difference relative to the largest parameter. */
    static double difference(float[] a, float[] b) {
        double most = 0;
        double size = 0;
        for (int i = 0; i < a.length; i++) {
            most = Math.max(most, Math.abs(a[i] - (double) b[i]));
            size = Math.max(size, Math.abs(a[i]));
        }
        return most / size;
    }
}
