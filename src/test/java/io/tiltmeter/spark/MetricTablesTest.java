package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.simulate.FleetSpec;
import io.tiltmeter.spark.Nights.Scanned;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.parquet.io.api.Binary;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetricTablesTest {
    private static final SparkSession SPARK = LocalSpark.session();

    @TempDir
    Path folder = Path.of("");

    private int stores;

    private static MetricTables open(Object path) {
        return open(path, Map.of());
    }

    private static MetricTables open(Object path, Map<String, String> names) {
        return MetricTables.open(SPARK, path.toString(), new ColumnMapping(names));
    }

    private static Dataset<Row> steps(Object path, Map<String, String> names) {
        return open(path, names).read("steps").orElseThrow();
    }

    private Scanned scan(Object metrics) {
        return scan(metrics, Map.of());
    }

    private Scanned scan(Object metrics, Map<String, String> names) {
        return Nights.scan(SPARK, metrics, folder.resolve("store-" + stores++), names, Nights.SMALL_WINDOWS);
    }

    @Test
    void theOutputOfAnImportIsReadAsItsManifestSays() throws IOException {
        Path output = folder.resolve("fleet");
        FleetSpec fleet = FleetSpec.small(3)
                .withFaults(0, List.of())
                .withRuns(1)
                .withWorkers(1)
                .withSteps(20);
        SimulateJob.run(SPARK, output.toString(), fleet, message -> {});
        SimulateJob.run(SPARK, output.toString(), fleet.withRuns(2), message -> {});

        MetricTables tables = open(output);

        assertThat(tables.names())
                .contains("runs", "attempts", "topology", "steps")
                .doesNotContain("labels");
        assertThat(tables.read("runs").orElseThrow().count()).isEqualTo(2);
        assertThat(tables.files("steps").get(0).path()).contains("attempt-000002");
        assertThat(tables.has("layers")).isFalse();
        assertThat(tables.read("layers")).isEmpty();
        StructType schema = SPARK.read()
                .parquet(Path.of(tables.files("steps").get(0).path().replace("file:", ""))
                        .toString())
                .schema();
        assertThat(schema.apply(0).metadata().getLong(Schemas.VERSION_KEY)).isEqualTo(Schemas.VERSION);
        Files.writeString(output.resolve("manifest.json"), "{}");
        Files.deleteIfExists(output.resolve(".manifest.json.crc"));
        assertThatThrownBy(() -> open(output))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("names no attempt");
    }

    @Test
    void aFolderOfTablesAFolderOfStepsAndAFile() {
        Path file = StepFile.of().steps("a", 0, 1, 0, 10).write(folder.resolve("tables/steps/deep/x.parquet"));
        StepFile.of("required binary run_id (STRING); optional binary project (STRING);")
                .row("a", "p")
                .row("b", null)
                .write(folder.resolve("tables/runs/r.parquet"));

        assertThat(open(folder.resolve("tables")).names()).containsExactly("runs", "steps");
        assertThat(open(folder.resolve("tables/steps")).names()).containsExactly("steps");
        assertThat(open(file).names()).containsExactly("steps");
        assertThat(scan(folder.resolve("tables")).points()).hasSize(20);
        assertThat(scan(folder.resolve("tables/steps")).points()).hasSize(20);
        assertThat(scan(file).points()).hasSize(20);
        assertThat(scan(file.toUri()).points()).hasSize(20);
        assertThat(scan(Path.of("").toAbsolutePath().relativize(file.toAbsolutePath()))
                        .points())
                .hasSize(20);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "100%25 ü#+", "[1]", "{a,b}*", "x=y", "t:12"})
    void pathsMayHoldAnyCharacter(String name) {
        // Hadoop itself cannot open a local file with a colon in its name.
        String file = "p" + name.replace(':', '-') + ".parquet";
        StepFile.of().steps("a", 0, 1, 0, 10).write(folder.resolve(name).resolve(file));
        StepFile.of().steps("a", 0, 1, 10, 20).write(folder.resolve(name).resolve("q.parquet"));

        assertThat(scan(folder.resolve(name)).points()).hasSize(40);
    }

    @Test
    void filesSparkWritesAboutItselfAndHiddenOnesArePassedOver() throws IOException {
        StepFile.of().steps("a", 0, 0, 0, 10).write(folder.resolve("t/a.parquet"));
        Files.writeString(folder.resolve("t/_SUCCESS"), "");
        Files.writeString(folder.resolve("t/.hidden"), "x");
        StepFile.of().steps("b", 0, 0, 0, 10).write(folder.resolve("t/_temporary/0/b.parquet"));

        Scanned scanned = scan(folder.resolve("t"));

        assertThat(scanned.points()).hasSize(20);
        assertThat(scanned.rejected()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "17", "2026-01-01", "1e3"})
    void columnsMayStandInTheNamesOfFolders(String run) {
        String columns = StepFile.COLUMNS.replace("optional binary run_id (STRING); optional int32 attempt;", "");
        Path table = folder.resolve("t");
        for (String of : List.of(run, "42")) {
            for (int attempt = 0; attempt < 2; attempt++) {
                StepFile file = StepFile.of(columns);
                for (long step = 0; step < 10; step++) {
                    file.row(null, step, StepFile.START_MICROS + step, "global", 1.5 + attempt, 2.0);
                }
                file.write(table.resolve("project=x/run_id=" + of + "/attempt=" + attempt + "/f.parquet"));
            }
        }

        Scanned scanned = scan(table);

        assertThat(scanned.points()).hasSize(2 * 2 * 10 * 2);
        assertThat(scanned.value(run, 1, 3, Metric.LOSS)).isEqualTo(2.5);
        assertThat(scanned.value("42", 0, 3, Metric.LOSS)).isEqualTo(1.5);
    }

    @Test
    void tablesOfTheCatalog() {
        Path file = StepFile.of().steps("a", 0, 2, 0, 30).write(folder.resolve("f.parquet"));
        Dataset<Row> frame = SPARK.read().parquet(file.toString());
        frame.createOrReplaceTempView("metric_tables_test_view");
        frame.repartition(3).write().mode("overwrite").saveAsTable("metric_tables_test");
        SPARK.sql("create database if not exists metric_tables_test_fleet");
        frame.write().mode("overwrite").saveAsTable("metric_tables_test_fleet.steps");
        frame.selectExpr("run_id", "'p' as project")
                .distinct()
                .write()
                .mode("overwrite")
                .saveAsTable("metric_tables_test_fleet.runs");
        try {
            Scanned expected = scan(file);
            assertThat(scan("metric_tables_test_view").points()).isEqualTo(expected.points());
            assertThat(scan("metric_tables_test").points()).isEqualTo(expected.points());
            MetricTables schema = open("metric_tables_test_fleet");
            assertThat(schema.names()).containsExactly("runs", "steps");
            assertThat(schema.catalogName("steps")).contains("metric_tables_test_fleet.steps");
            // A table of the catalog has no files of its own: it is read whole every night.
            Path store = folder.resolve("store");
            Nights.scan(SPARK, "metric_tables_test_fleet", store, Nights.SMALL_WINDOWS);
            Scanned again = Nights.scan(SPARK, "metric_tables_test_fleet", store, Nights.SMALL_WINDOWS);
            assertThat(again.plan().windows()).hasSize(1);
            assertThat(again.points()).isEqualTo(expected.points());
        } finally {
            SPARK.sql("drop view metric_tables_test_view");
            SPARK.sql("drop table metric_tables_test");
            SPARK.sql("drop database metric_tables_test_fleet cascade");
        }
    }

    @ParameterizedTest
    @CsvSource({"ms, 1000", "us, 1", "s, 1000000"})
    void foreignNamesAndUnitsAreBroughtToOurs(String unit, long micros) {
        Path file = StepFile.of(
                        "optional binary Experiment (STRING); optional int64 iter; optional int64 ts;"
                                + " optional float train_loss; optional int32 ntok; optional double step_ms; optional int64 rank;")
                .row("a", 5L, 1_790_000_000_000_000L / micros, 0.5f, 7, 250.0, 1L)
                .row("a", 6L, null, null, null, null, 1L)
                .write(folder.resolve("f.parquet"));
        Map<String, String> names = Map.of(
                "experiment", "run_id",
                "Iter", "step",
                "ts", "time@" + unit,
                "train_loss", "loss",
                "ntok", "tokens",
                "step_ms", "step_seconds@ms",
                "rank", "worker");

        Row row = steps(file, names)
                .selectExpr("*", "unix_micros(time) as micros")
                .first();

        assertThat(row.<Long>getAs("micros")).isEqualTo(1_790_000_000_000_000L);
        assertThat(row.<Double>getAs("loss")).isEqualTo(0.5);
        assertThat(row.<Double>getAs("tokens")).isEqualTo(7.0);
        assertThat(row.<Double>getAs("step_seconds")).isEqualTo(0.25);
        assertThat(row.<Integer>getAs("worker")).isEqualTo(1);
        assertThat(scan(file, names).value("a", 0, 5, Metric.STEP_SECONDS)).isEqualTo(0.25);
    }

    @Test
    void aColumnByOurOwnNameGoesBeforeAMappedOne() {
        Path file = StepFile.of("optional binary run_id (STRING); optional int64 step; optional double train_loss;"
                        + " optional double loss; optional double val_loss;")
                .row("a", 5L, 1.0, 2.0, 3.0)
                .write(folder.resolve("f.parquet"));

        Row row = steps(file, Map.of("train_loss", "loss", "val_loss", "eval_loss"))
                .first();

        assertThat(row.<Double>getAs("loss")).isEqualTo(2.0);
        assertThat(row.<Double>getAs("eval_loss")).isEqualTo(3.0);
    }

    @Test
    void missingOptionalColumnsAreAbsent() {
        Path file = StepFile.of("required binary run_id (STRING); required int64 step; optional double loss;")
                .row("a", 5L, 1.0)
                .write(folder.resolve("f.parquet"));

        assertThat(steps(file, Map.of()).columns()).containsExactly("run_id", "step", "loss");
        assertThat(scan(file).point("a", 0, 5, Metric.LOSS)).startsWith("1.0 of 0 ");
    }

    @ParameterizedTest
    @CsvSource({
        "optional binary run_id (STRING); optional int64 stepp;, has no column 'step' (bigint), stepp",
        "optional binary run_id (STRING); optional double step;, column 'step' is double, expected bigint",
        "optional int64 run_id; optional int64 step;, column 'run_id' is bigint, expected string",
        "optional binary run_id (STRING); optional int64 step; optional binary loss (STRING);,"
                + " column 'loss' is string, expected double",
        "optional binary run_id (STRING); optional int64 step; optional int64 time;,"
                + " column 'time' is bigint, expected timestamp"
    })
    void whatCannotBeReadIsSaidWithFileColumnGotAndWanted(String columns, String wrong, String further) {
        Path file = StepFile.of(columns).write(folder.resolve("f.parquet"));

        assertThatThrownBy(() -> open(file))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("table 'steps' (file:" + file + ")")
                .hasMessageContaining(wrong)
                .hasMessageContaining(further == null ? "" : further);
    }

    @Test
    void whereNothingIsItIsSaid() throws IOException {
        Files.createDirectories(folder.resolve("empty"));

        assertThatThrownBy(() -> open(folder.resolve("no such")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no such file or folder, and no table or schema of this name");
        assertThatThrownBy(() -> open(folder.resolve("empty")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("holds no Parquet file");
    }

    @Test
    void schemasMayDifferBetweenFiles() {
        Path table = folder.resolve("t");
        StepFile.of().steps("a", 0, 0, 0, 10).write(table.resolve("a.parquet"));
        StepFile.of("optional double loss; optional int64 step; optional binary run_id (STRING);")
                .row(1.0, 20L, "a")
                .write(table.resolve("b.parquet"));
        StepFile.of("optional float loss; optional int32 step; optional binary run_id (STRING); optional int64 tokens;")
                .row(1.5f, 21, "a", 3L)
                .write(table.resolve("c.parquet"));
        StepFile.of("optional double step; optional binary run_id (STRING);")
                .row(1.5, "a")
                .write(table.resolve("d.parquet"));

        Scanned scanned = scan(table);

        assertThat(scanned.value("a", 0, 20, Metric.LOSS)).isEqualTo(1.0);
        assertThat(scanned.value("a", 0, 21, Metric.LOSS)).isEqualTo(1.5);
        assertThat(scanned.value("a", 0, 21, Metric.TOKENS)).isEqualTo(3.0);
        assertThat(scanned.rejected())
                .singleElement()
                .satisfies(file -> assertThat(file.file()).endsWith("d.parquet"))
                .extracting(Rejection::reason)
                .isEqualTo("column 'step' is double, expected bigint");
    }

    @Test
    void columnsThatDifferOnlyInCase() {
        Path table = folder.resolve("t");
        StepFile.of().steps("a", 0, 0, 0, 10).write(table.resolve("a.parquet"));
        StepFile.of("optional binary run_id (STRING); optional int64 step; optional double loss; optional double Loss;")
                .row("a", 20L, 1.0, 2.0)
                .write(table.resolve("b.parquet"));

        Scanned scanned = scan(table);

        assertThat(scanned.points()).hasSize(20);
        assertThat(scanned.rejected())
                .singleElement()
                .extracting(Rejection::reason)
                .isEqualTo("its columns 'loss' and 'Loss' differ only in case. Rename one of them");
    }

    @Test
    void filesBesideFoldersOfPartitionsAreReadToo() {
        Path table = folder.resolve("t");
        StepFile.of().steps("a", 0, 0, 0, 10).write(table.resolve("a.parquet"));
        StepFile.of().steps("b", 0, 0, 0, 10).write(table.resolve("project=x/b.parquet"));
        StepFile.of().steps("c", 0, 0, 0, 10).write(table.resolve("owner=x/c.parquet"));

        assertThat(scan(table).points()).hasSize(60);
    }

    @Test
    void numbersBeyondOurTypesAreNoReasonToFail() {
        Path file = StepFile.of("optional binary run_id (STRING); optional int64 worker; optional int64 step;"
                        + " optional double time; optional double loss; optional int64 step_span;")
                .row("a", 1L << 40, 1L, 1.5, 1.0, 1L)
                .row("a", 2L, 2L, Double.NaN, 2.0, 1L << 40)
                .row("a", 2L, 3L, 1e300, 3.0, 1L)
                .write(folder.resolve("f.parquet"));

        Scanned scanned = scan(file, Map.of("time", "time@s"));

        assertThat(scanned.value("a", 0, 2, Metric.LOSS)).isEqualTo(2.0);
        assertThat(scanned.value("a", 0, 3, Metric.LOSS)).isEqualTo(3.0);
        assertThat(scanned.rejected())
                .singleElement()
                .extracting(Rejection::count)
                .isEqualTo(1L);
    }

    @Test
    void timesOfEitherKindAreTheSame() {
        long micros = 1_790_000_000_123_456L;
        Path table = folder.resolve("t");
        String columns = "optional binary run_id (STRING); optional int64 step; optional %s; optional double loss;";
        StepFile.of(String.format(columns, "int96 time"))
                .row("a", 1L, int96(micros), 1.0)
                .write(table.resolve("a.parquet"));
        StepFile.of(String.format(columns, "int64 time (TIMESTAMP(MICROS,true))"))
                .row("a", 2L, micros, 1.0)
                .write(table.resolve("b.parquet"));
        StepFile.of(String.format(columns, "int64 time (TIMESTAMP(MILLIS,true))"))
                .row("a", 3L, micros / 1000, 1.0)
                .write(table.resolve("c.parquet"));

        Map<Long, Long> times = new java.util.TreeMap<>();
        for (Row row :
                steps(table, Map.of()).selectExpr("step", "unix_micros(time)").collectAsList()) {
            times.put(row.getLong(0), row.getLong(1));
        }

        assertThat(times)
                .containsExactly(Map.entry(1L, micros), Map.entry(2L, micros), Map.entry(3L, micros / 1000 * 1000));
        assertThat(scan(table).points()).hasSize(3);
    }

    private static Binary int96(long micros) {
        long day = Math.floorDiv(micros, 86_400_000_000L);
        ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(Math.floorMod(micros, 86_400_000_000L) * 1000)
                .putInt((int) (day + 2_440_588))
                .flip();
        return Binary.fromConstantByteBuffer(bytes);
    }
}
