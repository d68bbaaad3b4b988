package io.tiltmeter.spark;

import io.tiltmeter.blocks.Channel;
import io.tiltmeter.blocks.Slice;
import io.tiltmeter.blocks.Source;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import java.io.Serializable;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Where the columns of the {@code steps} table lie in a row; those a table does not have are absent.
 *
 * @param metrics channels of the numbers there are
 * @param at place of each of them in the row
 * @param hashes channels of the hashes there are
 * @param hashesAt place of each of them in the row
 */
record StepColumns(
        int run,
        int attempt,
        int worker,
        int step,
        int time,
        int scope,
        int span,
        int[] metrics,
        int[] at,
        int[] hashes,
        int[] hashesAt)
        implements Serializable {
    /** Channels that hold hashes. */
    private static final List<Integer> HASHES = List.of(Channel.BATCH_HASH, Channel.PARAMETER_HASH);

    /** Place of a column that is not there. */
    static final int ABSENT = -1;

    private static final long HASH_SEED = 42;

    /** Stands for a step that is missing. */
    static final long NO_STEP = -1;

    /** Largest step that is taken for one; beyond it window arithmetic would overflow. */
    static final long MAX_STEP = 1L << 53;

    /** The places by the names of a row's columns. */
    static StepColumns of(List<String> names) {
        int[] metrics = IntStream.concat(IntStream.range(0, Metric.count()), IntStream.of(Channel.VALUE))
                .filter(channel -> names.contains(Channel.column(channel)))
                .toArray();
        int[] hashes = HASHES.stream()
                .mapToInt(channel -> channel)
                .filter(channel -> names.contains(Channel.column(channel)))
                .toArray();
        return new StepColumns(
                names.indexOf("run_id"),
                names.indexOf("attempt"),
                names.indexOf("worker"),
                names.indexOf("step"),
                names.indexOf("time"),
                names.indexOf("scope"),
                names.indexOf("step_span"),
                metrics,
                places(metrics, names),
                hashes,
                places(hashes, names));
    }

    private static int[] places(int[] channels, List<String> names) {
        return IntStream.of(channels)
                .map(channel -> names.indexOf(Channel.column(channel)))
                .toArray();
    }

    /** A hash as the number that stands for it in a block. */
    static double hash(UTF8String text) {
        return Channel.ofHash(
                XXH64.hashUnsafeBytes(text.getBaseObject(), text.getBaseOffset(), text.numBytes(), HASH_SEED));
    }

    /** Names of the columns of the table that the scan reads. */
    static List<String> names() {
        return Stream.of(
                        Stream.of("run_id", "attempt", "worker", "step", "time", "scope", "step_span"),
                        Stream.of(Metric.values()).map(Metric::column),
                        HASHES.stream().map(Channel::column))
                .flatMap(names -> names)
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

    /** Whether a row has a run, and a step and worker that can be placed in a block. */
    boolean usable(InternalRow row) {
        return !row.isNullAt(run) && !row.isNullAt(step) && usable(row.getLong(step), workerOf(row));
    }

    static boolean usable(long step, int worker) {
        return step >= 0
                && step <= MAX_STEP
                && (worker == StepRecord.NO_WORKER || (worker >= 0 && worker <= Source.MAX_WORKER));
    }

    /** Without a scope, values of a worker are taken for its own, as data-parallel loggers without a reduction write. */
    boolean isLocal(InternalRow row) {
        if (!has(row, scope)) {
            return has(row, worker);
        }
        return isLocal(row.getUTF8String(scope));
    }

    static boolean isLocal(UTF8String scope) {
        return scope.numBytes() > 0 && scope.getByte(0) == 'l';
    }

    private static boolean has(InternalRow row, int column) {
        return column != ABSENT && !row.isNullAt(column);
    }
}
