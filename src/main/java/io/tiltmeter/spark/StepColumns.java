package io.tiltmeter.spark;

import io.tiltmeter.blocks.Slice;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import java.io.Serializable;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Where the columns of the {@code steps} table lie in a row; those a table does not have are absent.
 *
 * @param metrics ordinals of the metrics there are
 * @param at place of each of them in the row
 */
record StepColumns(int run, int attempt, int worker, int step, int time, int scope, int span, int[] metrics, int[] at)
        implements Serializable {
    private static final int ABSENT = -1;

    /** The places by the names of a row's columns. */
    static StepColumns of(List<String> names) {
        List<Metric> metrics = List.of(Metric.values()).stream()
                .filter(metric -> names.contains(metric.column()))
                .toList();
        return new StepColumns(
                names.indexOf("run_id"),
                names.indexOf("attempt"),
                names.indexOf("worker"),
                names.indexOf("step"),
                names.indexOf("time"),
                names.indexOf("scope"),
                names.indexOf("step_span"),
                metrics.stream().mapToInt(Metric::ordinal).toArray(),
                metrics.stream()
                        .mapToInt(metric -> names.indexOf(metric.column()))
                        .toArray());
    }

    /** Names of the columns of the table that the scan reads. */
    static List<String> names() {
        return Stream.concat(
                        Stream.of("run_id", "attempt", "worker", "step", "time", "scope", "step_span"),
                        Stream.of(Metric.values()).map(Metric::column))
                .toList();
    }

    int attemptOf(InternalRow row) {
        return has(row, attempt) ? row.getInt(attempt) : 0;
    }

    int workerOf(InternalRow row) {
        return has(row, worker) ? row.getInt(worker) : StepRecord.NO_WORKER;
    }

    /** Microseconds since the epoch, {@link Slice#NO_TIME} where none was logged. */
    long timeOf(InternalRow row) {
        return has(row, time) ? row.getLong(time) : Slice.NO_TIME;
    }

    int spanOf(InternalRow row) {
        return has(row, span) ? Math.max(1, row.getInt(span)) : 1;
    }

    /** Without a scope, values of a worker are taken for its own, as data-parallel loggers without a reduction write. */
    boolean isLocal(InternalRow row) {
        if (!has(row, scope)) {
            return has(row, worker);
        }
        UTF8String text = row.getUTF8String(scope);
        return text.numBytes() > 0 && text.getByte(0) == 'l';
    }

    private static boolean has(InternalRow row, int column) {
        return column != ABSENT && !row.isNullAt(column);
    }
}
