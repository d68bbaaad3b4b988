package io.tiltmeter.detect;

import io.tiltmeter.blocks.BlockAssembler;
import io.tiltmeter.blocks.DigestCursor;
import io.tiltmeter.blocks.Slice;
import io.tiltmeter.blocks.Source;
import io.tiltmeter.blocks.StepBatch;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.DoubleUnaryOperator;

/** Makes step points for tests: from arrays, functions of the step, or records. */
final class Points {
    static final RunRecord RUN = RunRecord.of("run", "project", Map.of());

    private final List<Point> points = new ArrayList<>();
    private int attempt;

    private Points() {}

    static Points of() {
        return new Points();
    }

    /** A series of one metric at the steps from, from + stride, … */
    static Points series(Metric metric, long from, long stride, double... values) {
        Points points = new Points();
        for (int i = 0; i < values.length; i++) {
            points.at(from + i * stride).set(metric, values[i]);
        }
        return points;
    }

    /** A series of one metric at the steps 0, 1, … */
    static Points series(Metric metric, int n, DoubleUnaryOperator value) {
        Points points = new Points();
        for (int i = 0; i < n; i++) {
            points.at(i).set(metric, value.applyAsDouble(i));
        }
        return points;
    }

    static Points of(List<StepRecord> records) {
        Points points = new Points();
        for (StepRecord record : records) {
            points.attempt = record.attempt();
            points.at(record.step()).values = record.values().copy();
        }
        return points;
    }

    /** Points from here on belong to this attempt. */
    Points attempt(int number) {
        attempt = number;
        return this;
    }

    /** A new point at this step; set its values on the result. */
    Point at(long step) {
        Point point = new Point(step, attempt);
        points.add(point);
        return point;
    }

    /** Adds a metric to the existing points. */
    Points with(Metric metric, DoubleUnaryOperator value) {
        for (Point point : points) {
            point.set(metric, value.applyAsDouble(point.step));
        }
        return this;
    }

    List<Point> list() {
        return points;
    }

    /**
     * The points as the nightly scan shows them: cut into windows of steps, encoded, assembled to digests and walked.
     *
     * @param window steps of a window
     */
    List<DigestCursor> digested(int window) {
        Map<List<Long>, Slice> slices = new TreeMap<>(
                Comparator.comparing((List<Long> key) -> key.get(0)).thenComparing(key -> key.get(1)));
        for (Point point : points) {
            Slice slice = slices.computeIfAbsent(
                    List.of((long) point.attempt, Math.floorDiv(point.step, (long) window)), key -> new Slice());
            StepBatch batch = new StepBatch();
            batch.clear(1);
            batch.size = 1;
            batch.steps[0] = point.step;
            batch.times[0] = Slice.NO_TIME;
            batch.spans[0] = point.span;
            batch.sources[0] = Source.of(StepRecord.NO_WORKER, false);
            for (int copy = 0; copy <= point.conflicts; copy++) {
                for (Metric metric : Metric.values()) {
                    if (point.has(metric)) {
                        // The larger value wins, so the point stays what it is.
                        batch.fill(metric.ordinal())[0] = point.value(metric) - copy;
                    }
                }
                slice.append(batch, 0, 1);
            }
        }
        List<DigestCursor> cursors = new ArrayList<>();
        slices.forEach((key, slice) -> {
            BlockAssembler block = new BlockAssembler();
            block.add(Slice.decode(slice.encode()));
            cursors.add(new DigestCursor(key.get(0).intValue(), block.digest()));
        });
        return cursors;
    }

    /** Shows the points to a detector by way of digests. */
    Detector.Assessment judgeDigested(Detector detector, RunRecord run, int window) {
        Detector.Tracker tracker =
                detector.track(new Detector.RunContext(run), DetectorSettings.defaults(detector.info()));
        for (DigestCursor cursor : digested(window)) {
            while (cursor.advance()) {
                tracker.observe(cursor);
            }
        }
        return tracker.assess();
    }

    /** Shows the points to a detector with its default settings. */
    Detector.Assessment judge(Detector detector) {
        return judge(detector, RUN);
    }

    Detector.Assessment judge(Detector detector, RunRecord run) {
        return judge(detector, run, DetectorSettings.defaults(detector.info()));
    }

    Detector.Assessment judge(Detector detector, RunRecord run, DetectorSettings settings) {
        Detector.Tracker tracker = detector.track(new Detector.RunContext(run), settings);
        int known = 0;
        for (Point point : points) {
            if (point.attempt != known) {
                known = point.attempt;
                tracker.attempt(known, Optional.empty());
            }
            tracker.observe(point);
        }
        return tracker.assess();
    }

    static final class Point implements StepPoint {
        private final long step;
        private final int attempt;
        private MetricValues values = new MetricValues();
        private int badWorker = StepRecord.NO_WORKER;
        private int span = 1;
        private int conflicts;

        private Point(long step, int attempt) {
            this.step = step;
            this.attempt = attempt;
        }

        Point set(Metric metric, double value) {
            values.set(metric, value);
            return this;
        }

        /** The values are means over this many steps. */
        Point span(int steps) {
            span = steps;
            return this;
        }

        /** Came with so many other, smaller values besides; for a point with one metric. */
        Point conflicting(int times) {
            conflicts = times;
            return this;
        }

        /** Non-finite values came from this worker. */
        Point from(int worker) {
            badWorker = worker;
            return this;
        }

        @Override
        public long step() {
            return step;
        }

        @Override
        public int attempt() {
            return attempt;
        }

        @Override
        public long timeMicros() {
            return Long.MIN_VALUE;
        }

        @Override
        public int stepSpan() {
            return span;
        }

        @Override
        public boolean has(Metric metric) {
            return values.has(metric);
        }

        @Override
        public double value(Metric metric) {
            return values.get(metric);
        }

        @Override
        public int workers(Metric metric) {
            return 0;
        }

        @Override
        public double median(Metric metric) {
            return Double.NaN;
        }

        @Override
        public double mad(Metric metric) {
            return Double.NaN;
        }

        @Override
        public int outlier(Metric metric) {
            return badWorker;
        }

        @Override
        public double outlierValue(Metric metric) {
            return badWorker == StepRecord.NO_WORKER || !has(metric) ? Double.NaN : value(metric);
        }

        @Override
        public int nonFinite(Metric metric) {
            return has(metric) && !Double.isFinite(value(metric)) ? 1 : 0;
        }

        @Override
        public int firstNonFinite(Metric metric) {
            return nonFinite(metric) > 0 ? badWorker : StepRecord.NO_WORKER;
        }

        @Override
        public long conflicts() {
            return conflicts;
        }

        @Override
        public int conflictWorker() {
            return conflicts > 0 ? badWorker : StepRecord.NO_WORKER;
        }
    }
}
