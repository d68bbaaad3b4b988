package io.tiltmeter.spark;

import io.tiltmeter.blocks.Slice;
import io.tiltmeter.blocks.Source;
import io.tiltmeter.blocks.StepBatch;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.vectorized.WritableColumnVector;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/** Reads rows of the {@code steps} table into {@link StepBatch}es, from rows or a column at a time. */
abstract class StepReader {
    /** Number of the run of a row that is not asked for or belongs nowhere. */
    private static final int NOT_WANTED = -1;

    final StepColumns columns;
    private final Map<UTF8String, Integer> numbers = new HashMap<>();
    private final List<String> runIds = new ArrayList<>();
    private boolean all;
    private String file = "";
    private UTF8String lastRun = UTF8String.EMPTY_UTF8;
    private int lastNumber = NOT_WANTED;

    private StepReader(StepColumns columns) {
        this.columns = columns;
    }

    /** A reader of column batches, which is the faster. */
    static StepReader ofBatches(Iterator<ColumnarBatch> batches, StepColumns columns) {
        return new OfBatches(batches, columns);
    }

    static StepReader ofRows(Iterator<InternalRow> rows, StepColumns columns) {
        return new OfRows(rows, columns);
    }

    /** Fills the batch with the next rows; false when there are none. */
    abstract boolean read(StepBatch batch);

    /** Number of a run in {@link StepBatch#runs}, given out when it is asked for; rows of other runs are not wanted. */
    int number(String runId) {
        return add(UTF8String.fromString(runId));
    }

    /** From now on all runs are wanted, and numbered as they come. */
    void numberAll() {
        all = true;
    }

    /** The run with a number. */
    String runId(int number) {
        return runIds.get(number);
    }

    /** File that the rows of the last batch are from, as a URI; {@code ""} when they are from none. */
    String file() {
        return file;
    }

    private int add(UTF8String run) {
        Integer known = numbers.putIfAbsent(run, runIds.size());
        if (known == null) {
            runIds.add(run.toString());
            return runIds.size() - 1;
        }
        return known;
    }

    void beginBatch() {
        file = InternalFrames.fileOfTask();
    }

    int number(UTF8String run) {
        if (!run.equals(lastRun)) {
            // Rows are reused by their producer: what is kept is copied.
            lastRun = run.clone();
            lastNumber = all ? add(lastRun) : numbers.getOrDefault(lastRun, NOT_WANTED);
        }
        return lastNumber;
    }

    private static final class OfRows extends StepReader {
        private static final int ROWS = 1024;

        private final Iterator<InternalRow> rows;

        OfRows(Iterator<InternalRow> rows, StepColumns columns) {
            super(columns);
            this.rows = rows;
        }

        @Override
        boolean read(StepBatch batch) {
            if (!rows.hasNext()) {
                return false;
            }
            beginBatch();
            batch.clear(ROWS);
            int[] metrics = columns.metrics();
            int[] at = columns.at();
            double[][] values = new double[metrics.length][];
            for (int m = 0; m < metrics.length; m++) {
                values[m] = batch.fill(metrics[m]);
            }
            int[] hashesAt = columns.hashesAt();
            double[][] hashes = new double[hashesAt.length][];
            for (int h = 0; h < hashes.length; h++) {
                hashes[h] = batch.fill(columns.hashes()[h]);
            }
            int i = 0;
            for (; i < ROWS && rows.hasNext() && InternalFrames.fileOfTask().equals(file()); i++) {
                InternalRow row = rows.next();
                if (!columns.usable(row)) {
                    batch.runs[i] = NOT_WANTED;
                    continue;
                }
                batch.runs[i] = number(row.getUTF8String(columns.run()));
                batch.attempts[i] = columns.attemptOf(row);
                batch.steps[i] = row.getLong(columns.step());
                batch.times[i] = columns.timeOf(row);
                batch.spans[i] = columns.spanOf(row);
                batch.sources[i] = Source.of(columns.workerOf(row), columns.isLocal(row));
                for (int m = 0; m < metrics.length; m++) {
                    values[m][i] = row.isNullAt(at[m]) ? Slice.ABSENT : row.getDouble(at[m]);
                }
                for (int h = 0; h < hashes.length; h++) {
                    hashes[h][i] =
                            row.isNullAt(hashesAt[h]) ? Slice.ABSENT : StepColumns.hash(row.getUTF8String(hashesAt[h]));
                }
            }
            batch.size = i;
            return true;
        }
    }

    private static final class OfBatches extends StepReader {
        private final Iterator<ColumnarBatch> batches;

        OfBatches(Iterator<ColumnarBatch> batches, StepColumns columns) {
            super(columns);
            this.batches = batches;
        }

        @Override
        boolean read(StepBatch batch) {
            if (!batches.hasNext()) {
                return false;
            }
            ColumnarBatch from = batches.next();
            beginBatch();
            int n = from.numRows();
            batch.clear(n);
            batch.size = n;
            longs(from, columns.step(), n, StepColumns.NO_STEP, batch.steps);
            longs(from, columns.time(), n, Slice.NO_TIME, batch.times);
            ints(from, columns.attempt(), n, 0, batch.attempts);
            ints(from, columns.span(), n, 1, batch.spans);
            ints(from, columns.worker(), n, StepRecord.NO_WORKER, batch.sources);
            runs(from.column(columns.run()), n, batch);
            scopes(from, n, batch);
            int[] metrics = columns.metrics();
            for (int m = 0; m < metrics.length; m++) {
                ColumnVector column = from.column(columns.at()[m]);
                if (!isEmpty(column, n)) {
                    doubles(column, n, batch.fill(metrics[m]));
                }
            }
            for (int h = 0; h < columns.hashes().length; h++) {
                ColumnVector column = from.column(columns.hashesAt()[h]);
                if (!isEmpty(column, n)) {
                    hashes(column, n, batch.fill(columns.hashes()[h]));
                }
            }
            return true;
        }

        /** Numbers the runs, and marks rows that cannot be placed; {@code sources} still holds the workers. */
        private void runs(ColumnVector column, int n, StepBatch batch) {
            DictionaryIds ids = new DictionaryIds(column);
            for (int i = 0; i < n; i++) {
                if (column.isNullAt(i) || !StepColumns.usable(batch.steps[i], batch.sources[i])) {
                    batch.runs[i] = NOT_WANTED;
                } else if (i > 0 && batch.runs[i - 1] != NOT_WANTED && ids.same(i, i - 1)) {
                    batch.runs[i] = batch.runs[i - 1];
                } else {
                    batch.runs[i] = number(column.getUTF8String(i));
                }
            }
        }

        /** Turns workers into sources. */
        private void scopes(ColumnarBatch from, int n, StepBatch batch) {
            if (columns.scope() == StepColumns.ABSENT) {
                for (int i = 0; i < n; i++) {
                    batch.sources[i] = Source.of(batch.sources[i], true);
                }
                return;
            }
            ColumnVector column = from.column(columns.scope());
            DictionaryIds ids = new DictionaryIds(column);
            boolean anyNull = column.hasNull();
            boolean local = false;
            for (int i = 0; i < n; i++) {
                if (anyNull && column.isNullAt(i)) {
                    batch.sources[i] = Source.of(batch.sources[i], true);
                    continue;
                }
                if (i == 0 || (anyNull && column.isNullAt(i - 1)) || !ids.same(i, i - 1)) {
                    local = StepColumns.isLocal(column.getUTF8String(i));
                }
                batch.sources[i] = Source.of(batch.sources[i], local);
            }
        }

        private static boolean isEmpty(ColumnVector column, int n) {
            return column instanceof WritableColumnVector writable ? writable.numNulls() >= n : false;
        }

        private static void longs(ColumnarBatch from, int place, int n, long missing, long[] to) {
            if (place == StepColumns.ABSENT) {
                Arrays.fill(to, 0, n, missing);
                return;
            }
            ColumnVector column = from.column(place);
            if (!column.hasNull()) {
                System.arraycopy(column.getLongs(0, n), 0, to, 0, n);
                return;
            }
            for (int i = 0; i < n; i++) {
                to[i] = column.isNullAt(i) ? missing : column.getLong(i);
            }
        }

        private static void ints(ColumnarBatch from, int place, int n, int missing, int[] to) {
            if (place == StepColumns.ABSENT) {
                Arrays.fill(to, 0, n, missing);
                return;
            }
            ColumnVector column = from.column(place);
            if (!column.hasNull()) {
                System.arraycopy(column.getInts(0, n), 0, to, 0, n);
                return;
            }
            for (int i = 0; i < n; i++) {
                to[i] = column.isNullAt(i) ? missing : column.getInt(i);
            }
        }

        private static void hashes(ColumnVector column, int n, double[] to) {
            for (int i = 0; i < n; i++) {
                to[i] = column.isNullAt(i) ? Slice.ABSENT : StepColumns.hash(column.getUTF8String(i));
            }
        }

        private static void doubles(ColumnVector column, int n, double[] to) {
            if (!column.hasNull()) {
                System.arraycopy(column.getDoubles(0, n), 0, to, 0, n);
                return;
            }
            for (int i = 0; i < n; i++) {
                to[i] = column.isNullAt(i) ? Slice.ABSENT : column.getDouble(i);
            }
        }
    }

    /** Tells equal neighbours in a column of strings by their place in the file's dictionary, without making strings. */
    private static final class DictionaryIds {
        private final @Nullable WritableColumnVector ids;

        DictionaryIds(ColumnVector column) {
            ids = column instanceof WritableColumnVector writable && writable.hasDictionary()
                    ? writable.getDictionaryIds()
                    : null;
        }

        boolean same(int i, int j) {
            return ids != null && ids.getDictId(i) == ids.getDictId(j);
        }
    }
}
