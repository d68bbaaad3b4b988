package io.tiltmeter.bench;

import io.tiltmeter.config.Settings;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.spark.GateSuite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.SparkSession;

/**
 * The gate beside Deequ on the same Parquet: completeness, uniqueness, distinct values, quantiles, histograms, moments. The
 * first command makes the data and measures the gate; the second measures Deequ, in a JVM of its own, as there is none for
 * Spark 4; the third compares values and costs.
 *
 * <pre>
 * ./mvnw -Pbench verify -DskipTests -Dbench.main=io.tiltmeter.bench.GateBenchmark -Dbench.arguments="gate 5000000 3"
 * ./mvnw -f src/bench/deequ/pom.xml compile exec:exec -Dsuite.rows=5000000 -Dsuite.rounds=3
 * ./mvnw -Pbench verify -DskipTests -Dbench.main=io.tiltmeter.bench.GateBenchmark -Dbench.arguments="compare 5000000"
 * </pre>
 */
public final class GateBenchmark {
    private GateBenchmark() {}

    /** Files of a dataset. */
    private static final int SHARDS = 16;

    /** Arguments: folder for the data, {@code gate ROWS ROUNDS} or {@code compare ROWS}. */
    public static void main(String[] arguments) throws IOException, TimeoutException {
        long rows = Long.parseLong(arguments[2]);
        Path root = Path.of(arguments[0]).toAbsolutePath().resolve("gate-" + rows);
        switch (arguments[1]) {
            case "gate" -> gate(root, rows, Integer.parseInt(arguments[3]));
            case "compare" -> compare(root);
            default -> throw new IllegalArgumentException("Expected gate ROWS ROUNDS or compare ROWS");
        }
    }

    private static void gate(Path root, long rows, int rounds) throws IOException, TimeoutException {
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .appName("gate benchmark")
                .config("spark.ui.enabled", "false")
                .config("spark.local.dir", root.resolve("spark").toString())
                .getOrCreate()) {
            String suite = root.resolve("suite").toString();
            String tokens = root.resolve("tokens").toString();
            make(spark, suite, rows, false);
            // As many rows with 200 tokens each take 20 times the room: fewer do.
            make(spark, tokens, rows / 20, true);
            // Countries are counted like classes; passes of their own, which Deequ has not, are left out.
            List<String> sets =
                    new ArrayList<>(List.of("validate.label-columns=label,country", "validate.unique-columns=id"));
            for (String pass : List.of(
                    "exact-duplicates", "near-duplicates", "repeated-blocks", "conflicting-labels", "mislabelled")) {
                sets.add("validate.checks." + pass + ".enabled=false");
            }
            Settings settings = SettingsLoader.load(Optional.empty(), sets);
            GateSuite gate = new GateSuite(spark);
            List<String> lines = new ArrayList<>();
            for (int round = 0; round < rounds; round++) {
                GateSuite.Cost cost =
                        gate.validate(suite, root.resolve("verdict").toString(), settings);
                System.out.println("Gate: " + text(cost));
                lines.add("cost\t\t\t" + text(cost));
            }
            gate.values(root.resolve("verdict").toString()).forEach((name, value) -> lines.add(name + "\t" + value));
            Files.write(root.resolve("gate.tsv"), lines);
            System.out.println("With 200 tokens a row, of a vocabulary of 50,000, and a twentieth of the rows: "
                    + text(gate.validate(tokens, root.resolve("verdict-tokens").toString(), settings)));
        }
    }

    /** Jobs, records read, records shuffled, seconds of CPU and by the clock. */
    private static String text(GateSuite.Cost cost) {
        return String.format(
                Locale.ROOT,
                "%d %d %d %.3f %.3f",
                cost.jobs(),
                cost.recordsRead(),
                cost.shuffled(),
                cost.cpuSeconds(),
                cost.seconds());
    }

    private static void make(SparkSession spark, String folder, long rows, boolean tokens) {
        if (Files.exists(Path.of(folder, "_SUCCESS"))) {
            return;
        }
        List<String> columns = new ArrayList<>(List.of(
                "id * 7919 as id",
                "concat('user-', pmod(xxhash64(id, 1), 200000)) as user",
                // The product of two uniform numbers has many small values.
                "concat('country-', cast(rand(1) * rand(2) * 50 as int)) as country",
                "cast(pmod(xxhash64(id, 2), 10) as int) as label",
                "cast(exp(5 + randn(3)) as int) as length",
                "if(pmod(xxhash64(id, 3), 50) = 0, null, randn(4)) as weight",
                "exp(randn(5)) as score"));
        if (tokens) {
            columns.add(
                    "transform(sequence(1, 200), i -> cast(pow(50000, (pmod(xxhash64(id, i), 1000003) + 0.5) / 1000003)"
                            + " as int) - 1) as tokens");
        }
        spark.range(0, rows, 1, SHARDS)
                .selectExpr(columns.toArray(String[]::new))
                .write()
                .mode("overwrite")
                .parquet(folder);
    }

    private static void compare(Path root) throws IOException {
        Map<String, Double> gate = values(root.resolve("gate.tsv"));
        Map<String, Double> deequ = values(root.resolve("deequ.tsv"));
        Map<String, double[]> worst = new TreeMap<>();
        deequ.forEach((name, value) -> {
            String metric = name.substring(0, name.indexOf('\t'));
            Double ours = gate.get(name);
            double[] row = worst.computeIfAbsent(metric, m -> new double[3]);
            row[0]++;
            if (ours == null) {
                row[1]++;
                System.out.println("Only Deequ has " + name.replace('\t', ' ') + " = " + value);
            } else {
                // Of a quantile near zero, in standard deviations of its column: there is no relative difference of it.
                double scale = metric.equals("ApproxQuantiles")
                        ? Math.max(Math.abs(value), deviation(deequ, name))
                        : Math.abs(value);
                row[2] = Math.max(row[2], Math.abs(ours - value) / Math.max(1e-300, scale));
            }
        });
        System.out.println("| metric | values | only Deequ's | greatest relative difference |");
        System.out.println("|---|---|---|---|");
        worst.forEach((metric, row) ->
                System.out.printf(Locale.ROOT, "| %s | %.0f | %.0f | %.2g |%n", metric, row[0], row[1], row[2]));
        double[] ours = cost(root.resolve("gate.tsv"));
        double[] theirs = cost(root.resolve("deequ.tsv"));
        System.out.println("| | jobs | rows read | records shuffled | task CPU, s | wall, s |");
        System.out.println("|---|---|---|---|---|---|");
        System.out.printf(
                Locale.ROOT,
                "| gate | %.0f | %,.0f | %,.0f | %.2f | %.2f |%n",
                ours[0],
                ours[1],
                ours[2],
                ours[3],
                ours[4]);
        System.out.printf(
                Locale.ROOT,
                "| Deequ | %.0f | %,.0f | %,.0f | %.2f | %.2f |%n",
                theirs[0],
                theirs[1],
                theirs[2],
                theirs[3],
                theirs[4]);
        System.out.printf(Locale.ROOT, "task CPU of the gate : Deequ = %.2f%n", ours[3] / theirs[3]);
    }

    private static double deviation(Map<String, Double> values, String name) {
        String column = name.split("\t", -1)[1];
        return values.getOrDefault("StandardDeviation\t" + column + "\t", 0.0);
    }

    private static Map<String, Double> values(Path file) throws IOException {
        Map<String, Double> values = new TreeMap<>();
        for (String line : Files.readAllLines(file)) {
            int tab = line.lastIndexOf('\t');
            if (!line.startsWith("cost")) {
                values.put(line.substring(0, tab), Double.parseDouble(line.substring(tab + 1)));
            }
        }
        return values;
    }

    /** Of the round in the middle by its CPU. */
    private static double[] cost(Path file) throws IOException {
        List<double[]> rounds = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith("cost")) {
                String[] numbers = line.strip().split("\\s+");
                double[] values = new double[numbers.length - 1];
                for (int i = 1; i < numbers.length; i++) {
                    values[i - 1] = Double.parseDouble(numbers[i]);
                }
                rounds.add(values);
            }
        }
        rounds.sort(Comparator.comparingDouble(round -> round[3]));
        return rounds.get(rounds.size() / 2);
    }
}
