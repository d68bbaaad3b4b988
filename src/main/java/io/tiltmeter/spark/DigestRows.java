package io.tiltmeter.spark;

import io.tiltmeter.blocks.Digest;
import io.tiltmeter.model.Metric;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Digests as rows and back: for each window one row with metric {@code ""} that holds what all metrics share, and one row
 * for each metric. Arrays are copied whole between Java and the row.
 */
final class DigestRows {
    private DigestRows() {}

    private static final DataType LONGS = DataTypes.createArrayType(DataTypes.LongType, false);
    private static final DataType INTS = DataTypes.createArrayType(DataTypes.IntegerType, false);
    private static final DataType DOUBLES = DataTypes.createArrayType(DataTypes.DoubleType, false);

    static final StructType SCHEMA = new StructType()
            .add("run_id", DataTypes.StringType, false)
            .add("attempt", DataTypes.IntegerType, false)
            .add("window", DataTypes.LongType, false)
            .add("metric", DataTypes.StringType, false)
            .add("steps", LONGS, false)
            // Of the shared row only:
            .add("times", LONGS, true)
            .add("spans", INTS, true)
            .add("rows", DataTypes.LongType, true)
            .add("duplicates", DataTypes.LongType, true)
            .add("conflicts", DataTypes.LongType, true)
            .add("first_conflict_step", DataTypes.LongType, true)
            .add("first_conflict_worker", DataTypes.IntegerType, true)
            // Of a metric's row only; across workers at each step:
            .add("value", DOUBLES, true)
            .add("count", INTS, true)
            .add("median", DOUBLES, true)
            .add("mad", DOUBLES, true)
            .add("outlier", INTS, true)
            .add("outlier_value", DOUBLES, true)
            .add("non_finite", INTS, true)
            .add("first_non_finite", INTS, true)
            // and of each worker over the steps:
            .add("worker", INTS, true)
            .add("worker_count", INTS, true)
            .add("worker_mean", DOUBLES, true)
            .add("worker_min", DOUBLES, true)
            .add("worker_max", DOUBLES, true)
            .add("worker_non_finite", INTS, true)
            .add("worker_outlier", INTS, true);

    private static final int WIDTH = SCHEMA.size();

    static List<InternalRow> rows(String runId, int attempt, long window, Digest digest) {
        List<InternalRow> rows = new ArrayList<>(1 + digest.series().size());
        UTF8String run = UTF8String.fromString(runId);
        Object[] shared = keys(run, attempt, window, "", digest.steps());
        shared[5] = array(digest.times());
        shared[6] = array(digest.spans());
        shared[7] = digest.rows();
        shared[8] = digest.duplicates();
        shared[9] = digest.conflicts();
        shared[10] = digest.firstConflictStep();
        shared[11] = digest.firstConflictWorker();
        rows.add(new GenericInternalRow(shared));
        for (Digest.Series series : digest.series()) {
            Object[] row = keys(run, attempt, window, Metric.of(series.metric()).column(), series.steps());
            row[12] = array(series.value());
            row[13] = array(series.count());
            row[14] = array(series.median());
            row[15] = array(series.mad());
            row[16] = array(series.outlier());
            row[17] = array(series.outlierValue());
            row[18] = array(series.nonFinite());
            row[19] = array(series.firstNonFinite());
            row[20] = array(series.worker());
            row[21] = array(series.workerCount());
            row[22] = array(series.workerMean());
            row[23] = array(series.workerMin());
            row[24] = array(series.workerMax());
            row[25] = array(series.workerNonFinite());
            row[26] = array(series.workerOutlier());
            rows.add(new GenericInternalRow(row));
        }
        return rows;
    }

    private static Object[] keys(UTF8String run, int attempt, long window, String metric, long[] steps) {
        Object[] row = new Object[WIDTH];
        row[0] = run;
        row[1] = attempt;
        row[2] = window;
        row[3] = UTF8String.fromString(metric);
        row[4] = array(steps);
        return row;
    }

    /** Whether this is the row that all metrics of a window share. */
    static boolean isShared(InternalRow row) {
        return row.getUTF8String(3).numBytes() == 0;
    }

    /** The digest of a shared row, with the given series. */
    static Digest digest(InternalRow row, List<Digest.Series> series) {
        return new Digest(
                row.getArray(4).toLongArray(),
                row.getArray(5).toLongArray(),
                row.getArray(6).toIntArray(),
                row.getLong(7),
                row.getLong(8),
                row.getLong(9),
                row.getLong(10),
                row.getInt(11),
                series);
    }

    /** The series of a metric's row. */
    static Digest.Series series(InternalRow row) {
        String column = row.getUTF8String(3).toString();
        Metric metric = Metric.byColumn(column)
                .orElseThrow(() -> new IllegalStateException("Digest holds unknown metric '" + column + "'"));
        return new Digest.Series(
                metric.ordinal(),
                row.getArray(4).toLongArray(),
                row.getArray(12).toDoubleArray(),
                row.getArray(13).toIntArray(),
                row.getArray(14).toDoubleArray(),
                row.getArray(15).toDoubleArray(),
                row.getArray(16).toIntArray(),
                row.getArray(17).toDoubleArray(),
                row.getArray(18).toIntArray(),
                row.getArray(19).toIntArray(),
                row.getArray(20).toIntArray(),
                row.getArray(21).toIntArray(),
                row.getArray(22).toDoubleArray(),
                row.getArray(23).toDoubleArray(),
                row.getArray(24).toDoubleArray(),
                row.getArray(25).toIntArray(),
                row.getArray(26).toIntArray());
    }

    private static UnsafeArrayData array(long[] values) {
        return UnsafeArrayData.fromPrimitiveArray(values);
    }

    private static UnsafeArrayData array(int[] values) {
        return UnsafeArrayData.fromPrimitiveArray(values);
    }

    private static UnsafeArrayData array(double[] values) {
        return UnsafeArrayData.fromPrimitiveArray(values);
    }
}
