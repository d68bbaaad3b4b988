package io.tiltmeter.blocks;

import io.tiltmeter.model.Metric;
import java.util.Arrays;
import java.util.List;

/** All points of one worker in a window, from however many slices, ordered by step and then by time. */
final class Lane {
    final int worker;
    private final List<Slice> slices;
    /** Slice and index of each point in order. */
    private final int[] sliceOf;

    private final int[] indexOf;
    /** Index of each point's step among the block's steps. */
    int[] stepIndex = new int[0];

    Lane(int worker, List<Slice> slices) {
        this.worker = worker;
        this.slices = slices;
        int size = slices.stream().mapToInt(Slice::size).sum();
        sliceOf = new int[size];
        indexOf = new int[size];
        int n = 0;
        for (int s = 0; s < slices.size(); s++) {
            for (int i = 0; i < slices.get(s).size(); i++) {
                sliceOf[n] = s;
                indexOf[n] = i;
                n++;
            }
        }
        if (slices.size() > 1 || !slices.get(0).ascending()) {
            sort();
        }
    }

    private void sort() {
        Integer[] order = new Integer[sliceOf.length];
        Arrays.setAll(order, i -> i);
        int[] oldSlice = sliceOf.clone();
        int[] oldIndex = indexOf.clone();
        Arrays.sort(order, (a, b) -> {
            Slice left = slices.get(oldSlice[a]);
            Slice right = slices.get(oldSlice[b]);
            int byStep = Long.compare(left.step(oldIndex[a]), right.step(oldIndex[b]));
            if (byStep != 0) {
                return byStep;
            }
            int byTime = Long.compare(left.time(oldIndex[a]), right.time(oldIndex[b]));
            return byTime != 0 ? byTime : compareValues(left, oldIndex[a], right, oldIndex[b]);
        });
        for (int i = 0; i < order.length; i++) {
            sliceOf[i] = oldSlice[order[i]];
            indexOf[i] = oldIndex[order[i]];
        }
    }

    /** Any fixed order of points logged at one time, so that the outcome does not depend on their arrival. */
    private static int compareValues(Slice left, int i, Slice right, int j) {
        for (int m = 0; m < Metric.count(); m++) {
            int order = Double.compare(left.value(m, i), right.value(m, j));
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }

    int size() {
        return sliceOf.length;
    }

    long step(int point) {
        return slices.get(sliceOf[point]).step(indexOf[point]);
    }

    long time(int point) {
        return slices.get(sliceOf[point]).time(indexOf[point]);
    }

    int span(int point) {
        return slices.get(sliceOf[point]).span(indexOf[point]);
    }

    boolean has(int metric) {
        for (Slice slice : slices) {
            if (slice.hasColumn(metric)) {
                return true;
            }
        }
        return false;
    }

    /** Finds the place of every point among the block's ascending steps. */
    void locate(long[] steps) {
        stepIndex = new int[size()];
        int at = 0;
        for (int p = 0; p < stepIndex.length; p++) {
            long step = step(p);
            while (steps[at] < step) {
                at++;
            }
            stepIndex[p] = at;
        }
    }

    /** Writes the values of a metric into column {@code column} of a step-major matrix, resolving repeated cells. */
    void scatter(int metric, double[] cells, int width, int column, BlockAssembler.Conflicts conflicts) {
        long winnerTime = Slice.NO_TIME;
        int winnerStep = -1;
        for (int p = 0; p < stepIndex.length; p++) {
            double value = slices.get(sliceOf[p]).value(metric, indexOf[p]);
            if (Slice.isAbsent(value)) {
                continue;
            }
            int cell = stepIndex[p] * width + column;
            double before = cells[cell];
            boolean repeated = winnerStep == stepIndex[p];
            long time = time(p);
            if (repeated) {
                if (Double.doubleToRawLongBits(before) == Double.doubleToRawLongBits(value)) {
                    conflicts.duplicates++;
                } else {
                    conflicts.conflict(step(p), worker);
                    // Equal times leave the order of arrival open; the larger value (NaN largest) is the same anyhow.
                    if (time == winnerTime && Double.compare(before, value) > 0) {
                        continue;
                    }
                }
            }
            cells[cell] = value;
            winnerStep = stepIndex[p];
            winnerTime = time;
        }
    }
}
