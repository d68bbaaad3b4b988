package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;

import io.tiltmeter.blocks.Channel;
import io.tiltmeter.spark.ParquetInput.DataFile;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * What a scan reads as steps: the {@code steps} table, or what workers logged in {@code metrics}, each name of each run as if
 * it were a run of its own with one channel, {@link Channel#VALUE}.
 */
enum StepsView {
    STEPS("steps"),
    WORKER_METRICS("metrics");

    /** Between the run and the name of the metric: a control character of its own, which names in logs do not have. */
    private static final String SEPARATOR = "\u001f";

    private static final StructType STEPS_COLUMNS = new StructType(
            StepColumns.names().stream().map(Schemas.STEPS::apply).toArray(StructField[]::new));
    private static final StructType METRICS_KEYS =
            new StructType(Stream.of("run_id", "attempt", "worker", "step", "name")
                    .map(Schemas.METRICS::apply)
                    .toArray(StructField[]::new));

    private final String table;

    StepsView(String table) {
        this.table = table;
    }

    /** Name of the table. */
    String table() {
        return table;
    }

    /** The keys of the rows in some files. */
    Optional<Dataset<Row>> keys(MetricTables tables, List<DataFile> files) {
        return this == STEPS
                ? tables.read(table, Survey.COLUMNS, files)
                : tables.read(table, METRICS_KEYS, files).map(StepsView::asRuns);
    }

    /** All columns of the rows in some files. */
    Optional<Dataset<Row>> rows(MetricTables tables, List<DataFile> files) {
        return this == STEPS
                ? tables.read(table, STEPS_COLUMNS, files)
                : tables.read(table, Schemas.METRICS, files).map(StepsView::asRuns);
    }

    private static Dataset<Row> asRuns(Dataset<Row> metrics) {
        List<String> names = List.of(metrics.columns());
        if (!names.contains("worker")) {
            return metrics.filter(lit(false));
        }
        Stream<Column> others = Stream.of("attempt", "worker", "step", "time", "value")
                .filter(names::contains)
                .map(name -> col(name));
        Column run = concat(col("run_id"), lit(SEPARATOR), col("name")).as("run_id");
        return metrics.filter(col("worker")
                        .isNotNull()
                        .and(col("run_id").isNotNull())
                        .and(col("name").isNotNull()))
                .select(Stream.concat(Stream.of(run), others).toArray(Column[]::new));
    }

    /** What of a plan is worth reading: of metrics, those that more than the first worker logged. */
    DigestPlan wanted(DigestPlan plan) {
        return this == STEPS ? plan : plan.ofWorkersAbove(0);
    }

    /** The id of a run's metric in the view of metrics. */
    static String id(String runId, String metric) {
        return runId + SEPARATOR + metric;
    }

    /** The run of an id in this view. */
    static String runId(String id) {
        int at = id.lastIndexOf(SEPARATOR);
        return at < 0 ? id : id.substring(0, at);
    }

    /** The name of the metric of an id in this view. */
    static String metric(String id) {
        return id.substring(id.lastIndexOf(SEPARATOR) + 1);
    }
}
