package io.tiltmeter.report;

import io.tiltmeter.model.DrainList;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.StepRecord;
import java.io.IOException;

/** Writes the list of machines to drain into {@code findings.json}. */
final class DrainJson {
    private DrainJson() {}

    /** The member {@code drain} of the object that is open; nothing where no incident lies on a known host. */
    static void write(DrainList list, Json json) throws IOException {
        if (list.runs() == 0 && list.explained() == 0) {
            return;
        }
        json.name("drain")
                .object()
                .field("hosts", list.hosts())
                .field("runs", list.runs())
                .field("explained", list.explained())
                .field("fewest_runs", list.fewestRuns())
                .field("largest_q", list.largestQ())
                .field("false_rate", list.falseRate())
                .name("entries")
                .array();
        for (DrainList.Entry entry : list.entries()) {
            entry(entry, json);
        }
        json.endArray().endObject();
    }

    private static void entry(DrainList.Entry entry, Json json) throws IOException {
        json.object()
                .field("host", entry.host())
                .field("device", entry.device())
                .field("verdict", entry.verdict().text())
                .field("seen", entry.seen())
                .field("chances", entry.chances())
                .field("expected", entry.expected())
                .field("p_value", entry.pValue())
                .field("q_value", entry.qValue())
                .field("runs_here", entry.runsHere())
                .field("worker_hours", entry.workerHours())
                .field("worker_steps", entry.workerSteps())
                .field("reason", entry.reason())
                .name("runs")
                .flatArray();
        for (String run : entry.runs()) {
            json.value(run);
        }
        json.endArray().name("findings").array();
        for (Finding finding : entry.findings()) {
            json.flatObject()
                    .field("run_id", finding.runId())
                    .field("attempt", finding.attempt())
                    .field("detector", finding.detector())
                    .field("metric", finding.metric())
                    .name("worker");
            if (finding.worker() == StepRecord.NO_WORKER) {
                json.value((String) null);
            } else {
                json.value(finding.worker());
            }
            json.field("step_from", finding.stepFrom())
                    .field("step_to", finding.stepTo())
                    .field("severity", finding.severity().text())
                    .field("evidence", finding.evidence())
                    .endObject();
        }
        json.endArray().endObject();
    }
}
