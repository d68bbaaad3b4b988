package io.tiltmeter.spark;

import io.tiltmeter.blocks.Slice;
import io.tiltmeter.blocks.StepBatch;
import java.util.ArrayDeque;
import java.util.ArrayList;
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
import org.jspecify.annotations.Nullable;

/** Collects rows into slices by window, and hands the slices out when their budget is full. */
final class SliceScatter implements Iterator<InternalRow> {
    /** One slice a row: index of its range, window, and the packed points. */
    static final StructType SCHEMA = new StructType()
            .add("range", DataTypes.IntegerType, false)
            .add("window", DataTypes.LongType, false)
            .add("slice", DataTypes.BinaryType, false);

    /** Headers of an open slice and its hash entry, in cells of eight bytes. */
    private static final int CELLS_OF_A_SLICE = 64;

    private final StepReader reader;
    private final long budget;
    /** Windows to scan, by the reader's number of the run. */
    private final List<List<Target>> targets = new ArrayList<>();

    private final StepBatch batch = new StepBatch();
    private final Map<Key, Slice> open = new HashMap<>();
    private final Deque<InternalRow> full = new ArrayDeque<>();
    private long cells;

    /** A range of windows and its index; steps are compared in place of windows, which saves a division a row. */
    private record Target(int range, int attempt, long width, long firstStep, long lastStep) {}

    private record Key(int range, long window) {}

    /**
     * Prepares to scatter.
     *
     * @param reader reads the runs of {@code windows}
     * @param budget cells to hold before all slices are handed out
     */
    SliceScatter(StepReader reader, List<WindowRange> windows, long budget) {
        this.reader = reader;
        this.budget = budget;
        for (int i = 0; i < windows.size(); i++) {
            WindowRange range = windows.get(i);
            int run = reader.number(range.id().runId());
            while (targets.size() <= run) {
                targets.add(new ArrayList<>());
            }
            targets.get(run)
                    .add(new Target(
                            i,
                            range.id().attempt(),
                            range.width(),
                            range.first() * range.width(),
                            (range.last() + 1) * range.width() - 1));
        }
    }

    @Override
    public boolean hasNext() {
        while (full.isEmpty() && reader.read(batch)) {
            scatter();
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
        open.forEach(
                (key, slice) -> full.add(new GenericInternalRow(new Object[] {key.range, key.window, slice.encode()})));
        open.clear();
        cells = 0;
    }

    /** Appends every stretch of rows of one window to its slice. */
    private void scatter() {
        int i = 0;
        while (i < batch.size) {
            int run = batch.runs[i];
            Target target = run < 0 ? null : target(run, batch.attempts[i], batch.steps[i]);
            if (target == null) {
                i++;
                continue;
            }
            long window = batch.steps[i] / target.width;
            long first = Math.max(target.firstStep, window * target.width);
            long last = Math.min(target.lastStep, (window + 1) * target.width - 1);
            int end = i + 1;
            while (end < batch.size
                    && batch.runs[end] == run
                    && batch.attempts[end] == target.attempt
                    && batch.steps[end] >= first
                    && batch.steps[end] <= last) {
                end++;
            }
            cells += slice(new Key(target.range, window)).append(batch, i, end);
            i = end;
        }
    }

    private @Nullable Target target(int run, int attempt, long step) {
        for (Target target : targets.get(run)) {
            if (target.attempt == attempt && step >= target.firstStep && step <= target.lastStep) {
                return target;
            }
        }
        return null;
    }

    private Slice slice(Key key) {
        Slice slice = open.get(key);
        if (slice == null) {
            slice = new Slice();
            open.put(key, slice);
            cells += CELLS_OF_A_SLICE;
        }
        return slice;
    }
}
