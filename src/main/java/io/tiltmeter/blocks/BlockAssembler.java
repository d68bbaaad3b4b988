package io.tiltmeter.blocks;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Assembles the slices of one window into a block and digests it. The result does not depend on the order in which
 * slices or points arrive.
 *
 * <p>Rows of one worker at one step are merged cell by cell (a row with the loss and another with the held-out loss make
 * one). A cell that arrives twice with the same value is counted; with another value it is a conflict, and the one logged
 * last wins, between equal times the larger value. Of several reduced (non-local) values of one step, the lowest worker's
 * is taken: they are copies of one number.
 */
public final class BlockAssembler {
    private final List<Slice> local = new ArrayList<>();
    private final List<Integer> localWorkers = new ArrayList<>();
    private final List<Slice> global = new ArrayList<>();
    private final List<Integer> globalWorkers = new ArrayList<>();
    private long rows;

    /**
     * Adds a slice.
     *
     * @param isLocal whether its values are the worker's own, before any reduction
     */
    public void add(int worker, boolean isLocal, Slice slice) {
        rows += slice.size();
        if (isLocal && worker != StepRecord.NO_WORKER) {
            local.add(slice);
            localWorkers.add(worker);
        } else {
            global.add(slice);
            globalWorkers.add(worker);
        }
    }

    public boolean isEmpty() {
        return local.isEmpty() && global.isEmpty();
    }

    /** The digest of all slices added; the assembler is empty afterwards. */
    public Digest digest() {
        List<Lane> localLanes = lanes(local, localWorkers);
        List<Lane> globalLanes = lanes(global, globalWorkers);
        long[] steps = distinctSteps(localLanes, globalLanes);
        long[] times = new long[steps.length];
        int[] spans = new int[steps.length];
        Arrays.fill(times, Slice.NO_TIME);
        Arrays.fill(spans, 1);
        Conflicts conflicts = new Conflicts();
        for (List<Lane> lanes : List.of(localLanes, globalLanes)) {
            for (Lane lane : lanes) {
                lane.locate(steps);
                for (int p = 0; p < lane.size(); p++) {
                    int at = lane.stepIndex[p];
                    times[at] = Math.max(times[at], lane.time(p));
                    spans[at] = Math.max(spans[at], lane.span(p));
                }
            }
        }
        List<Digest.Series> series = new ArrayList<>();
        for (int m = 0; m < Metric.count(); m++) {
            Digest.@Nullable Series one = series(m, steps, localLanes, globalLanes, conflicts);
            if (one != null) {
                series.add(one);
            }
        }
        Digest digest = new Digest(
                steps,
                times,
                spans,
                rows,
                conflicts.duplicates,
                conflicts.conflicts,
                conflicts.firstStep,
                conflicts.firstWorker,
                series);
        local.clear();
        localWorkers.clear();
        global.clear();
        globalWorkers.clear();
        rows = 0;
        return digest;
    }

    private static Digest.@Nullable Series series(
            int metric, long[] steps, List<Lane> localLanes, List<Lane> globalLanes, Conflicts conflicts) {
        List<Lane> mine = new ArrayList<>();
        for (Lane lane : localLanes) {
            if (lane.has(metric)) {
                mine.add(lane);
            }
        }
        int width = mine.size();
        int length = steps.length;
        // One metric at a time, step-major: the block never holds more than one metric densely.
        double[] cells = new double[Math.multiplyExact(length, Math.max(1, width))];
        Arrays.fill(cells, Slice.ABSENT);
        for (int w = 0; w < width; w++) {
            mine.get(w).scatter(metric, cells, width, w, conflicts);
        }
        double[] globals = new double[length];
        Arrays.fill(globals, Slice.ABSENT);
        double[] one = new double[length];
        boolean anyGlobal = false;
        for (Lane lane : globalLanes) {
            if (lane.has(metric)) {
                anyGlobal = true;
                Arrays.fill(one, Slice.ABSENT);
                lane.scatter(metric, one, 1, 0, conflicts);
                for (int s = 0; s < length; s++) {
                    if (Slice.isAbsent(globals[s])) {
                        globals[s] = one[s];
                    }
                }
            }
        }
        if (width == 0 && !anyGlobal) {
            return null;
        }
        return new SeriesBuilder(metric, length, mine).build(steps, cells, globals);
    }

    private static long[] distinctSteps(List<Lane> localLanes, List<Lane> globalLanes) {
        int total = 0;
        for (Lane lane : localLanes) {
            total += lane.size();
        }
        for (Lane lane : globalLanes) {
            total += lane.size();
        }
        long[] all = new long[total];
        int n = 0;
        for (List<Lane> lanes : List.of(localLanes, globalLanes)) {
            for (Lane lane : lanes) {
                for (int p = 0; p < lane.size(); p++) {
                    all[n++] = lane.step(p);
                }
            }
        }
        Arrays.sort(all);
        int distinct = 0;
        for (int i = 0; i < n; i++) {
            if (i == 0 || all[i] != all[i - 1]) {
                all[distinct++] = all[i];
            }
        }
        return Arrays.copyOf(all, distinct);
    }

    private static List<Lane> lanes(List<Slice> slices, List<Integer> workers) {
        Integer[] order = new Integer[slices.size()];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparing(workers::get));
        List<Lane> lanes = new ArrayList<>();
        List<Slice> same = new ArrayList<>();
        for (int i = 0; i < order.length; i++) {
            int worker = workers.get(order[i]);
            same.add(slices.get(order[i]));
            if (i + 1 == order.length || workers.get(order[i + 1]) != worker) {
                lanes.add(new Lane(worker, List.copyOf(same)));
                same.clear();
            }
        }
        return lanes;
    }

    /** Counts of cells that arrived more than once. */
    static final class Conflicts {
        long duplicates;
        long conflicts;
        long firstStep = -1;
        int firstWorker = StepRecord.NO_WORKER;

        void conflict(long step, int worker) {
            conflicts++;
            if (firstStep < 0 || step < firstStep || (step == firstStep && worker < firstWorker)) {
                firstStep = step;
                firstWorker = worker;
            }
        }
    }
}
