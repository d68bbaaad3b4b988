package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.regexp_replace;

import io.tiltmeter.config.Settings;
import io.tiltmeter.detect.Detector;
import io.tiltmeter.detect.DetectorSettings;
import io.tiltmeter.detect.WorkerOutlierDetector;
import io.tiltmeter.detect.WorkerWindow;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Layout;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RunRecord;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Workers compared by metrics that have no column in {@code steps}, whatever their names: digested as steps are, in a store
 * of their own, and judged by {@link WorkerOutlierDetector}.
 *
 * @param judged one entry a run with such a metric
 * @param rejected files of the table found damaged, and rows that cannot be placed
 * @param digests what was judged; empty where there is none
 */
record WorkerMetrics(List<Judged> judged, List<Rejection> rejected, Optional<Dataset<Row>> digests) {

    /** What was found in one run. */
    record Judged(String runId, List<Finding> findings, Coverage coverage) implements Serializable {}

    /** Looks at all metrics that several workers logged; does nothing where there is no table of metrics. */
    static WorkerMetrics judge(
            SparkSession spark,
            MetricTables tables,
            DigestStore store,
            Map<AttemptId, Layout> layouts,
            Settings settings,
            Progress progress) {
        WorkerOutlierDetector detector = new WorkerOutlierDetector();
        DetectorSettings own =
                settings.detectors().getOrDefault(detector.info().id(), DetectorSettings.defaults(detector.info()));
        if (!tables.has(StepsView.WORKER_METRICS.table()) || !own.enabled()) {
            return new WorkerMetrics(List.of(), List.of(), Optional.empty());
        }
        StepsScan scan = new StepsScan(spark, tables, StepsView.WORKER_METRICS, store, settings.scan());
        StepsScan.Result result = scan.update(progress);
        try {
            List<Judged> judged = result.digests()
                    .map(digests -> judge(spark, digests, layouts, own))
                    .orElse(List.of());
            return new WorkerMetrics(judged, scan.rejected(result.plan()), result.digests());
        } finally {
            result.kept().join();
        }
    }

    private static List<Judged> judge(
            SparkSession spark, Dataset<Row> digests, Map<AttemptId, Layout> layouts, DetectorSettings settings) {
        Broadcast<Map<AttemptId, Layout>> shipped =
                JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(layouts);
        // The run's own id comes before the separator; control characters are not in names that sort otherwise.
        Dataset<Row> ordered = digests.withColumn("run", regexp_replace(col("run_id"), "\u001f[^\u001f]*$", ""))
                .repartition(col("run"))
                .sortWithinPartitions("run", "attempt", "run_id", "window")
                .drop("run");
        return InternalFrames.rows(ordered)
                .mapPartitions(rows -> judge(rows, shipped.value(), settings).iterator())
                .collect();
    }

    private static List<Judged> judge(
            Iterator<InternalRow> rows, Map<AttemptId, Layout> layouts, DetectorSettings settings) {
        WorkerOutlierDetector detector = new WorkerOutlierDetector();
        List<Judged> judged = new ArrayList<>();
        String open = "";
        Detector.Tracker tracker = null;
        while (rows.hasNext()) {
            InternalRow row = rows.next();
            String id = DigestRows.runId(row);
            String runId = StepsView.runId(id);
            if (tracker == null || !runId.equals(open)) {
                if (tracker != null) {
                    judged.add(judged(open, detector, tracker));
                }
                open = runId;
                tracker = detector.track(new Detector.RunContext(RunRecord.of(runId, null, Map.of())), settings);
            }
            int attempt = DigestRows.attempt(row);
            tracker.workers(new WorkerWindow(
                    attempt,
                    StepsView.metric(id),
                    DigestRows.digest(row).workers(),
                    layouts.getOrDefault(new AttemptId(runId, attempt), Layout.UNKNOWN)));
        }
        if (tracker != null) {
            judged.add(judged(open, detector, tracker));
        }
        return judged;
    }

    private static Judged judged(String runId, Detector detector, Detector.Tracker tracker) {
        Detector.Assessment assessment = tracker.assess();
        return new Judged(
                runId,
                assessment.findings(),
                new Coverage(runId, detector.info().id(), assessment.status(), assessment.reason()));
    }
}
