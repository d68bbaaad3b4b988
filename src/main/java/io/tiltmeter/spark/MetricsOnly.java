package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;

import io.tiltmeter.model.Rejection;
import io.tiltmeter.spark.ParquetInput.DataFile;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Runs that logged, but nothing that stands in the {@code steps} table: all they have are rows of {@code metrics}. They are
 * not empty, and nothing can be said of them.
 *
 * <p>Only the column of run ids is read. For runs that the {@code runs} table names it is searched for those without steps;
 * for runs that stand nowhere else all of it is read, which is bounded: only where there are no steps at all, or where the
 * table's files hold at most {@value #MOST_ROWS} rows.
 *
 * @param runs their ids
 * @param rejected files of the table that turned out to be damaged
 */
record MetricsOnly(Set<String> runs, List<Rejection> rejected) {
    /** Up to so many rows (seconds of reading) runs are looked for that stand nowhere but in this table. */
    static final long MOST_ROWS = 20_000_000;

    private static final String TABLE = "metrics";
    private static final StructType RUN_ID = new StructType(new StructField[] {Schemas.METRICS.apply("run_id")});

    /**
     * Looks for them.
     *
     * @param withSteps ids of the runs that have steps
     * @param known ids of all runs that are known otherwise
     */
    static MetricsOnly find(MetricTables tables, Set<String> withSteps, Set<String> known) {
        Set<String> stepless = new TreeSet<>(known);
        stepless.removeAll(withSteps);
        boolean all = withSteps.isEmpty() || isSmall(tables);
        if (!tables.has(TABLE) || (stepless.isEmpty() && !all)) {
            return new MetricsOnly(Set.of(), List.of());
        }
        Set<String> damaged = new HashSet<>();
        List<Rejection> rejected = new ArrayList<>();
        while (true) {
            List<DataFile> files = tables.files(TABLE).stream()
                    .filter(file -> !damaged.contains(file.path()))
                    .toList();
            try {
                Set<String> runs = new TreeSet<>();
                for (String id : ids(tables, files, all ? Optional.empty() : Optional.of(stepless))) {
                    if (!withSteps.contains(id)) {
                        runs.add(id);
                    }
                }
                return new MetricsOnly(runs, rejected);
            } catch (Exception e) {
                // Spark throws checked exceptions from methods that declare none.
                Optional<String> file = ReadFailure.file(e);
                if (file.isEmpty() || !damaged.add(file.get())) {
                    throw e;
                }
                rejected.add(new Rejection(file.get(), 0, ReadFailure.damaged(e), 1, Rejection.Level.REJECTED));
            }
        }
    }

    private static boolean isSmall(MetricTables tables) {
        return tables.catalogName(TABLE).isEmpty()
                && tables.files(TABLE).stream().mapToLong(DataFile::rows).sum() <= MOST_ROWS;
    }

    private static List<String> ids(MetricTables tables, List<DataFile> files, Optional<Set<String>> wanted) {
        Optional<Dataset<Row>> column = tables.read(TABLE, RUN_ID, files);
        if (column.isEmpty()) {
            return List.of();
        }
        Dataset<Row> ids = column.get().filter(col("run_id").isNotNull());
        if (wanted.isPresent()) {
            ids = ids.filter(col("run_id").isin(wanted.get().toArray()));
        }
        return ids.distinct().collectAsList().stream()
                .map(row -> row.getString(0))
                .toList();
    }
}
