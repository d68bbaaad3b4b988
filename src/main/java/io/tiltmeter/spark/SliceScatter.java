package io.tiltmeter.spark;

import io.tiltmeter.blocks.Slice;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/** Collects rows into slices, and hands slices out when their budget is full. */
final class SliceScatter implements Iterator<InternalRow> {
    /** One slice a row: index of its range, window, worker, scope, and the packed points. */
    static final StructType SCHEMA = new StructType()
            .add("range", DataTypes.IntegerType, false)
            .add("window", DataTypes.LongType, false)
            .add("worker", DataTypes.IntegerType, false)
            .add("local", DataTypes.BooleanType, false)
            .add("slice", DataTypes.BinaryType, false);

    private final Iterator<InternalRow> rows;
    private final StepColumns columns;
    private final long budget;
    private final Map<UTF8String, Run> runs = new HashMap<>();
    private final Map<Key, Slice> open = new HashMap<>();
    private final Deque<InternalRow> full = new ArrayDeque<>();
    private long cells;

    private UTF8String lastRunId = UTF8String.EMPTY_UTF8;
    private Run lastRun = Run.NONE;
    private final Key probe = new Key();
    private Slice lastSlice = new Slice();

    SliceScatter(Iterator<InternalRow> rows, List<WindowRange> windows, StepColumns columns, long budget) {
        this.rows = rows;
        this.columns = columns;
        this.budget = budget;
        for (int i = 0; i < windows.size(); i++) {
            WindowRange range = windows.get(i);
            runs.computeIfAbsent(UTF8String.fromString(range.id().runId()), id -> new Run())
                    .add(range, i);
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
        open.forEach((key, slice) -> full.add(
                new GenericInternalRow(new Object[] {key.range, key.window, key.worker, key.local, slice.encode()})));
        open.clear();
        cells = 0;
        probe.range = -1;
    }

    private void scatter(InternalRow row) {
        if (!Survey.usable(row, columns.run(), columns.step())) {
            return;
        }
        UTF8String runId = row.getUTF8String(columns.run());
        if (!runId.equals(lastRunId)) {
            // Rows are reused by their producer: what is kept is copied.
            lastRunId = runId.clone();
            lastRun = runs.getOrDefault(lastRunId, Run.NONE);
        }
        int attempt = columns.attemptOf(row);
        long step = row.getLong(columns.step());
        int at = lastRun.find(attempt, step);
        if (at < 0) {
            return;
        }
        int worker = columns.workerOf(row);
        Slice slice = slice(lastRun.index[at], step / lastRun.width[at], worker, columns.isLocal(row));
        cells += slice.add(step, columns.timeOf(row), columns.spanOf(row));
        int[] metrics = columns.metrics();
        int[] places = columns.at();
        for (int m = 0; m < metrics.length; m++) {
            if (!row.isNullAt(places[m])) {
                cells += slice.set(metrics[m], row.getDouble(places[m]));
            }
        }
    }

    private Slice slice(int range, long window, int worker, boolean local) {
        if (probe.range == range && probe.window == window && probe.worker == worker && probe.local == local) {
            return lastSlice;
        }
        probe.set(range, window, worker, local);
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

    /** The windows of a run that are being scanned, few. */
    private static final class Run {
        static final Run NONE = new Run();
        int[] index = {};
        int[] attempt = {};
        long[] width = {};
        long[] first = {};
        long[] last = {};

        void add(WindowRange range, int newIndex) {
            int n = index.length;
            index = Arrays.copyOf(index, n + 1);
            attempt = Arrays.copyOf(attempt, n + 1);
            width = Arrays.copyOf(width, n + 1);
            first = Arrays.copyOf(first, n + 1);
            last = Arrays.copyOf(last, n + 1);
            index[n] = newIndex;
            attempt[n] = range.id().attempt();
            width[n] = range.width();
            // Compared with steps, which saves a division for rows that are passed over.
            first[n] = range.first() * range.width();
            last[n] = (range.last() + 1) * range.width() - 1;
        }

        int find(int wanted, long step) {
            for (int i = 0; i < index.length; i++) {
                if (attempt[i] == wanted && step >= first[i] && step <= last[i]) {
                    return i;
                }
            }
            return -1;
        }
    }

    /** Key of an open slice; {@code range} is the index of run, attempt and windows together. */
    private static final class Key {
        int range = -1;
        long window;
        int worker;
        boolean local;

        void set(int newRange, long newWindow, int newWorker, boolean newLocal) {
            range = newRange;
            window = newWindow;
            worker = newWorker;
            local = newLocal;
        }

        Key copy() {
            Key copy = new Key();
            copy.set(range, window, worker, local);
            return copy;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key key
                    && key.range == range
                    && key.window == window
                    && key.worker == worker
                    && key.local == local;
        }

        @Override
        public int hashCode() {
            long mixed = ((range * 0x9E3779B97F4A7C15L) ^ window) * 0xC2B2AE3D27D4EB4FL;
            mixed = (mixed ^ (mixed >>> 29) ^ worker) * 0x9E3779B97F4A7C15L;
            return (int) (mixed >>> 32) + (local ? 1 : 0);
        }
    }
}
