package io.tiltmeter.blocks;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

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
    private final List<Slice> slices = new ArrayList<>();
    private int points;

    public void add(Slice slice) {
        slices.add(slice);
        points = Math.addExact(points, slice.size());
    }

    public boolean isEmpty() {
        return points == 0;
    }

    /** The digest of all slices added, of which at least one has a point; the assembler is empty afterwards. */
    public Digest digest() {
        Digest digest = new Block().digest();
        slices.clear();
        points = 0;
        return digest;
    }

    /** The points of the slices with their places: row by step, column by source. */
    private final class Block {
        private final long[] steps = distinctSteps();
        private final int[] sources = distinctSources();
        /** Place of each point in a step-major matrix, by slice. */
        private final int[][] places = new int[slices.size()][];
        /** Points that share their place with others, in the order in which they are merged. */
        private final List<Point> repeated = new ArrayList<>();
        /** Places of {@link #repeated} points. */
        private final BitSet repeatedPlaces = new BitSet();

        private final Conflicts conflicts = new Conflicts();

        Digest digest() {
            Math.multiplyExact(steps.length, sources.length);
            locate();
            int local = 0;
            while (local < sources.length && Source.isLocal(sources[local])) {
                local++;
            }
            int[] workers = new int[local];
            for (int w = 0; w < local; w++) {
                workers[w] = Source.worker(sources[w]);
            }
            List<Digest.Series> series = new ArrayList<>();
            EvidenceBuilder evidence = new EvidenceBuilder(steps, workers, sources.length);
            double[] cells = new double[steps.length * sources.length];
            for (int m = 0; m < Metric.count(); m++) {
                // One metric at a time: the block never holds more than one densely.
                if (fill(m, cells)) {
                    Digest.Series one = new SeriesBuilder(m, steps, workers, sources.length).build(cells);
                    // A column may be there without a value in this window.
                    if (one.steps().length > 0) {
                        series.add(one);
                        evidence.observe(m, one, cells);
                    }
                }
            }
            observeWorkers(evidence, local, cells);
            long[] times = new long[steps.length];
            int[] spans = new int[steps.length];
            Arrays.fill(times, Slice.NO_TIME);
            Arrays.fill(spans, 1);
            for (int s = 0; s < slices.size(); s++) {
                Slice slice = slices.get(s);
                for (int i = 0; i < slice.size(); i++) {
                    int at = places[s][i] / sources.length;
                    times[at] = Math.max(times[at], slice.time(i));
                    spans[at] = Math.max(spans[at], slice.span(i));
                }
            }
            return new Digest(
                    steps,
                    times,
                    spans,
                    points,
                    conflicts.duplicates,
                    conflicts.conflicts,
                    conflicts.firstStep,
                    conflicts.firstWorker,
                    series,
                    evidence.build());
        }

        /** Shows what is no metric of the run, but compares its workers. */
        private void observeWorkers(EvidenceBuilder evidence, int local, double[] cells) {
            if (local < 2) {
                return;
            }
            for (int channel = Metric.count(); channel < Channel.STORED; channel++) {
                if (fill(channel, cells)) {
                    evidence.observe(channel, cells);
                }
            }
            if (fillWithoutWait(local, cells) || fill(Metric.COMPUTE_SECONDS.ordinal(), cells)) {
                evidence.observe(Channel.BUSY, cells);
            }
        }

        /**
         * In a step that ends with a collective all take equally long; the one that waits least is the slow one. Returns
         * whether any worker logged both times at a step: that columns are there says little, they may be of other rows.
         */
        private boolean fillWithoutWait(int local, double[] cells) {
            if (!fill(Metric.COLLECTIVE_WAIT_SECONDS.ordinal(), cells)) {
                return false;
            }
            double[] wait = cells.clone();
            if (!fill(Metric.STEP_SECONDS.ordinal(), cells)) {
                return false;
            }
            boolean any = false;
            for (int i = 0; i < steps.length * sources.length; i++) {
                boolean both = Double.isFinite(cells[i]) && Double.isFinite(wait[i]);
                cells[i] = both ? Math.max(0, cells[i] - wait[i]) : Slice.ABSENT;
                any |= both && i % sources.length < local;
            }
            return any;
        }

        private long[] distinctSteps() {
            long[] all = new long[points];
            int n = 0;
            for (Slice slice : slices) {
                for (int i = 0; i < slice.size(); i++) {
                    // Workers log the same steps one after the other.
                    if (n == 0 || slice.step(i) != all[n - 1]) {
                        all[n++] = slice.step(i);
                    }
                }
            }
            Arrays.sort(all, 0, n);
            int distinct = 0;
            for (int i = 0; i < n; i++) {
                if (i == 0 || all[i] != all[i - 1]) {
                    all[distinct++] = all[i];
                }
            }
            return Arrays.copyOf(all, distinct);
        }

        private int[] distinctSources() {
            int[] all = new int[points];
            int n = 0;
            for (Slice slice : slices) {
                for (int i = 0; i < slice.size(); i++) {
                    if (n == 0 || slice.source(i) != all[n - 1]) {
                        all[n++] = slice.source(i);
                    }
                }
            }
            Arrays.sort(all, 0, n);
            int distinct = 0;
            for (int i = 0; i < n; i++) {
                if (i == 0 || all[i] != all[i - 1]) {
                    all[distinct++] = all[i];
                }
            }
            return Arrays.copyOf(all, distinct);
        }

        private void locate() {
            BitSet seen = new BitSet(steps.length * sources.length);
            for (int s = 0; s < slices.size(); s++) {
                Slice slice = slices.get(s);
                int[] at = new int[slice.size()];
                int row = 0;
                int column = 0;
                for (int i = 0; i < at.length; i++) {
                    row = find(slice.step(i), row);
                    column = find(slice.source(i), column);
                    at[i] = row * sources.length + column;
                    if (seen.get(at[i])) {
                        repeatedPlaces.set(at[i]);
                    }
                    seen.set(at[i]);
                }
                places[s] = at;
            }
            if (!repeatedPlaces.isEmpty()) {
                collectRepeated();
            }
        }

        /** Index of a step, which is mostly the last one's or the next. */
        private int find(long step, int last) {
            if (steps[last] == step) {
                return last;
            }
            return last + 1 < steps.length && steps[last + 1] == step ? last + 1 : Arrays.binarySearch(steps, step);
        }

        /** Index of a source, which is mostly the last one's, the next or the first. */
        private int find(int source, int last) {
            if (sources[last] == source) {
                return last;
            }
            if (last + 1 < sources.length && sources[last + 1] == source) {
                return last + 1;
            }
            return sources[0] == source ? 0 : Arrays.binarySearch(sources, source);
        }

        private void collectRepeated() {
            for (int s = 0; s < slices.size(); s++) {
                for (int i = 0; i < places[s].length; i++) {
                    if (repeatedPlaces.get(places[s][i])) {
                        repeated.add(new Point(slices.get(s), i, places[s][i]));
                    }
                }
            }
            repeated.sort(Point::compareTo);
        }

        /** Fills the matrix with a channel's values; false if there is none. */
        private boolean fill(int metric, double[] cells) {
            boolean any = false;
            for (int s = 0; s < slices.size(); s++) {
                Slice slice = slices.get(s);
                if (!slice.has(metric)) {
                    continue;
                }
                if (!any) {
                    Arrays.fill(cells, Slice.ABSENT);
                    any = true;
                }
                double[] column = slice.column(metric);
                int[] at = places[s];
                for (int i = 0; i < at.length; i++) {
                    cells[at[i]] = column[i];
                }
            }
            if (any && !repeated.isEmpty()) {
                merge(metric, cells);
            }
            return any;
        }

        /** Settles the cells that arrived more than once. */
        private void merge(int metric, double[] cells) {
            repeatedPlaces.stream().forEach(place -> cells[place] = Slice.ABSENT);
            long winnerTime = Slice.NO_TIME;
            for (Point point : repeated) {
                double value = point.slice.value(metric, point.index);
                if (Slice.isAbsent(value)) {
                    continue;
                }
                double before = cells[point.place];
                if (!Slice.isAbsent(before)) {
                    if (Double.doubleToRawLongBits(before) == Double.doubleToRawLongBits(value)) {
                        conflicts.duplicates++;
                    } else {
                        conflicts.conflict(point.step(), Source.worker(point.slice.source(point.index)));
                        // Equal times leave the order of arrival open; the larger value (NaN largest) is the same
                        // anyhow.
                        if (point.time() == winnerTime && Double.compare(before, value) > 0) {
                            continue;
                        }
                    }
                }
                cells[point.place] = value;
                winnerTime = point.time();
            }
        }
    }

    /** A point whose cells may have arrived more than once. */
    private record Point(Slice slice, int index, int place) implements Comparable<Point> {
        long step() {
            return slice.step(index);
        }

        long time() {
            return slice.time(index);
        }

        /** By place and time, then in any fixed order, so that the outcome does not depend on arrival. */
        @Override
        public int compareTo(Point other) {
            int byPlace = Integer.compare(place, other.place);
            if (byPlace != 0) {
                return byPlace;
            }
            int byTime = Long.compare(time(), other.time());
            for (int m = 0; m < Channel.STORED && byTime == 0; m++) {
                byTime = Double.compare(slice.value(m, index), other.slice.value(m, other.index));
            }
            return byTime;
        }
    }

    /** Counts of cells that arrived more than once. */
    private static final class Conflicts {
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
