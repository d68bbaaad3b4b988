package io.tiltmeter.blocks;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Builds slices point by point, as a reader would batch by batch. */
final class Points {
    private record Point(long step, long time, int span, int source, Map<Metric, Double> values) {}

    private final List<Point> points = new ArrayList<>();

    static Points of() {
        return new Points();
    }

    Points local(int worker, long step, Map<Metric, Double> values) {
        return add(Source.of(worker, true), step, Slice.NO_TIME, values);
    }

    Points local(int worker, long step, long time, Map<Metric, Double> values) {
        return add(Source.of(worker, true), step, time, values);
    }

    Points loss(int worker, long step, double loss) {
        return local(worker, step, Map.of(Metric.LOSS, loss));
    }

    Points global(long step, Map<Metric, Double> values) {
        return add(Source.of(StepRecord.NO_WORKER, false), step, Slice.NO_TIME, values);
    }

    Points reduced(int worker, long step, Map<Metric, Double> values) {
        return add(Source.of(worker, false), step, Slice.NO_TIME, values);
    }

    Points add(int source, long step, long time, Map<Metric, Double> values) {
        points.add(new Point(step, time, 1, source, values));
        return this;
    }

    int size() {
        return points.size();
    }

    /** The points from one index to another, as one slice. */
    Slice slice(int from, int to) {
        StepBatch batch = new StepBatch();
        batch.clear(to - from);
        batch.size = to - from;
        for (Metric metric : Metric.values()) {
            if (points.subList(from, to).stream().anyMatch(p -> p.values.containsKey(metric))) {
                double[] column = batch.fill(metric.ordinal());
                for (int i = from; i < to; i++) {
                    Double value = points.get(i).values.get(metric);
                    column[i - from] = value == null ? Slice.ABSENT : value;
                }
            }
        }
        for (int i = from; i < to; i++) {
            Point point = points.get(i);
            batch.steps[i - from] = point.step;
            batch.times[i - from] = point.time;
            batch.spans[i - from] = point.span;
            batch.sources[i - from] = point.source;
        }
        Slice slice = new Slice();
        slice.append(batch, 0, to - from);
        return slice;
    }

    Slice slice() {
        return slice(0, points.size());
    }

    Digest digest() {
        BlockAssembler assembler = new BlockAssembler();
        assembler.add(slice());
        return assembler.digest();
    }
}
