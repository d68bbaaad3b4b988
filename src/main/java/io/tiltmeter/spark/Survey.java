package io.tiltmeter.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * A quick pass over the keys of the {@code steps} table: which file holds which part of which run, and how densely it was
 * logged. From it follow the windows of the blocks, and later which attempts a new file touches.
 */
final class Survey {
    private Survey() {}

    /** Columns of the {@code steps} table that the survey reads. */
    static final StructType COLUMNS_OF_TABLE = new StructType(Stream.of("run_id", "attempt", "worker", "step", "time")
            .map(Schemas.STEPS::apply)
            .toArray(StructField[]::new));

    /**
     * Part of one attempt of one run in one file.
     *
     * @param minGap smallest distance between different steps that followed each other, 1 when there was only one step
     * @param maxTime last time in microseconds since the epoch, {@link Long#MIN_VALUE} without any
     * @param unusable rows without run or with a step that is missing, negative or absurd (then the run is {@code ""})
     */
    record Extent(
            String file,
            String runId,
            int attempt,
            long rows,
            long minStep,
            long maxStep,
            long minGap,
            int maxWorker,
            long maxTime,
            long unusable)
            implements Serializable {

        static final Comparator<Extent> ORDER =
                Comparator.comparing(Extent::file).thenComparing(Extent::runId).thenComparingInt(Extent::attempt);

        /** Of a file without any row. */
        static Extent none(String file) {
            return new Extent(file, "", 0, 0, 0, 0, 1, -1, Long.MIN_VALUE, 0);
        }

        boolean hasRows() {
            return rows > 0;
        }

        private Extent in(String newFile) {
            return new Extent(newFile, runId, attempt, rows, minStep, maxStep, minGap, maxWorker, maxTime, unusable);
        }

        Extent merge(Extent other) {
            return new Extent(
                    file,
                    runId,
                    attempt,
                    rows + other.rows,
                    Math.min(minStep, other.minStep),
                    Math.max(maxStep, other.maxStep),
                    Math.min(minGap, other.minGap),
                    Math.max(maxWorker, other.maxWorker),
                    Math.max(maxTime, other.maxTime),
                    unusable + other.unusable);
        }
    }

    /** Surveys a frame of {@link #COLUMNS_OF_TABLE} and {@link MetricTables#FILE}; ordered by file, run and attempt. */
    static List<Extent> of(Dataset<Row> keys) {
        InternalFrames.Cells cells = InternalFrames.cells(keys);
        StepColumns columns = StepColumns.of(cells.columns());
        int file = cells.columns().indexOf(MetricTables.FILE);
        List<Extent> parts = cells.asRows()
                .mapPartitions(rows -> new Surveyor(columns, file).survey(rows))
                .collect();
        Map<List<Object>, Extent> merged = new HashMap<>();
        for (Extent part : parts) {
            Extent named = part.in(MetricTables.pathOf(part.file));
            merged.merge(List.of(named.file, named.runId, named.attempt), named, Extent::merge);
        }
        List<Extent> extents = new ArrayList<>(merged.values());
        extents.sort(Extent.ORDER);
        return extents;
    }

    /** Surveys the rows of one task. */
    private static final class Surveyor {
        private final StepColumns columns;
        private final int fileColumn;
        private final Map<Key, Counts> counts = new HashMap<>();
        private final Map<UTF8String, Long> unusable = new HashMap<>();
        private Key lastKey = new Key(UTF8String.EMPTY_UTF8, UTF8String.EMPTY_UTF8, Integer.MIN_VALUE);
        private Counts last = new Counts();

        Surveyor(StepColumns columns, int fileColumn) {
            this.columns = columns;
            this.fileColumn = fileColumn;
        }

        Iterator<Extent> survey(Iterator<InternalRow> rows) {
            while (rows.hasNext()) {
                observe(rows.next());
            }
            List<Extent> extents = new ArrayList<>();
            counts.forEach((key, c) -> extents.add(new Extent(
                    key.file.toString(),
                    key.run.toString(),
                    key.attempt,
                    c.rows,
                    c.minStep,
                    c.maxStep,
                    c.minGap == Long.MAX_VALUE ? 1 : c.minGap,
                    c.maxWorker,
                    c.maxTime,
                    0)));
            unusable.forEach(
                    (file, n) -> extents.add(new Extent(file.toString(), "", 0, 0, 0, 0, 1, -1, Long.MIN_VALUE, n)));
            return extents.iterator();
        }

        private void observe(InternalRow row) {
            UTF8String file = row.getUTF8String(fileColumn);
            if (!columns.usable(row)) {
                unusable.merge(file.clone(), 1L, Long::sum);
                return;
            }
            UTF8String run = row.getUTF8String(columns.run());
            int attempt = columns.attemptOf(row);
            if (attempt != lastKey.attempt || !run.equals(lastKey.run) || !file.equals(lastKey.file)) {
                // Rows are reused by their producer: what is kept is copied.
                lastKey = new Key(file.clone(), run.clone(), attempt);
                last = counts.computeIfAbsent(lastKey, key -> new Counts());
                last.previousStep = -1;
            }
            last.observe(row.getLong(columns.step()), columns.workerOf(row), columns.timeOf(row));
        }
    }

    private record Key(UTF8String file, UTF8String run, int attempt) {}

    private static final class Counts {
        long rows;
        long minStep = Long.MAX_VALUE;
        long maxStep = Long.MIN_VALUE;
        long minGap = Long.MAX_VALUE;
        long previousStep = -1;
        int maxWorker = -1;
        long maxTime = Long.MIN_VALUE;

        void observe(long step, int worker, long time) {
            rows++;
            minStep = Math.min(minStep, step);
            maxStep = Math.max(maxStep, step);
            if (previousStep >= 0 && step != previousStep) {
                minGap = Math.min(minGap, Math.abs(step - previousStep));
            }
            previousStep = step;
            maxWorker = Math.max(maxWorker, worker);
            maxTime = Math.max(maxTime, time);
        }
    }
}
