package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;

import io.tiltmeter.model.Finding;
import io.tiltmeter.model.StepRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;

/** Names the hosts of workers in findings, from the {@code topology} table. */
final class WorkerHosts {
    private final MetricTables tables;

    WorkerHosts(MetricTables tables) {
        this.tables = tables;
    }

    private record Key(String runId, int attempt, int worker) {}

    /** The same findings with the host of each worker, where the topology knows it. */
    List<Finding> name(List<Finding> findings) {
        Object[] runs = findings.stream()
                .filter(finding -> finding.worker() != StepRecord.NO_WORKER)
                .map(Finding::runId)
                .distinct()
                .toArray();
        if (runs.length == 0 || !tables.has("topology")) {
            return findings;
        }
        Map<Key, String> hosts = new HashMap<>();
        tables.read("topology")
                .ifPresent(frame -> MetricTables.exactly(frame, Schemas.TOPOLOGY)
                        .filter(col("run_id").isin(runs).and(col("host").isNotNull()))
                        .select("run_id", "attempt", "worker", "host")
                        .collectAsList()
                        .forEach((Row row) -> hosts.put(
                                new Key(row.getString(0), row.isNullAt(1) ? 0 : row.getInt(1), row.getInt(2)),
                                row.getString(3))));
        return findings.stream()
                .map(finding -> {
                    String host = hosts.get(new Key(finding.runId(), finding.attempt(), finding.worker()));
                    return host == null ? finding : finding.withHost(host);
                })
                .toList();
    }
}
