package io.tiltmeter.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.config.Settings;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.spark.GateSuite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Types;
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
 * … -Dbench.arguments="clean 20"
 * </pre>
 *
 * <p>{@code clean} makes as many sound datasets as told, each of 40 shards of 100 rows with text, numbers, classes and a source, and
 * tells what of them is refused.
 */
public final class GateScale {
    private static final int ROWS_A_SHARD = 10;
    private static final int TOKENS_A_ROW = 100;
    private static final int VOCABULARY = 262_144;
    private static final int WIDTH = 250;

    private GateScale() {}

    /** Arguments: folder for the data; {@code shards}, {@code values} or {@code texts} and how many, once or several times; or {@code clean} and how many seeds. */
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
            String[] counts = kind.equals("clean")
                    ? IntStream.rangeClosed(1, Integer.parseInt(arguments[2]))
                            .mapToObj(Integer::toString)
                            .toArray(String[]::new)
                    : Arrays.copyOfRange(arguments, 2, arguments.length);
            for (String count : counts) {
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

    private static void make(SparkSession spark, String kind, long count, String data) throws IOException {
        switch (kind) {
            case "shards" -> shards(Math.toIntExact(count), Path.of(data));
            case "values" -> {
                long rows = count / WIDTH;
                Column value = functions.expr("transform(sequence(1, " + WIDTH + "), i -> if(id = " + rows / 3
                        + " and i = 78, float('NaN'), cast(pmod(xxhash64(id, i), 1000003) / 1000003 as float)))");
                spark.range(0, rows, 1, 64).select(value.as("features")).write().parquet(data);
            }
            case "clean" ->
                spark.range(0, 4000, 1, 4)
                        .selectExpr(
                                "concat_ws(' ', transform(sequence(1, 30 + pmod(xxhash64(id, " + count
                                        + "), 60)), i -> concat('w', cast(pow(20000, (pmod(xxhash64(id, i, " + count
                                        + "), 1000003) + 0.5) / 1000003) as int), if(pmod(i, 12) = 0, cast(pmod(id * 7 + "
                                        + count + ", 4) as string), '')))) as text",
                                "cast(pmod(id * 7 + " + count + ", 4) as int) as label",
                                "randn(" + count + ") as weight",
                                "concat('source-', pmod(xxhash64(id, -" + count + "), 3)) as source")
                        .orderBy(functions.rand(count))
                        .repartition(4)
                        .write()
                        .option("maxRecordsPerFile", 100)
                        .parquet(data);
            case "texts" ->
                spark.range(0, count, 1, 8)
                        .selectExpr(
                                "concat_ws(' ', transform(sequence(1, 60), i -> concat('w', cast(pow(20000,"
                                        + " (pmod(xxhash64(id, i), 1000003) + 0.5) / 1000003) as int),"
                                        + " if(pmod(i, 12) = 0, cast(pmod(id, 4) as string), '')))) as text",
                                "cast(pmod(id, 4) as int) as label")
                        .write()
                        .parquet(data);
            default ->
                throw new IllegalArgumentException("Expected shards, values, texts or clean, got '" + kind + "'");
        }
    }

    /** Files of ten rows of a hundred tokens each; not by Spark, which starts a process for every file it makes on a disk. */
    private static void shards(int count, Path folder) throws IOException {
        Files.createDirectories(folder);
        MessageType schema = Types.buildMessage()
                .optionalList()
                .optionalElement(PrimitiveType.PrimitiveTypeName.INT32)
                .named("tokens")
                .named("spark_schema");
        // One for all: each writer would parse Hadoop's files for a configuration of its own.
        Configuration configuration = new Configuration();
        IntStream.range(0, count).parallel().forEach(shard -> {
            SplittableRandom random = new SplittableRandom(shard);
            Path file = folder.resolve(String.format(Locale.ROOT, "shard-%06d.parquet", shard));
            try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(file))
                    .withConf(configuration)
                    .withType(schema)
                    .withCompressionCodec(CompressionCodecName.ZSTD)
                    .build()) {
                for (int row = 0; row < ROWS_A_SHARD; row++) {
                    Group group = new SimpleGroup(schema);
                    Group tokens = group.addGroup("tokens");
                    for (int i = 0; i < TOKENS_A_ROW; i++) {
                        tokens.addGroup("list").add("element", (int) Math.pow(VOCABULARY, random.nextDouble()) - 1);
                    }
                    writer.write(group);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        Files.createFile(folder.resolve("_SUCCESS"));
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
