package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;

import io.tiltmeter.blocks.Digest;
import io.tiltmeter.detect.WorkerMapRequest;
import io.tiltmeter.detect.WorkerMapSampler;
import io.tiltmeter.detect.WorkerWindow;
import io.tiltmeter.model.Layout;
import io.tiltmeter.model.WorkerMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;

/** Draws maps of workers from the digests of the runs that a report draws; the others' digests are not decoded. */
final class WorkerMaps {
    private WorkerMaps() {}

    /**
     * Draws maps.
     *
     * @param steps digests of the table of steps, if there are any
     * @param metrics digests of what workers logged in the table of metrics, if there are any
     * @return the maps by incident
     */
    static Map<String, WorkerMap> draw(
            SparkSession spark,
            Optional<Dataset<Row>> steps,
            Optional<Dataset<Row>> metrics,
            List<WorkerMapRequest> requests,
            Map<AttemptId, Layout> layouts) {
        Map<String, List<WorkerMapRequest>> inSteps = new HashMap<>();
        Map<String, List<WorkerMapRequest>> inMetrics = new HashMap<>();
        requests.forEach(request -> (request.hasColumn() ? inSteps : inMetrics)
                .computeIfAbsent(
                        request.hasColumn() ? request.runId() : StepsView.id(request.runId(), request.metric()),
                        id -> new ArrayList<>())
                .add(request));
        Map<String, WorkerMap> maps = new HashMap<>();
        steps.ifPresent(digests -> draw(spark, digests, inSteps, layouts, maps));
        metrics.ifPresent(digests -> draw(spark, digests, inMetrics, layouts, maps));
        return maps;
    }

    private static void draw(
            SparkSession spark,
            Dataset<Row> digests,
            Map<String, List<WorkerMapRequest>> requests,
            Map<AttemptId, Layout> layouts,
            Map<String, WorkerMap> maps) {
        if (requests.isEmpty()) {
            return;
        }
        // Layouts of whole fleets are large; only those that are drawn go to the tasks.
        Map<AttemptId, Layout> needed = requests.values().stream()
                .flatMap(List::stream)
                .map(request -> new AttemptId(request.runId(), request.attempt()))
                .distinct()
                .filter(layouts::containsKey)
                .collect(Collectors.toMap(id -> id, id -> layouts.getOrDefault(id, Layout.UNKNOWN)));
        Broadcast<Inputs> inputs = JavaSparkContext.fromSparkContext(spark.sparkContext())
                .broadcast(new Inputs(new HashMap<>(requests), needed));
        Dataset<Row> ordered = digests.filter(
                        col("run_id").isin(requests.keySet().toArray()))
                .repartition(col("run_id"))
                .sortWithinPartitions("run_id", "attempt", "window");
        InternalFrames.rows(ordered)
                .mapPartitions(rows -> draw(rows, inputs.value()).iterator())
                .collect()
                .forEach(map -> maps.put(map.incident(), map));
    }

    private record Inputs(Map<String, List<WorkerMapRequest>> requests, Map<AttemptId, Layout> layouts)
            implements java.io.Serializable {}

    private static List<WorkerMap> draw(Iterator<InternalRow> rows, Inputs inputs) {
        List<WorkerMap> maps = new ArrayList<>();
        List<WorkerMapSampler> samplers = List.of();
        String open = "";
        while (rows.hasNext()) {
            InternalRow row = rows.next();
            String id = DigestRows.runId(row);
            if (samplers.isEmpty() || !id.equals(open)) {
                samplers.forEach(sampler -> sampler.map().ifPresent(maps::add));
                open = id;
                samplers = inputs.requests.getOrDefault(id, List.of()).stream()
                        .map(WorkerMapSampler::new)
                        .toList();
            }
            int attempt = DigestRows.attempt(row);
            Digest digest = DigestRows.digest(row);
            WorkerWindow window = new WorkerWindow(
                    attempt,
                    StepsView.metric(id),
                    digest.workers(),
                    inputs.layouts.getOrDefault(new AttemptId(StepsView.runId(id), attempt), Layout.UNKNOWN));
            samplers.forEach(sampler -> sampler.observe(window, digest));
        }
        samplers.forEach(sampler -> sampler.map().ifPresent(maps::add));
        return maps;
    }
}
