package io.tiltmeter.spark;

import io.tiltmeter.blocks.BlockAssembler;
import io.tiltmeter.blocks.DigestCodec;
import io.tiltmeter.blocks.Slice;
import io.tiltmeter.blocks.StepBatch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * Collects rows into slices by window. The windows of an attempt whose rows this task has all seen are digested at once;
 * of the others the slices are handed out, at the latest when their budget is full, to meet the rest of their window.
 */
final class SliceScatter implements Iterator<InternalRow> {
    /** Where to meet others, index of the range, window, and either a packed digest or a packed slice of it. */
    static final StructType SCHEMA = new StructType()
            .add("meeting", DataTypes.LongType, false)
            .add("range", DataTypes.IntegerType, false)
            .add("window", DataTypes.LongType, false)
            .add("digested", DataTypes.BooleanType, false)
            .add("packed", DataTypes.BinaryType, false);

    private final StepReader reader;
    private final boolean byRun;
    private final long budget;
    /** Windows to scan, by the reader's number of the run. */
    private final List<List<Target>> targets = new ArrayList<>();

    private final StepBatch batch = new StepBatch();
    private final BlockAssembler assembler = new BlockAssembler();
    private final Set<Target> open = new LinkedHashSet<>();
    private final Deque<InternalRow> full = new ArrayDeque<>();
    private long cells;

    /** Windows of one attempt with their open slices; steps are compared in place of windows, which saves a division. */
    private static final class Target {
        final int range;
        final int run;
        final int attempt;
        final long width;
        final long firstStep;
        final long lastStep;
        final Map<Long, Slice> slices = new HashMap<>();
        /** Rows still to come of all rows there are; negative when that is not known or no longer of use. */
        long rowsToCome;

        Target(int range, int run, ScanTarget target) {
            WindowRange windows = target.windows();
            this.range = range;
            this.run = run;
            attempt = windows.id().attempt();
            width = windows.width();
            firstStep = windows.first() * width;
            lastStep = (windows.last() + 1) * width - 1;
            rowsToCome = target.rows();
        }

        boolean holds(int wantedAttempt, long step) {
            return attempt == wantedAttempt && step >= firstStep && step <= lastStep;
        }
    }

    /**
     * Prepares to scatter.
     *
     * @param reader reads the runs of the targets
     * @param byRun whether all of a run is to meet, else what belongs to one window
     * @param budget cells to hold before all slices are handed out
     */
    SliceScatter(StepReader reader, List<ScanTarget> wanted, boolean byRun, long budget) {
        this.reader = reader;
        this.byRun = byRun;
        this.budget = budget;
        for (int i = 0; i < wanted.size(); i++) {
            int run = reader.number(wanted.get(i).windows().id().runId());
            while (targets.size() <= run) {
                targets.add(new ArrayList<>());
            }
            targets.get(run).add(new Target(i, run, wanted.get(i)));
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
        for (Target target : open) {
            target.slices.forEach((window, slice) -> hand(target, window, false, slice.encode()));
            target.slices.clear();
            target.rowsToCome = ScanTarget.UNKNOWN;
        }
        open.clear();
        cells = 0;
    }

    private void digest(Target target) {
        target.slices.forEach((window, slice) -> {
            cells -= slice.cells();
            assembler.add(slice);
            hand(target, window, true, DigestCodec.encode(assembler.digest()));
        });
        target.slices.clear();
        open.remove(target);
    }

    private void hand(Target target, long window, boolean digested, byte[] packed) {
        long meeting = byRun ? target.run : target.range * 0x9E3779B97F4A7C15L + window;
        full.add(new GenericInternalRow(new Object[] {meeting, target.range, window, digested, packed}));
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
            long first = window * target.width;
            long last = first + target.width - 1;
            int end = i + 1;
            while (end < batch.size
                    && batch.runs[end] == run
                    && batch.attempts[end] == target.attempt
                    && batch.steps[end] >= first
                    && batch.steps[end] <= last) {
                end++;
            }
            append(target, window, i, end);
            i = end;
        }
    }

    private @Nullable Target target(int run, int attempt, long step) {
        for (Target target : targets.get(run)) {
            if (target.holds(attempt, step)) {
                return target;
            }
        }
        return null;
    }

    private void append(Target target, long window, int from, int to) {
        Slice slice = target.slices.get(window);
        if (slice == null) {
            slice = new Slice();
            target.slices.put(window, slice);
            open.add(target);
        } else {
            cells -= slice.cells();
        }
        slice.append(batch, from, to);
        cells += slice.cells();
        if (target.rowsToCome > 0) {
            target.rowsToCome -= to - from;
            if (target.rowsToCome == 0) {
                digest(target);
            }
        }
    }
}
