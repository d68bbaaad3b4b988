package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;

import io.tiltmeter.correlate.FleetRun.Place;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.StepRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.jspecify.annotations.Nullable;

/** Places of the workers that findings name, from the {@code topology} table. */
final class WorkerHosts {
    private final MetricTables tables;
    private final Map<Key, Place> places = new HashMap<>();

    WorkerHosts(MetricTables tables) {
        this.tables = tables;
    }

    private record Key(String runId, int attempt, int worker) {}

    private record Spot(String host, @Nullable String device) {}

    /** The same findings with the host of each worker, where the topology knows it. */
    List<Finding> name(List<Finding> findings) {
        Object[] runs = findings.stream()
                .filter(finding -> finding.worker() != StepRecord.NO_WORKER || finding.host() != null)
                .map(Finding::runId)
                .distinct()
                .toArray();
        if (runs.length == 0 || !tables.has("topology")) {
            return findings;
        }
        tables.read("topology")
                .ifPresent(frame -> MetricTables.exactly(frame, Schemas.TOPOLOGY)
                        .filter(col("run_id").isin(runs).and(col("host").isNotNull()))
                        .select("run_id", "attempt", "worker", "host", "device", "rack")
                        .collectAsList()
                        .forEach((Row row) -> places.put(
                                new Key(row.getString(0), row.isNullAt(1) ? 0 : row.getInt(1), row.getInt(2)),
                                new Place(row.getString(5), row.getString(3), row.getString(4), 1))));
        return findings.stream()
                .map(finding -> place(finding)
                        .map(place -> finding.withHost(place.host()))
                        .orElse(finding))
                .toList();
    }

    /** Where the worker of a finding ran; empty before {@link #name}, without a worker, and where it is not known. */
    Optional<Place> place(Finding finding) {
        return Optional.ofNullable(places.get(new Key(finding.runId(), finding.attempt(), finding.worker())));
    }

    /** How many workers of each start ran where, of the runs whose findings were named; by run and attempt. */
    Map<AttemptId, List<Place>> starts() {
        Map<AttemptId, Map<Spot, Integer>> counts = new HashMap<>();
        places.forEach(
                (key, place) -> counts.computeIfAbsent(new AttemptId(key.runId, key.attempt), start -> new HashMap<>())
                        .merge(new Spot(place.host(), place.device()), 1, Integer::sum));
        Map<AttemptId, List<Place>> starts = new HashMap<>();
        counts.forEach((start, spots) -> starts.put(
                start,
                spots.entrySet().stream()
                        .map(e -> new Place(null, e.getKey().host(), e.getKey().device(), e.getValue()))
                        .toList()));
        return starts;
    }
}
