package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;

import io.tiltmeter.blocks.BlockAssembler;
import io.tiltmeter.blocks.Digest;
import io.tiltmeter.blocks.Slice;
import io.tiltmeter.config.Settings;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * The scan of the {@code steps} table: rows are scattered into slices by worker and window, slices are shuffled so that
 * all of a window meet, and each window is assembled into a block and digested. The raw table is read once; any layout of
 * files works; a block stays within its budget because windows narrow as workers grow.
 */
final class BlockScan {
    private BlockScan() {}

    private static final StructType SLICES = new StructType()
            .add("run", DataTypes.IntegerType, false)
            .add("attempt", DataTypes.IntegerType, false)
            .add("window", DataTypes.LongType, false)
            .add("worker", DataTypes.IntegerType, false)
            .add("local", DataTypes.BooleanType, false)
            .add("slice", DataTypes.BinaryType, false);

    private static final int KEY_COLUMNS = 7;

    /**
     * How one attempt is cut into windows.
     *
     * @param width steps of a window, at least 1
     */
    record Windows(String runId, int attempt, long width) implements Serializable {}

    /** Width of the windows of an attempt, from how densely it was logged and by how many workers. */
    static long width(long minGap, int maxWorker, Settings.Scan settings) {
        long workers = maxWorker + 1L;
        // A block is assembled one metric at a time, so its budget holds for steps × workers.
        long logged = Math.max(1, Math.min(settings.windowSteps(), settings.blockCells() / (workers + 1)));
        return logged * Math.max(1, minGap);
    }

    /**
     * Digests of the attempts in {@code windows}; rows of others are passed over.
     *
     * @param steps frame with some of the columns of {@link Schemas#STEPS}
     * @return digest rows with the schema {@link DigestRows#SCHEMA}, in no particular order
     */
    static Dataset<Row> digests(SparkSession spark, Dataset<Row> steps, List<Windows> windows, Settings.Scan settings) {
        List<String> present = Arrays.asList(steps.columns());
        List<Metric> metrics = Arrays.stream(Metric.values())
                .filter(metric -> present.contains(metric.column()))
                .toList();
        List<StructField> columns = new ArrayList<>();
        for (String key : List.of("run_id", "attempt", "worker", "step", "time", "scope", "step_span")) {
            columns.add(Schemas.STEPS.apply(key));
        }
        metrics.forEach(metric -> columns.add(Schemas.STEPS.apply(metric.column())));
        Dataset<Row> exact = MetricTables.exactly(steps, new StructType(columns.toArray(StructField[]::new)));

        int[] ordinals = metrics.stream().mapToInt(Metric::ordinal).toArray();
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Broadcast<List<Windows>> shipped = context.broadcast(List.copyOf(windows));
        Dataset<Row> slices = InternalFrames.frame(
                spark,
                InternalFrames.rows(exact)
                        .mapPartitions(rows -> new Scatter(rows, shipped.value(), ordinals, settings.scatterCells())),
                SLICES);
        Dataset<Row> together = slices.repartition(col("run"), col("attempt"), col("window"))
                .sortWithinPartitions("run", "attempt", "window");
        return InternalFrames.frame(
                spark,
                InternalFrames.rows(together).mapPartitions(rows -> new Assembly(rows, shipped.value())),
                DigestRows.SCHEMA);
    }

    /** Collects rows into slices, and hands slices out when their budget is full. */
    private static final class Scatter implements Iterator<InternalRow> {
        private final Iterator<InternalRow> rows;
        private final int[] ordinals;
        private final long budget;
        private final Map<UTF8String, Run> runs = new HashMap<>();
        private final Map<Key, Slice> open = new HashMap<>();
        private final Deque<InternalRow> full = new ArrayDeque<>();
        private long cells;

        private UTF8String lastRunId = UTF8String.EMPTY_UTF8;
        private Run lastRun = Run.NONE;
        private final Key probe = new Key();
        private Slice lastSlice = new Slice();

        Scatter(Iterator<InternalRow> rows, List<Windows> windows, int[] ordinals, long budget) {
            this.rows = rows;
            this.ordinals = ordinals;
            this.budget = budget;
            for (int i = 0; i < windows.size(); i++) {
                Windows one = windows.get(i);
                runs.computeIfAbsent(UTF8String.fromString(one.runId()), id -> new Run())
                        .add(one.attempt(), i, one.width());
            }
        }

        @Override
        public boolean hasNext() {
            while (full.isEmpty() && rows.hasNext()) {
                scatter(rows.next());
                if (cells > budget) {
                    flush();
                }
            }
            if (full.isEmpty() && !open.isEmpty()) {
                flush();
            }
            return !full.isEmpty();
        }

        @Override
        public InternalRow next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return full.remove();
        }

        private void flush() {
            open.forEach((key, slice) -> full.add(new GenericInternalRow(
                    new Object[] {key.run, key.attempt, key.window, key.worker, key.local, slice.encode()})));
            open.clear();
            cells = 0;
            probe.run = -1;
        }

        private void scatter(InternalRow row) {
            if (!Survey.usable(row, 0, 3)) {
                return;
            }
            UTF8String runId = row.getUTF8String(0);
            if (!runId.equals(lastRunId)) {
                lastRunId = runId.clone();
                lastRun = runs.getOrDefault(lastRunId, Run.NONE);
            }
            int attempt = row.isNullAt(1) ? 0 : row.getInt(1);
            int at = lastRun.find(attempt);
            if (at < 0) {
                return;
            }
            int worker = row.isNullAt(2) ? StepRecord.NO_WORKER : row.getInt(2);
            long step = row.getLong(3);
            boolean local = isLocal(row, worker);
            Slice slice = slice(lastRun.index[at], attempt, step / lastRun.width[at], worker, local);
            int span = row.isNullAt(6) ? 1 : Math.max(1, row.getInt(6));
            cells += slice.add(step, row.isNullAt(4) ? Slice.NO_TIME : row.getLong(4), span);
            for (int m = 0; m < ordinals.length; m++) {
                if (!row.isNullAt(KEY_COLUMNS + m)) {
                    cells += slice.set(ordinals[m], row.getDouble(KEY_COLUMNS + m));
                }
            }
        }

        /** Without a scope, values of a worker are taken for its own, as data-parallel loggers without a reduction write. */
        private static boolean isLocal(InternalRow row, int worker) {
            if (row.isNullAt(5)) {
                return worker != StepRecord.NO_WORKER;
            }
            UTF8String scope = row.getUTF8String(5);
            return scope.numBytes() > 0 && scope.getByte(0) == 'l';
        }

        private Slice slice(int run, int attempt, long window, int worker, boolean local) {
            if (probe.run == run && probe.window == window && probe.worker == worker && probe.local == local) {
                return lastSlice;
            }
            probe.set(run, attempt, window, worker, local);
            Slice slice = open.get(probe);
            if (slice == null) {
                slice = new Slice();
                open.put(probe.copy(), slice);
                // Headers and hash entry, in cells of eight bytes.
                cells += 64;
            }
            lastSlice = slice;
            return slice;
        }
    }

    /** The attempts of a run that are being scanned, few and in order. */
    private static final class Run {
        static final Run NONE = new Run();
        int[] attempt = {};
        int[] index = {};
        long[] width = {};

        void add(int newAttempt, int newIndex, long newWidth) {
            int n = attempt.length;
            attempt = Arrays.copyOf(attempt, n + 1);
            index = Arrays.copyOf(index, n + 1);
            width = Arrays.copyOf(width, n + 1);
            attempt[n] = newAttempt;
            index[n] = newIndex;
            width[n] = newWidth;
        }

        int find(int wanted) {
            for (int i = 0; i < attempt.length; i++) {
                if (attempt[i] == wanted) {
                    return i;
                }
            }
            return -1;
        }
    }

    /** Key of an open slice; {@code run} is the index of run and attempt together. */
    private static final class Key {
        int run = -1;
        int attempt;
        long window;
        int worker;
        boolean local;

        void set(int newRun, int newAttempt, long newWindow, int newWorker, boolean newLocal) {
            run = newRun;
            attempt = newAttempt;
            window = newWindow;
            worker = newWorker;
            local = newLocal;
        }

        Key copy() {
            Key copy = new Key();
            copy.set(run, attempt, window, worker, local);
            return copy;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key key
                    && key.run == run
                    && key.window == window
                    && key.worker == worker
                    && key.local == local;
        }

        @Override
        public int hashCode() {
            long mixed = ((run * 0x9E3779B97F4A7C15L) ^ window) * 0xC2B2AE3D27D4EB4FL;
            mixed = (mixed ^ (mixed >>> 29) ^ worker) * 0x9E3779B97F4A7C15L;
            return (int) (mixed >>> 32) + (local ? 1 : 0);
        }
    }

    /** Assembles the slices of each window, which arrive one after the other, and hands out the rows of its digest. */
    private static final class Assembly implements Iterator<InternalRow> {
        private final Iterator<InternalRow> slices;
        private final List<Windows> windows;
        private final BlockAssembler assembler = new BlockAssembler();
        private final Deque<InternalRow> ready = new ArrayDeque<>();
        private int run = -1;
        private long window = -1;

        Assembly(Iterator<InternalRow> slices, List<Windows> windows) {
            this.slices = slices;
            this.windows = windows;
        }

        @Override
        public boolean hasNext() {
            while (ready.isEmpty() && slices.hasNext()) {
                InternalRow row = slices.next();
                if (row.getInt(0) != run || row.getLong(2) != window) {
                    finish();
                    run = row.getInt(0);
                    window = row.getLong(2);
                }
                assembler.add(row.getInt(3), row.getBoolean(4), Slice.decode(row.getBinary(5)));
            }
            if (ready.isEmpty()) {
                finish();
            }
            return !ready.isEmpty();
        }

        @Override
        public InternalRow next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return ready.remove();
        }

        private void finish() {
            if (!assembler.isEmpty()) {
                Windows attempt = windows.get(run);
                Digest digest = assembler.digest();
                ready.addAll(DigestRows.rows(attempt.runId(), attempt.attempt(), window, digest));
            }
        }
    }
}
