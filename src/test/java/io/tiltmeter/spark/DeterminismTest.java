package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.hash;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tiltmeter.config.Settings;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.simulate.FaultKind;
import io.tiltmeter.simulate.FleetSpec;
import io.tiltmeter.spark.Nights.Night;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same measurements give the same bytes of JSON and HTML, however they are laid out and read. */
class DeterminismTest {
    private static final String MAP = "(?s)<figure class=\"workers\">.*?</figure>";

    private static final FleetSpec FLEET = FleetSpec.small(11)
            .withRuns(6)
            .withWorkers(3)
            .withSteps(400)
            .withProjects(2)
            .withFaults(
                    0.7,
                    List.of(FaultKind.RESTART, FaultKind.NAN_INPUTS, FaultKind.LOSS_SPIKE, FaultKind.STALL_CLUSTER));

    @TempDir
    static Path folder = Path.of("");

    private static Path fleet = Path.of("");
    private static Path steps = Path.of("");
    private static Path output = Path.of("");
    private static Night first =
            new Night(new Outcome("", java.util.Optional.empty(), List.of(), java.util.Optional.empty()), "", "");

    @BeforeAll
    static void analyse() throws IOException {
        Path written = folder.resolve("written");
        SimulateJob.run(LocalSpark.session(), written.toString(), FLEET, message -> {});
        // Without the manifest, so that single tables can be replaced under one and the same path.
        fleet = folder.resolve("fleet");
        try (Stream<Path> attempts = Files.list(written)) {
            Files.move(attempts.filter(Files::isDirectory).findFirst().orElseThrow(), fleet);
        }
        steps = folder.resolve("steps-as-written");
        Files.move(fleet.resolve("steps"), steps);
        lay(all().write());
        output = folder.resolve("output");
        first = Nights.night(fleet, output);
    }

    private static Dataset<Row> all() {
        return LocalSpark.session().read().parquet(steps.toString());
    }

    /** Replaces the steps table. */
    private static void lay(DataFrameWriter<Row> writer) {
        writer.mode("overwrite").parquet(fleet.resolve("steps").toString());
    }

    private static long files() {
        try (Stream<Path> all = Files.walk(fleet.resolve("steps"))) {
            return all.filter(path -> path.toString().endsWith(".parquet")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertSame(Night night) {
        assertThat(night.json()).isEqualTo(first.json());
        assertThat(night.html()).isEqualTo(first.html());
    }

    /** Maps of workers are made of the chunks of windows, so that other windows give slightly other values. */
    private static void assertSameButForMaps(Night night) {
        assertThat(first.json()).contains("worker_map");
        assertThat(withoutMaps(night.report())).isEqualTo(withoutMaps(first.report()));
        assertThat(night.html().replaceAll(MAP, "")).isEqualTo(first.html().replaceAll(MAP, ""));
    }

    private static JsonNode withoutMaps(JsonNode report) {
        report.path("runs")
                .forEach(
                        run -> run.path("incidents").forEach(incident -> ((ObjectNode) incident).remove("worker_map")));
        return report;
    }

    private static Night fresh(SparkSession spark, String name, Settings settings) {
        return Nights.night(spark, fleet, folder.resolve(name), settings);
    }

    /** Other windows, and slices that are sent before they are full. */
    private static Settings flushingEarly() {
        return Nights.settings(new Settings.Scan(64, 20_000, 10_000));
    }

    @Test
    void thereIsSomethingToReport() {
        assertThat(first.runIds()).hasSize(6);
        assertThat(first.json()).contains("non-finite", "restart", "step-stall");
        assertThat(first.html()).contains("<svg");
    }

    @Test
    void aSecondNightOnTheSameOutput() throws IOException {
        Path copy = folder.resolve("second");
        fresh(LocalSpark.session(), "second", SettingsLoader.defaults());

        assertSame(fresh(LocalSpark.session(), "second", SettingsLoader.defaults()));

        try (Stream<Path> files = Files.walk(copy.resolve("digests"))) {
            assertThat(files.filter(file -> file.getFileName().toString().startsWith("generation-")))
                    .hasSize(1);
        }
    }

    @Test
    void rowsShuffledOverManyFiles() {
        lay(all().repartition(7, hash(col("step"), col("worker"), col("run_id")))
                .sortWithinPartitions(hash(col("step"), col("worker"), col("attempt"), col("run_id")))
                .write());

        assertThat(files()).isEqualTo(7);
        Settings.Scan usual = Settings.Scan.DEFAULTS;
        assertSame(fresh(
                LocalSpark.session(),
                "shuffled",
                Nights.settings(new Settings.Scan(usual.windowSteps(), usual.blockCells(), 10_000))));
    }

    @Test
    void rowsInOrderOfTimeSoThatRunsInterleaveReadByManyTasks() {
        lay(all().coalesce(1).sortWithinPartitions("time", "worker").write().option("parquet.block.size", 64 << 10));
        SparkSession spark = LocalSpark.session().newSession();
        spark.conf().set("spark.sql.files.maxPartitionBytes", "50000");
        spark.conf().set("spark.sql.shuffle.partitions", "7");

        assertThat(files()).isEqualTo(1);
        assertThat(spark.read()
                        .parquet(fleet.resolve("steps").toString())
                        .toJavaRDD()
                        .getNumPartitions())
                .isGreaterThan(3);
        assertSameButForMaps(fresh(spark, "interleaved", flushingEarly()));
    }

    @Test
    void oneFileARunInFoldersOfProjects() throws IOException {
        lay(all().repartition(1).sortWithinPartitions("worker", "step").write().partitionBy("run_id"));
        SparkSession spark = LocalSpark.session().newSession();
        spark.conf().set("spark.sql.shuffle.partitions", "1");
        spark.conf().set("spark.sql.parquet.enableVectorizedReader", "false");

        assertThat(files()).isGreaterThanOrEqualTo(5);
        assertSame(fresh(spark, "partitioned", SettingsLoader.defaults()));
        try (Stream<Path> all = Files.list(fleet.resolve("steps"))) {
            assertThat(all.sorted(Comparator.reverseOrder())
                            .findFirst()
                            .orElseThrow()
                            .getFileName()
                            .toString())
                    .startsWith("run_id=");
        }
    }
}
