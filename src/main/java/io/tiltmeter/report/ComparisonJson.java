package io.tiltmeter.report;

import io.tiltmeter.compare.ComparedSet.End;
import io.tiltmeter.compare.Comparison;
import io.tiltmeter.compare.Comparison.SetReport;
import io.tiltmeter.compare.Ladder;
import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.model.Finding;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * Writes the {@code findings.json} of a comparison, described by {@code comparison.schema.json} beside this class. Findings
 * have the fields of a nightly report's and the run's id.
 */
public final class ComparisonJson {
    /** Version of the document's structure; it grows when a reader of the old one could misread the new one. */
    public static final int SCHEMA = 1;

    private ComparisonJson() {}

    /**
     * Writes the comparison; the same one always gives the same text.
     *
     * @throws IOException if {@code out} fails
     */
    public static void write(Comparison comparison, Appendable out) throws IOException {
        Json json = Json.pretty(out);
        json.object()
                .field("schema", SCHEMA)
                .field("source", comparison.source())
                .name("sets")
                .array();
        for (SetReport report : comparison.sets()) {
            set(json, report);
        }
        json.endArray().name("ladders").array();
        for (Ladder ladder : comparison.ladders()) {
            ladder(json, ladder);
        }
        json.endArray();
        findings(json, comparison.ladderFindings());
        JsonParts.rejected(json, comparison.rejected());
        JsonParts.detectors(json, Comparison.kinds());
        json.endObject();
        json.end();
    }

    private static void set(Json json, SetReport report) throws IOException {
        json.object()
                .field("name", report.set().name())
                .field("verdict", report.verdict())
                .name("runs")
                .array();
        for (int run = 0; run < report.set().runs().size(); run++) {
            End end = report.compared().ends().get(run);
            json.flatObject()
                    .field("run_id", report.set().runs().get(run).runId())
                    .field("points", end.points())
                    .field("last_step", end.lastStep())
                    .field("final_loss", end.loss())
                    .field("final_eval_loss", end.evalLoss())
                    .endObject();
        }
        json.endArray();
        findings(json, report.findings());
        json.endObject();
    }

    private static void findings(Json json, List<Finding> findings) throws IOException {
        json.name("findings").array();
        for (Finding finding : findings) {
            json.object().field("run_id", finding.runId());
            JsonParts.finding(json, finding, null, kind(finding));
            json.endObject();
        }
        json.endArray();
    }

    private static DetectorInfo kind(Finding finding) {
        return Comparison.kinds().stream()
                .filter(each -> each.id().equals(finding.detector()))
                .findFirst()
                .orElseThrow();
    }

    private static void ladder(Json json, Ladder ladder) throws IOException {
        json.object()
                .field("project", ladder.project())
                .field("setting", ladder.setting())
                .field("from", ladder.from())
                .field("to", ladder.to())
                .field("recipe", ladder.recipe())
                .field("metric", ladder.heldOut() ? "eval_loss" : "loss")
                .field("transfer", ladder.transfer().name().toLowerCase(Locale.ROOT))
                .name("rungs")
                .array();
        for (Ladder.Rung rung : ladder.rungs()) {
            json.flatObject()
                    .field("size", rung.size())
                    .field("runs_from", rung.runsFrom())
                    .field("runs_to", rung.runsTo())
                    .field("effect", rung.effect())
                    .field("low", rung.low())
                    .field("high", rung.high())
                    .endObject();
        }
        json.endArray().endObject();
    }
}
