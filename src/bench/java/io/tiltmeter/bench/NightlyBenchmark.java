package io.tiltmeter.bench;

import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.model.Metric;
import io.tiltmeter.simulate.FleetSpec;
import io.tiltmeter.spark.NightlyJob;
import io.tiltmeter.spark.Progress;
import io.tiltmeter.spark.SimulateJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * How long a first night takes against a bare Spark read of the same columns, on a simulated fleet. Both alternate in one
 * JVM, so that the machine's moods meet both; the medians and their ratio count.
 *
 * <pre>./mvnw -Pbench verify -DskipTests [-Dbench.runs=200 -Dbench.workers=8 -Dbench.steps=5000 -Dbench.rounds=5]</pre>
 */
public final class NightlyBenchmark {
    private NightlyBenchmark() {}

    private static final Progress QUIET = stage -> {};

    /** Arguments: folder for the data, runs, workers, steps, rounds. */
    public static void main(String[] arguments) throws IOException {
        Path root = Path.of(arguments[0]).toAbsolutePath();
        FleetSpec fleet = FleetSpec.benchmark(1)
                .withRuns(Integer.parseInt(arguments[1]))
                .withWorkers(Integer.parseInt(arguments[2]))
                .withSteps(Integer.parseInt(arguments[3]));
        int rounds = Integer.parseInt(arguments[4]);
        try (SparkSession spark = SparkSession.builder()
                .master("local[*]")
                .appName("nightly benchmark")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
                .config("spark.local.dir", root.resolve("spark").toString())
                .getOrCreate()) {
            Path metrics = root.resolve(
                    "fleet-" + fleet.runs() + "x" + fleet.workers() + "x" + fleet.steps() + "-seed-" + fleet.seed());
            if (!Files.exists(metrics.resolve("manifest.json"))) {
                SimulateJob.run(spark, metrics.toString(), fleet, QUIET);
            }
            run(spark, fleet, metrics, root.resolve("report"), rounds);
        }
    }

    private static void run(SparkSession spark, FleetSpec fleet, Path metrics, Path output, int rounds)
            throws IOException {
        Path steps;
        try (Stream<Path> folders = Files.list(metrics)) {
            steps = folders.filter(path -> path.getFileName().toString().startsWith("attempt-"))
                    .max(Comparator.naturalOrder())
                    .orElseThrow()
                    .resolve("steps");
        }
        long rows = spark.read().parquet(steps.toString()).count();
        long bytes = size(steps);
        double[] bare = new double[rounds];
        double[] first = new double[rounds];
        double[] second = new double[rounds];
        bareRead(spark, steps);
        for (int round = 0; round < rounds; round++) {
            bare[round] = seconds(() -> bareRead(spark, steps));
            delete(output);
            first[round] = seconds(() -> nightly(spark, metrics, output));
            second[round] = seconds(() -> nightly(spark, metrics, output));
            System.out.printf(
                    "round %d: bare read %.2f s, first night %.2f s, second night %.2f s%n",
                    round + 1, bare[round], first[round], second[round]);
        }
        System.out.printf(
                "%n%d cores, %,d MiB heap, Java %s, Spark %s%n",
                Runtime.getRuntime().availableProcessors(),
                Runtime.getRuntime().maxMemory() >> 20,
                Runtime.version(),
                spark.version());
        System.out.printf(
                "%,d runs x %,d workers x %,d steps: %,d rows, %,d MiB of Parquet%n",
                fleet.runs(), fleet.workers(), fleet.steps(), rows, bytes >> 20);
        System.out.printf("bare read     %7.2f s  %,12.0f rows/s%n", median(bare), rows / median(bare));
        System.out.printf("first night   %7.2f s  %,12.0f rows/s%n", median(first), rows / median(first));
        System.out.printf("second night  %7.2f s  (nothing new)%n", median(second));
        double[] ratios = new double[rounds];
        Arrays.setAll(ratios, i -> first[i] / bare[i]);
        System.out.printf("first night : bare read = %.2f (median of %d rounds)%n", median(ratios), rounds);
    }

    /** What Spark needs at the least to have every value of the columns that the night reads, once. */
    private static void bareRead(SparkSession spark, Path steps) {
        Dataset<Row> table = spark.read().parquet(steps.toString());
        List<String> present = List.of(table.columns());
        Column[] columns = Stream.concat(
                        Stream.of("run_id", "attempt", "worker", "step", "time", "scope", "step_span"),
                        Stream.of(Metric.values()).map(Metric::column))
                .filter(present::contains)
                .map(functions::col)
                .toArray(Column[]::new);
        table.select(columns).write().format("noop").mode("overwrite").save();
    }

    private static void nightly(SparkSession spark, Path metrics, Path output) {
        NightlyJob.run(
                spark,
                new NightlyJob.Request(
                        metrics.toString(), output.toString(), Optional.empty(), Map.of(), false, 100, false),
                SettingsLoader.defaults(),
                QUIET);
    }

    private static double seconds(Runnable work) {
        long begin = System.nanoTime();
        work.run();
        return (System.nanoTime() - begin) / 1e9;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static long size(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
