package io.tiltmeter.report;

import io.tiltmeter.cost.FleetCost;
import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.DataTrail;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.WorkerMap;
import io.tiltmeter.report.FleetReport.RunReport;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Writes {@code findings.json}, described by {@code findings.schema.json} beside this class. */
public final class FindingsJson {
    /** Version of the document's structure; it grows when a reader of the old one could misread the new one. */
    public static final int SCHEMA = 1;

    private final Json json;
    private final Map<String, DetectorInfo> detectors;

    private FindingsJson(Json json, Map<String, DetectorInfo> detectors) {
        this.json = json;
        this.detectors = detectors;
    }

    /**
     * Writes the report; the same report always gives the same text.
     *
     * @throws IOException if {@code out} fails
     */
    public static void write(FleetReport report, Appendable out) throws IOException {
        Json json = Json.pretty(out);
        new FindingsJson(json, Fleet.detectorsById(report)).report(report);
        json.end();
    }

    private void report(FleetReport report) throws IOException {
        json.object().field("schema", SCHEMA).field("date", report.date()).field("source", report.source());
        summary(report);
        json.name("runs").array();
        for (RunReport run : report.runs()) {
            run(run, report.cost());
        }
        json.endArray().name("patterns").array();
        for (Pattern pattern : report.patterns()) {
            pattern(pattern);
        }
        json.endArray();
        JsonParts.rejected(json, report.rejected());
        JsonParts.detectors(json, report.detectors());
        CommonJson.write(report.common(), json);
        CostJson.fleet(report.cost(), json);
        DrainJson.write(report.drain(), json);
        json.endObject();
    }

    private void summary(FleetReport report) throws IOException {
        json.name("summary").object().field("runs", report.runs().size());
        json.name("verdicts").flatObject();
        for (Map.Entry<String, Integer> verdict : Fleet.verdicts(report).entrySet()) {
            json.field(verdict.getKey(), verdict.getValue());
        }
        json.endObject()
                .field("steps", Fleet.steps(report))
                .field(
                        "incidents",
                        report.runs().stream()
                                .mapToInt(r -> r.incidents().size())
                                .sum())
                .field("patterns", report.patterns().size())
                .field("rejected", Fleet.rejected(report, Rejection.Level.REJECTED))
                .field("doubtful", Fleet.rejected(report, Rejection.Level.WARNING))
                .endObject();
    }

    private void run(RunReport run, FleetCost cost) throws IOException {
        json.object()
                .field("run_id", run.run().runId())
                .field("project", run.run().project())
                .field("status", run.run().status())
                .field("verdict", run.verdict());
        summary(run.summary());
        json.name("coverage").array();
        for (Coverage coverage : run.coverage()) {
            json.flatObject()
                    .field("detector", coverage.detector())
                    .field("status", coverage.status().name().toLowerCase(Locale.ROOT))
                    .field("reason", coverage.reason())
                    .endObject();
        }
        json.endArray().name("incidents").array();
        for (Incident incident : run.incidents()) {
            incident(incident, run);
        }
        json.endArray();
        CostJson.run(run.run().runId(), cost, json);
        json.endObject();
    }

    private void summary(RunSummary summary) throws IOException {
        boolean empty = summary.points() == 0;
        json.name("summary")
                .flatObject()
                .field("attempts", summary.attempts())
                .field("workers", summary.workers())
                .field("points", summary.points())
                .name("first_step");
        step(summary.firstStep(), empty);
        json.name("last_step");
        step(summary.lastStep(), empty);
        json.field("loss_points", summary.lossPoints())
                .field("start_loss", summary.startLoss())
                .field("final_loss", summary.finalLoss())
                .field("best_loss", summary.bestLoss())
                .field("final_eval_loss", summary.finalEvalLoss())
                .field("loss_is_eval", summary.lossIsEval())
                .field("replay_noise", summary.replayNoise())
                .endObject();
    }

    private void step(long step, boolean none) throws IOException {
        if (none) {
            json.value((String) null);
        } else {
            json.value(step);
        }
    }

    private void incident(Incident incident, RunReport run) throws IOException {
        json.object()
                .field("id", incident.id())
                .field("cause", incident.cause().text())
                .field("why", incident.why())
                .field("severity", incident.severity().text())
                .field("attempt", incident.attempt())
                .field("first_step", incident.firstStep())
                .field("last_step", incident.lastStep())
                .field("advice", incident.advice())
                .name("findings")
                .array();
        for (Finding finding : incident.findings()) {
            json.object();
            JsonParts.finding(json, finding, finding.attempt(), detectors.get(finding.detector()));
            json.endObject();
        }
        json.endArray();
        Optional<WorkerMap> map = run.map(incident);
        if (map.isPresent()) {
            WorkerMapJson.write(map.get(), json);
        }
        Optional<DataTrail> trail = run.trail(incident);
        if (trail.isPresent()) {
            TrailJson.write(trail.get(), json);
        }
        json.endObject();
    }

    private void pattern(Pattern pattern) throws IOException {
        json.object()
                .field("axis", pattern.axis())
                .field("value", pattern.value())
                .field("project", pattern.project())
                .field("kind", pattern.kind())
                .field("metric", pattern.metric())
                .field("severity", pattern.severity().text())
                .field("step_from", pattern.stepFrom())
                .field("step_to", pattern.stepTo())
                .name("runs")
                .array();
        for (String run : pattern.runs()) {
            json.value(run);
        }
        json.endArray()
                .field("exposed", pattern.exposed())
                .field("lift", pattern.lift())
                .name("lift_interval")
                .flatArray()
                .value(pattern.liftLow())
                .value(pattern.liftHigh())
                .endArray()
                .field("q_value", pattern.qValue())
                .field("median_score", pattern.medianScore())
                .field("evidence", pattern.evidence())
                .field("explanation", pattern.explanation())
                .name("contrasts")
                .array();
        for (Pattern.Contrast contrast : pattern.contrasts()) {
            json.flatObject()
                    .field("among", contrast.among())
                    .field("affected", contrast.affected())
                    .field("of", contrast.of())
                    .endObject();
        }
        json.endArray().name("confounders").array();
        for (Pattern.Confounder confounder : pattern.confounders()) {
            json.flatObject()
                    .field("axis", confounder.axis())
                    .field("value", confounder.value())
                    .field("q_value", confounder.qValue())
                    .field("p_given_pattern", confounder.pGiven())
                    .field("rejected", confounder.rejected())
                    .endObject();
        }
        json.endArray().field("advice", pattern.advice()).endObject();
    }
}
