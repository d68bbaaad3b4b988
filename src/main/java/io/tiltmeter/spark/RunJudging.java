package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;

import io.tiltmeter.blocks.ChartSampler;
import io.tiltmeter.blocks.Digest;
import io.tiltmeter.blocks.DigestCursor;
import io.tiltmeter.blocks.Slice;
import io.tiltmeter.blocks.TimeTrack;
import io.tiltmeter.config.Settings;
import io.tiltmeter.cost.CostTracker;
import io.tiltmeter.detect.Detector;
import io.tiltmeter.detect.DetectorSettings;
import io.tiltmeter.detect.Detectors;
import io.tiltmeter.detect.RunJudge;
import io.tiltmeter.detect.RunSummarizer;
import io.tiltmeter.detect.WorkerWindow;
import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.Chart;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Layout;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunCost;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;

/** Runs the detectors over the digests of every run, one window at a time. */
final class RunJudging {
    private static final long[] NO_PAUSES = {};

    private RunJudging() {}

    /** Curves worth drawing, in the order of a report. */
    private static final List<Metric> CHARTS = List.of(
            Metric.LOSS,
            Metric.EVAL_LOSS,
            Metric.GRAD_NORM,
            Metric.LOSS_SCALE,
            Metric.STEP_SECONDS,
            Metric.LEARNING_RATE);

    /**
     * What the scan of one run leaves.
     *
     * @param cost what its time was spent on
     * @param charts its curves; empty where they were not asked for
     * @param findingTimes for each finding when its first step was logged, in microseconds since the epoch, {@link
     *     Slice#NO_TIME} if unknown
     * @param firstTime when its first step was logged
     * @param lastTime when its last step was logged
     */
    record Judged(
            String runId,
            RunSummary summary,
            List<Finding> findings,
            List<Coverage> coverage,
            RunCost cost,
            List<Chart> charts,
            List<Long> findingTimes,
            long firstTime,
            long lastTime)
            implements Serializable {
        Judged withoutCharts() {
            return new Judged(runId, summary, findings, coverage, cost, List.of(), findingTimes, firstTime, lastTime);
        }
    }

    /**
     * What is known of runs beside their steps.
     *
     * @param pauses steps at which a checkpoint was written or the model evaluated, by run, ascending
     */
    record Known(
            Map<String, RunRecord> runs,
            Map<AttemptId, AttemptRecord> attempts,
            Map<AttemptId, Layout> layouts,
            Map<String, long[]> pauses)
            implements Serializable {}

    /** Everything the tasks need beside the digests. */
    private record Inputs(Known known, Map<String, DetectorSettings> detectors, double heldSeconds, int chartPoints)
            implements Serializable {}

    /**
     * Judges all runs that have digests; one element a run, in no particular order.
     *
     * @param byRun whether the digests of each run already follow one another in one partition
     */
    static JavaRDD<Judged> judge(
            SparkSession spark, Dataset<Row> digests, boolean byRun, Known known, Settings settings) {
        Broadcast<Inputs> inputs = JavaSparkContext.fromSparkContext(spark.sparkContext())
                .broadcast(new Inputs(
                        known,
                        settings.detectors(),
                        settings.cost().heldSeconds(),
                        settings.report().chartPoints()));
        Dataset<Row> ordered = byRun
                ? digests
                : digests.repartition(col("run_id")).sortWithinPartitions("run_id", "attempt", "window");
        return InternalFrames.rows(ordered).mapPartitions(rows -> new Judging(rows, inputs.value()));
    }

    /** Judges a run without any step. */
    static Judged judgeEmpty(RunRecord run, Map<String, DetectorSettings> detectors) {
        RunJudge.Verdict verdict = new RunJudge(run, detectors).finish();
        RunSummary summary = new RunSummarizer(run).summary();
        return new Judged(
                run.runId(),
                summary,
                verdict.findings(),
                verdict.coverage(),
                RunCost.notObservable(run.runId(), "no step was logged"),
                List.of(),
                verdict.findings().stream().map(finding -> Slice.NO_TIME).toList(),
                Slice.NO_TIME,
                Slice.NO_TIME);
    }

    /** Walks digest rows ordered by run, attempt, window and metric; hands out a verdict when a run ends. */
    private static final class Judging implements Iterator<Judged> {
        private final Iterator<InternalRow> rows;
        private final Inputs inputs;
        private final List<Detector> detectors = Detectors.ofRuns();
        private Optional<InternalRow> pending;

        Judging(Iterator<InternalRow> rows, Inputs inputs) {
            this.rows = rows;
            this.inputs = inputs;
            pending = advance();
        }

        private Optional<InternalRow> advance() {
            return rows.hasNext() ? Optional.of(rows.next()) : Optional.empty();
        }

        @Override
        public boolean hasNext() {
            return pending.isPresent();
        }

        @Override
        public Judged next() {
            String runId = DigestRows.runId(pending.orElseThrow(NoSuchElementException::new));
            RunRecord run = inputs.known.runs.getOrDefault(runId, RunRecord.of(runId, null, Map.of()));
            RunJudge judge = new RunJudge(run, inputs.detectors, detectors);
            RunSummarizer summarizer = new RunSummarizer(run);
            CostTracker cost =
                    new CostTracker(run, inputs.known.pauses.getOrDefault(runId, NO_PAUSES), inputs.heldSeconds);
            List<ChartSampler> charts = CHARTS.stream()
                    .map(metric -> new ChartSampler(metric.column(), inputs.chartPoints))
                    .toList();
            int attempt = -1;
            long lastTime = Slice.NO_TIME;
            TimeTrack times = new TimeTrack();
            while (isOf(runId)) {
                int number = DigestRows.attempt(pending.get());
                Digest digest = DigestRows.digest(pending.get());
                pending = advance();
                AttemptId id = new AttemptId(runId, number);
                Layout layout = inputs.known.layouts.getOrDefault(id, Layout.UNKNOWN);
                if (number != attempt) {
                    attempt = number;
                    Optional<AttemptRecord> record = Optional.ofNullable(inputs.known.attempts.get(id));
                    judge.attempt(number, record);
                    cost.attempt(number, record, layout.size());
                }
                judge.workers(new WorkerWindow(number, "", digest.workers(), layout));
                DigestCursor cursor = new DigestCursor(number, digest);
                while (cursor.advance()) {
                    lastTime = Math.max(lastTime, cursor.timeMicros());
                    times.add(number, cursor.step(), cursor.timeMicros());
                    judge.observe(cursor);
                    summarizer.observe(cursor);
                    cost.observe(cursor);
                    for (int c = 0; c < CHARTS.size(); c++) {
                        if (cursor.has(CHARTS.get(c))) {
                            charts.get(c).add(number, cursor.step(), cursor.value(CHARTS.get(c)));
                        }
                    }
                }
            }
            RunJudge.Verdict verdict = judge.finish();
            return new Judged(
                    runId,
                    summarizer.summary(),
                    verdict.findings(),
                    verdict.coverage(),
                    cost.cost(verdict.findings()),
                    charts.stream()
                            .filter(c -> !c.isEmpty())
                            .map(ChartSampler::chart)
                            .toList(),
                    verdict.findings().stream()
                            .map(finding -> times.at(finding.attempt(), finding.stepFrom()))
                            .toList(),
                    times.first(),
                    lastTime);
        }

        private boolean isOf(String runId) {
            return pending.isPresent() && DigestRows.runId(pending.get()).equals(runId);
        }
    }
}
