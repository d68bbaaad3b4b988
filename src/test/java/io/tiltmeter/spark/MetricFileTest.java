package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.LayerRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.Scope;
import io.tiltmeter.model.ShardRecord;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.column.Encoding;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricFileTest {
    @TempDir
    java.nio.file.Path root;

    private final SparkSession spark = LocalSpark.session();
    private final Configuration configuration = new Configuration();

    @Test
    void everyTableReadsBackWithItsSchema() throws IOException {
        write("steps", f -> f.append(step(3, new MetricValues().set(Metric.LOSS, 0.5))));
        write(
                "layers",
                f -> f.append(new LayerRecord(
                        "r", 1, 2, 3, "dense", 0, 10L, 1.5, .5, 2.0, .25, 1L, 3.0, 4.0, .1, .2, .3, .4, .5)));
        write("events", f -> f.append(new EventRecord("r", 1, StepRecord.NO_WORKER, null, 7L, "restart", "why")));
        write("shards", f -> f.append(new ShardRecord("r", 1, 2, 3, "part-0", 4L, 5L)));
        write("topology", f -> f.append(new TopologyRecord("r", 1, 2, "h", "cpu", 2, null, null, null, null)));
        write("attempts", f -> f.append(new AttemptRecord("r", 1, 5L, 0L, null, 4, 128L, null)));
        write("runs", f -> f.append(RunRecord.of("r", "p", Map.of("lr", "0.1", "batch", "32"))));

        for (String table : List.of("steps", "layers", "events", "shards", "topology", "attempts", "runs")) {
            assertThat(spark.read().parquet(folder(table)).schema()).isEqualTo(Schemas.asRead(table));
        }
        MetricTables tables = MetricTables.open(spark, root.toString(), new ColumnMapping(Map.of()));
        assertThat(tables.rejected()).isEmpty();
        Row layer = tables.rows("layers").get(0);
        assertThat(layer.<Double>getAs("activation_saturated_fraction")).isEqualTo(.4);
        assertThat(layer.<Long>getAs("non_finite_count")).isEqualTo(1);
        Row run = tables.rows("runs").get(0);
        assertThat(run.<String, String>getJavaMap(run.fieldIndex("attributes")))
                .isEqualTo(Map.of("lr", "0.1", "batch", "32"));
        Row event = tables.rows("events").get(0);
        assertThat(event.isNullAt(event.fieldIndex("worker"))).isTrue();
        assertThat(event.<java.sql.Timestamp>getAs("time").toInstant())
                .isEqualTo(java.time.Instant.ofEpochSecond(0, 7000));
    }

    @Test
    void isEncodedAsSparkEncodesIt() throws IOException {
        write("steps", f -> f.append(step(3, new MetricValues().set(Metric.LOSS, 0.5))));
        spark.read()
                .parquet(folder("steps"))
                .coalesce(1)
                .write()
                .parquet(root.resolve("spark").toString());

        assertThat(footer(root.resolve("steps"))).isEqualTo(footer(root.resolve("spark")));
    }

    @Test
    void nonFiniteValuesAndNullsSurvive() throws IOException {
        MetricValues values = new MetricValues()
                .set(Metric.LOSS, Double.NaN)
                .set(Metric.GRAD_NORM, Double.POSITIVE_INFINITY)
                .set(Metric.PARAM_NORM, Double.NEGATIVE_INFINITY);
        write("steps", f -> f.append(step(3, values)));

        Row row = spark.read().parquet(folder("steps")).first();
        assertThat(row.<Double>getAs("loss")).isNaN();
        assertThat(row.<Double>getAs("grad_norm")).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(row.<Double>getAs("param_norm")).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(row.<Double>getAs("update_norm")).isNull();
        assertThat(row.<String>getAs("batch_hash")).isNull();
    }

    @Test
    void isInvisibleBeforeItIsCommittedAndGoneIfItNeverIs() throws IOException {
        write("runs", f -> f.append(RunRecord.of("r", null, Map.of())));
        try (MetricFile file = create("steps")) {
            file.append(step(1, new MetricValues()));
            assertThat(file.rows()).isEqualTo(1);
            MetricTables tables = MetricTables.open(spark, root.toString(), new ColumnMapping(Map.of()));
            assertThat(tables.names()).containsExactly("runs");
            assertThat(tables.rejected()).isEmpty();
        }

        assertThat(names("steps")).isEmpty();
    }

    @Test
    void aSecondTryReplacesTheFirst() throws IOException {
        write("steps", f -> {
            f.append(step(1, new MetricValues()));
            f.append(step(2, new MetricValues()));
        });
        write("steps", f -> f.append(step(1, new MetricValues().set(Metric.LOSS, 2))));

        assertThat(names("steps")).containsExactly("r-0.parquet");
        List<Row> rows = spark.read().parquet(folder("steps")).collectAsList();
        assertThat(rows).hasSize(1);
        assertThat(rows.get(0).<Double>getAs("loss")).isEqualTo(2);
    }

    @Test
    void twoTriesAtOnceLeaveOneWholeFile() throws IOException {
        try (MetricFile zombie = create("steps");
                MetricFile retry = create("steps")) {
            zombie.append(step(1, new MetricValues()));
            retry.append(step(1, new MetricValues()));
            retry.commit();
            zombie.commit();
        }

        assertThat(names("steps")).containsExactly("r-0.parquet");
        assertThat(spark.read().parquet(folder("steps")).count()).isEqualTo(1);
    }

    @Test
    void saysWhatItWillNotTake() throws IOException {
        assertThatThrownBy(() -> MetricFile.create("steps", new Path(folder("steps")), "_x", configuration))
                .hasMessage("Name of a file of table 'steps' is '_x', expected one without / \\ : that begins with"
                        + " neither _ nor .");
        try (MetricFile file = create("steps")) {
            assertThatThrownBy(() -> file.append(RunRecord.of("r", null, Map.of())))
                    .hasMessage("File 'r-0.parquet' got a row of table 'runs', expected 'steps'");
            file.commit();
            assertThatThrownBy(() -> file.append(step(1, new MetricValues())))
                    .hasMessage("File 'r-0.parquet' is closed");
        }
    }

    @Test
    void anyRunIdMakesAFileName() {
        assertThat(MetricFile.fileName("run-1.a_b")).isEqualTo("run-1.a_b");
        assertThat(MetricFile.fileName("_a/b:c")).isEqualTo("%5Fa%2Fb%3Ac");
        assertThat(MetricFile.fileName(".é%")).isEqualTo("%2E%C3%A9%25");
    }

    private interface Filling {
        void into(MetricFile file) throws IOException;
    }

    private void write(String table, Filling rows) throws IOException {
        try (MetricFile file = create(table)) {
            rows.into(file);
            file.commit();
        }
    }

    private MetricFile create(String table) throws IOException {
        return MetricFile.create(table, new Path(folder(table)), "r-0.parquet", configuration);
    }

    private String folder(String table) {
        return root.resolve(table).toString();
    }

    private List<String> names(String table) throws IOException {
        try (Stream<java.nio.file.Path> files = Files.list(root.resolve(table))) {
            return files.map(f -> f.getFileName().toString()).toList();
        }
    }

    private static StepRecord step(long step, MetricValues values) {
        return new StepRecord("r", 1, 2, step, 1_000_000L * step, Scope.LOCAL, 1, values, null, null, null);
    }

    /** Schema, codecs and encodings of the only file of a folder, and Spark's own schema in it. */
    private List<String> footer(java.nio.file.Path folder) throws IOException {
        Optional<java.nio.file.Path> file;
        try (Stream<java.nio.file.Path> files = Files.list(folder)) {
            file = files.filter(f -> f.getFileName().toString().endsWith(".parquet")
                            && !f.getFileName().toString().startsWith("."))
                    .findFirst();
        }
        // A column that may not be null lacks definition levels; Spark reads and writes it as one that may.
        try (var reader = org.apache.parquet.hadoop.ParquetFileReader.open(
                org.apache.parquet.hadoop.util.HadoopInputFile.fromPath(
                        new Path(file.orElseThrow().toString()), configuration))) {
            var meta = reader.getFooter();
            return List.of(
                    meta.getFileMetaData()
                            .getSchema()
                            .toString()
                            .replace("required binary run_id", "optional binary run_id")
                            .replace("required int64 step;", "optional int64 step;"),
                    String.valueOf(meta.getFileMetaData().getKeyValueMetaData().get("org.apache.spark.version")),
                    meta.getBlocks().get(0).getColumns().stream()
                            .map(c -> c.getPath() + " " + c.getCodec() + " "
                                    + c.getEncodings().stream()
                                            .filter(e -> e != Encoding.BIT_PACKED && e != Encoding.RLE)
                                            .sorted()
                                            .toList())
                            .toList()
                            .toString());
        }
    }
}
