package io.tiltmeter.bench;

import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.config.TrainConfigLoader;
import io.tiltmeter.train.TrainJob;
import io.tiltmeter.train.programs.MlpProgram;
import io.tiltmeter.train.programs.TrainingSets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Steps a second of synchronous training against parameter averaging at every step, two workers in one JVM. The two
 * alternate; a run's speed is taken from the times of its recorded steps, the first fifth left out; medians of the rounds
 * count.
 *
 * <pre>./mvnw -Pbench verify -DskipTests -Dbench.main=io.tiltmeter.bench.WaysBenchmark -Dbench.arguments="3"</pre>
 */
public final class WaysBenchmark {
    private static final int EXAMPLES = 4_000;

    private WaysBenchmark() {}

    /** Arguments: folder for the data, rounds. */
    public static void main(String[] arguments) throws IOException {
        Path root = Path.of(arguments[0]).toAbsolutePath().resolve("ways");
        int rounds = Integer.parseInt(arguments[1]);
        delete(root);
        Files.createDirectories(root);
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .appName("ways benchmark")
                .config("spark.ui.enabled", "false")
                .config("spark.local.dir", root.resolve("spark").toString())
                .getOrCreate()) {
            TrainingSets.blobs(EXAMPLES, TrainingSets.FEATURES, false, 1)
                    .write(spark, root.resolve("blobs").toString());
            for (int hidden : new int[] {72, 520}) {
                double[] synchronous = new double[rounds];
                double[] averaging = new double[rounds];
                for (int round = 0; round < rounds; round++) {
                    synchronous[round] = run(spark, root, "synchronous", hidden, round, 1000);
                    averaging[round] = run(spark, root, "averaging", hidden, round, 100);
                    System.out.printf(
                            "hidden %d, round %d: synchronous %.1f, averaging %.1f steps/s%n",
                            hidden, round + 1, synchronous[round], averaging[round]);
                }
                double[] ratios = new double[rounds];
                Arrays.setAll(ratios, i -> synchronous[i] / averaging[i]);
                System.out.printf(
                        "%,d parameters: synchronous %.1f steps/s, averaging every step %.1f steps/s, ratio %.1f"
                                + " (medians of %d rounds)%n",
                        parameters(hidden), median(synchronous), median(averaging), median(ratios), rounds);
            }
        }
        System.out.printf(
                "%d cores, %,d MiB heap, Java %s%n",
                Runtime.getRuntime().availableProcessors(), Runtime.getRuntime().maxMemory() >> 20, Runtime.version());
    }

    private static int parameters(int hidden) {
        return (TrainingSets.FEATURES + 1) * hidden + (hidden + 1) * hidden + (hidden + 1) * TrainingSets.CLASSES;
    }

    private static double run(SparkSession spark, Path root, String way, int hidden, int round, int steps)
            throws IOException {
        String id = way + "-" + hidden + "-" + round;
        Path file = root.resolve(id + ".conf");
        Files.writeString(
                file, """
                run-id = %s
                model { factory = %s, arguments { hidden = %d } }
                data { train = blobs, features = [features], labels = [label], label-encoding = class, label-classes = %d }
                training { way = %s, workers = 2, batch = 32, epochs = 1000, max-steps = %d, segment-steps = %d }
                """.formatted(id, MlpProgram.class.getName(), hidden, TrainingSets.CLASSES, way, steps, steps));
        TrainConfig config = TrainConfigLoader.load(file, Map.of());
        TrainJob.run(
                spark, new TrainJob.Request(config, root.resolve(id).toString(), false, false, false, 80), stage -> {});
        Row times = spark.read()
                .parquet(root.resolve(id + "/metrics/steps").toString())
                .where("scope = 'local' and worker = 0 and step >= " + steps / 5)
                .selectExpr("unix_micros(max(time)) - unix_micros(min(time))", "count(*)")
                .first();
        return (times.getLong(1) - 1) / (times.getLong(0) / 1e6);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
