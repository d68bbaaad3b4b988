package io.tiltmeter.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.config.Settings;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.spark.GateSuite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * What the gate costs as datasets grow, and whether it stays within its heap: many shards with a large vocabulary, very many
 * values one of which is NaN, and texts with labels through every pass. Driver and executor are one JVM.
 *
 * <pre>
 * ./mvnw -Pbench verify -DskipTests -Dbench.heap=2g -Dbench.main=io.tiltmeter.bench.GateScale \
 *     -Dbench.arguments="shards 10000 100000"
 * … -Dbench.arguments="values 100000000 1000000000"
 * … -Dbench.arguments="texts 4000 40000 400000"
 * </pre>
 */
public final class GateScale {
    private static final int ROWS_A_SHARD = 10;
    private static final int VOCABULARY = 262_144;
    private static final int WIDTH = 250;

    private GateScale() {}

    /** Arguments: folder for the data; {@code shards}, {@code values} or {@code texts}; how many, once or several times. */
    public static void main(String[] arguments) throws IOException, TimeoutException {
        Path root = Path.of(arguments[0]).toAbsolutePath().resolve("gate-scale");
        String kind = arguments[1];
        List<String> sets = new ArrayList<>();
        if (kind.equals("shards")) {
            sets.add("validate.vocabulary-size=" + VOCABULARY);
        }
        if (kind.equals("values")) {
            // A pass of its own over the rows, for each of these, has its own table.
            for (String pass : List.of("exact-duplicates", "near-duplicates", "repeated-blocks")) {
                sets.add("validate.checks." + pass + ".enabled=false");
            }
        }
        Settings settings = SettingsLoader.load(Optional.empty(), sets);
        System.out.printf(
                "%d cores, heap %,d MiB, Java %s%n",
                Runtime.getRuntime().availableProcessors(), Runtime.getRuntime().maxMemory() >> 20, Runtime.version());
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .appName("gate scale")
                .config("spark.ui.enabled", "false")
                .config("spark.local.dir", root.resolve("spark").toString())
                .getOrCreate()) {
            GateSuite gate = new GateSuite(spark);
            for (String count : Arrays.copyOfRange(arguments, 2, arguments.length)) {
                String data = root.resolve(kind + "-" + count).toString();
                String output = root.resolve(kind + "-" + count + "-verdict").toString();
                if (!Files.exists(Path.of(data, "_SUCCESS"))) {
                    make(spark, kind, Long.parseLong(count), data);
                }
                GateSuite.Cost cost = gate.validate(data, output, settings);
                System.out.printf(
                        Locale.ROOT,
                        "%s %s: %.1f s, task CPU %.1f s, %,d rows read, %,d records shuffled%n",
                        count,
                        kind,
                        cost.seconds(),
                        cost.cpuSeconds(),
                        cost.recordsRead(),
                        cost.shuffled());
                tell(Path.of(output, "verdict.json"));
            }
        }
    }

    private static void make(SparkSession spark, String kind, long count, String data) {
        switch (kind) {
            case "shards" ->
                spark.range(0, count * ROWS_A_SHARD, 1, 16)
                        .select(functions
                                .expr("transform(sequence(1, 100), i -> cast(pow(" + VOCABULARY
                                        + ", (pmod(xxhash64(id, i), 1000003) + 0.5) / 1000003) as int) - 1)")
                                .as("tokens"))
                        .write()
                        .option("maxRecordsPerFile", ROWS_A_SHARD)
                        .parquet(data);
            case "values" -> {
                long rows = count / WIDTH;
                Column value = functions.expr("transform(sequence(1, " + WIDTH + "), i -> if(id = " + rows / 3
                        + " and i = 78, float('NaN'), cast(pmod(xxhash64(id, i), 1000003) / 1000003 as float)))");
                spark.range(0, rows, 1, 64).select(value.as("features")).write().parquet(data);
            }
            case "texts" ->
                spark.range(0, count, 1, 8)
                        .selectExpr(
                                "concat_ws(' ', transform(sequence(1, 60), i -> concat('w', cast(pow(20000,"
                                        + " (pmod(xxhash64(id, i), 1000003) + 0.5) / 1000003) as int),"
                                        + " if(pmod(i, 12) = 0, cast(pmod(id, 4) as string), '')))) as text",
                                "cast(pmod(id, 4) as int) as label")
                        .write()
                        .parquet(data);
            default -> throw new IllegalArgumentException("Expected shards, values or texts, got '" + kind + "'");
        }
    }

    /** What closes the gate or warns, and where. */
    private static void tell(Path verdict) throws IOException {
        for (JsonNode check : new ObjectMapper().readTree(verdict.toFile()).path("checks")) {
            for (JsonNode judgement : check.path("judgements")) {
                String status = judgement.path("status").asText();
                if (status.equals("FAIL") || status.equals("WARN")) {
                    System.out.println("  " + status + " " + check.path("id").asText() + " " + judgement);
                }
            }
        }
    }
}
