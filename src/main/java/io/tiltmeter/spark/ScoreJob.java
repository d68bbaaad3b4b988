package io.tiltmeter.spark;

import io.tiltmeter.correlate.mining.MinedRun;
import io.tiltmeter.detect.RunSummarizer;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RiskScore;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.report.ScoreList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** Scores a batch of runs that have not begun, by the models of an earlier night. */
public final class ScoreJob {
    private ScoreJob() {}

    /**
     * What to score, by what, and where to write.
     *
     * @param metrics path or name of tables of which {@code runs} is read
     * @param models output of {@code jobs/nightly}
     * @param output folder for {@code scores.json} and the table {@code risk}
     * @param before only models of nights before this date, ISO
     * @param names foreign column names, see {@code conf/metric-names.conf}
     */
    public record Request(
            String metrics,
            String models,
            String output,
            Optional<String> before,
            Map<String, String> names,
            boolean dryRun) {
        public Request {
            names = Map.copyOf(names);
        }
    }

    /**
     * Runs the job.
     *
     * @throws InputException if there are no runs or no models
     */
    public static Outcome run(SparkSession spark, Request request, Progress progress) {
        progress.stage("Looking at " + request.metrics());
        MetricTables tables = MetricTables.open(spark, request.metrics(), new ColumnMapping(request.names()));
        Collection<RunRecord> runs = RunTables.runs(tables).values();
        if (runs.isEmpty()) {
            throw new InputException("Cannot score '" + request.metrics() + "': its table 'runs' holds no run");
        }
        ModelStore.Models models = ModelStore.newest(spark, new Path(request.models()), request.before())
                .orElseThrow(() -> new InputException("Cannot score by '" + request.models()
                        + "': it holds no folder models/DATE"
                        + request.before().map(date -> " before " + date).orElse("")
                        + "; jobs/nightly writes one once its fleet is large enough"));
        List<Rejection> rejected = tables.rejected();
        String date = models.description().date();
        if (request.dryRun()) {
            String text = "Dry run: nothing is written.\nRuns     " + runs.size() + " of " + request.metrics()
                    + "\nModels   of " + date + "\nOutput   " + request.output() + " (scores.json, risk)";
            return new Outcome(text, Optional.empty(), rejected, Optional.empty());
        }
        progress.stage(String.format("Scoring %,d runs", runs.size()));
        List<RiskScore> scores = ModelStore.score(
                models,
                runs.stream()
                        .map(run ->
                                new MinedRun(run, new RunSummarizer(run).summary(), List.of(), List.of(), Set.of())));
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        Path output = new Path(request.output());
        AttemptFolder attempt = AttemptFolder.begin(output, configuration);
        ReportTables.write(spark, CommonTables.scores(date, scores), CommonTables.RISK, attempt.file("risk"));
        String json = ModelStore.json(scores, date);
        AttemptFolder.write(attempt.file("scores.json"), json, configuration);
        attempt.publish();
        AttemptFolder.write(new Path(output, "scores.json"), json, configuration);
        return new Outcome(
                ScoreList.render(scores, runs.size(), date),
                Optional.empty(),
                rejected,
                Optional.of(new Path(output, "scores.json").toString()));
    }
}
