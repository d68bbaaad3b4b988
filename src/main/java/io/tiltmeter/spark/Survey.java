package io.tiltmeter.spark;

import io.tiltmeter.blocks.Source;
import io.tiltmeter.blocks.StepBatch;
import io.tiltmeter.model.StepRecord;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A quick pass over the keys of the {@code steps} table: which file holds which part of which run, and how densely it was
 * logged. From it follow the windows of the blocks, and later which attempts a new file touches.
 */
final class Survey {
    private Survey() {}

    /** Columns of the {@code steps} table that the survey reads. */
    static final StructType COLUMNS = new StructType(Stream.of("run_id", "attempt", "worker", "step")
            .map(Schemas.STEPS::apply)
            .toArray(StructField[]::new));

    /**
     * Part of one attempt of one run in one file.
     *
     * @param minGap smallest distance between different steps that followed each other, 1 when there was only one step
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
            long unusable)
            implements Serializable {

        static final Comparator<Extent> ORDER =
                Comparator.comparing(Extent::file).thenComparing(Extent::runId).thenComparingInt(Extent::attempt);

        /** Of a file without any row. */
        static Extent none(String file) {
            return new Extent(file, "", 0, 0, 0, 0, 1, -1, 0);
        }

        boolean hasRows() {
            return rows > 0;
        }

        private Extent in(String newFile) {
            return new Extent(newFile, runId, attempt, rows, minStep, maxStep, minGap, maxWorker, unusable);
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
                    unusable + other.unusable);
        }
    }

    /**
     * Surveys a frame of {@link #COLUMNS}; ordered by file, run and attempt.
     *
     * @param table name that stands for the files where the rows come from none
     */
    static List<Extent> of(Dataset<Row> keys, String table) {
        InternalFrames.Cells cells = InternalFrames.cells(keys);
        StepColumns columns = StepColumns.of(cells.columns());
        JavaRDD<Extent> parts = cells.batches()
                .map(batches ->
                        batches.mapPartitions(part -> new Surveyor(StepReader.ofBatches(part, columns)).survey()))
                .orElseGet(() -> cells.rows()
                        .orElseThrow()
                        .mapPartitions(part -> new Surveyor(StepReader.ofRows(part, columns)).survey()));
        Map<List<Object>, Extent> merged = new HashMap<>();
        for (Extent part : parts.collect()) {
            Extent named = part.in(part.file.isEmpty() ? table : MetricTables.pathOf(part.file));
            merged.merge(List.of(named.file, named.runId, named.attempt), named, Extent::merge);
        }
        List<Extent> extents = new ArrayList<>(merged.values());
        extents.sort(Extent.ORDER);
        return extents;
    }

    /** Surveys the rows of one task. */
    private static final class Surveyor {
        private final StepReader reader;
        private final StepBatch batch = new StepBatch();
        private final Map<Key, Counts> counts = new HashMap<>();
        private final Map<String, Long> unusable = new HashMap<>();

        Surveyor(StepReader reader) {
            this.reader = reader;
            reader.numberAll();
        }

        Iterator<Extent> survey() {
            while (reader.read(batch)) {
                observe(reader.file());
            }
            List<Extent> extents = new ArrayList<>();
            counts.forEach((key, c) -> extents.add(new Extent(
                    key.file,
                    reader.runId(key.run),
                    key.attempt,
                    c.rows,
                    c.minStep,
                    c.maxStep,
                    c.minGap == Long.MAX_VALUE ? 1 : c.minGap,
                    c.maxWorker,
                    0)));
            unusable.forEach((file, n) -> extents.add(new Extent(file, "", 0, 0, 0, 0, 1, -1, n)));
            return extents.iterator();
        }

        private void observe(String file) {
            int i = 0;
            while (i < batch.size) {
                int run = batch.runs[i];
                if (run < 0) {
                    unusable.merge(file, 1L, Long::sum);
                    i++;
                    continue;
                }
                int attempt = batch.attempts[i];
                Counts own = counts.computeIfAbsent(new Key(file, run, attempt), key -> new Counts());
                for (; i < batch.size && batch.runs[i] == run && batch.attempts[i] == attempt; i++) {
                    own.observe(batch.steps[i], Source.worker(batch.sources[i]));
                }
            }
        }
    }

    private record Key(String file, int run, int attempt) {}

    private static final class Counts {
        long rows;
        long minStep = Long.MAX_VALUE;
        long maxStep = Long.MIN_VALUE;
        long minGap = Long.MAX_VALUE;
        long previousStep = StepColumns.NO_STEP;
        int maxWorker = StepRecord.NO_WORKER;

        void observe(long step, int worker) {
            rows++;
            minStep = Math.min(minStep, step);
            maxStep = Math.max(maxStep, step);
            if (previousStep >= 0 && step != previousStep) {
                minGap = Math.min(minGap, Math.abs(step - previousStep));
            }
            previousStep = step;
            maxWorker = Math.max(maxWorker, worker);
        }
    }
}
