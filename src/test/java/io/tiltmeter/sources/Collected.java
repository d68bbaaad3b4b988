package io.tiltmeter.sources;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.GroupRecord;
import io.tiltmeter.model.LayerRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricRecord;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.ShardRecord;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** A sink that keeps everything, with questions that tests ask. */
final class Collected implements RecordSink {
    final List<RunRecord> runs = new ArrayList<>();
    final List<AttemptRecord> attempts = new ArrayList<>();
    final List<StepRecord> steps = new ArrayList<>();
    final List<MetricRecord> metrics = new ArrayList<>();
    final List<EventRecord> events = new ArrayList<>();
    final List<Rejection> rejections = new ArrayList<>();

    /** The run ids in the order they were announced. */
    List<String> runIds() {
        return runs.stream().map(RunRecord::runId).toList();
    }

    RunRecord run(String id) {
        List<RunRecord> found =
                runs.stream().filter(run -> run.runId().equals(id)).toList();
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " runs '" + id + "' among " + runIds());
        }
        return found.get(0);
    }

    List<StepRecord> steps(String runId) {
        return steps.stream().filter(step -> step.runId().equals(runId)).toList();
    }

    /** One metric of a run in the order it was handed over, as {@code step=value}; absent values are left out. */
    List<String> points(String runId, Metric metric) {
        return steps(runId).stream()
                .filter(step -> step.values().has(metric))
                .map(step -> step.step() + "=" + step.values().get(metric))
                .toList();
    }

    /** One metric of a run by step; of a repeated step the last value. */
    TreeMap<Long, Double> series(String runId, Metric metric) {
        TreeMap<Long, Double> series = new TreeMap<>();
        for (StepRecord step : steps(runId)) {
            if (step.values().has(metric)) {
                series.put(step.step(), step.values().get(metric));
            }
        }
        return series;
    }

    /** The values of one metric of a run in the order they were handed over. */
    double[] values(String runId, Metric metric) {
        return steps(runId).stream()
                .filter(step -> step.values().has(metric))
                .mapToDouble(step -> step.values().get(metric))
                .toArray();
    }

    /** What went to the {@code metrics} table, as {@code name@step=value}. */
    List<String> extras() {
        return metrics.stream()
                .map(metric -> metric.name() + "@" + metric.step() + "=" + metric.value())
                .toList();
    }

    /** Rejections as {@code level line N xCOUNT: reason}. */
    List<String> problems() {
        return rejections.stream()
                .map(r -> r.level().name().toLowerCase(java.util.Locale.ROOT) + " line " + r.line() + " x" + r.count()
                        + ": " + r.reason())
                .toList();
    }

    @Override
    public void run(RunRecord run) {
        runs.add(run);
    }

    @Override
    public void attempt(AttemptRecord attempt) {
        attempts.add(attempt);
    }

    @Override
    public void topology(TopologyRecord topology) {
        throw new AssertionError("No format hands over topology yet");
    }

    @Override
    public void step(StepRecord step) {
        steps.add(step);
    }

    @Override
    public void metric(MetricRecord metric) {
        metrics.add(metric);
    }

    @Override
    public void layer(LayerRecord layer) {
        throw new AssertionError("No format hands over layers yet");
    }

    @Override
    public void group(GroupRecord group) {
        throw new AssertionError("No format hands over groups yet");
    }

    @Override
    public void shard(ShardRecord shard) {
        throw new AssertionError("No format hands over shards yet");
    }

    @Override
    public void event(EventRecord event) {
        events.add(event);
    }

    @Override
    public void reject(Rejection rejection) {
        rejections.add(rejection);
    }
}
