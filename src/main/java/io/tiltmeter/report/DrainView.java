package io.tiltmeter.report;

import static io.tiltmeter.report.Formats.count;
import static io.tiltmeter.report.Formats.number;
import static io.tiltmeter.report.Formats.steps;
import static io.tiltmeter.report.Formats.text;

import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.model.DrainList;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The list of machines to drain as the page shows it.
 *
 * @param any whether there is anything to show
 * @param summary what was asked, in one sentence
 * @param falseRate how often the rule drains a sound host
 * @param rows to drain first
 */
public record DrainView(boolean any, String summary, String falseRate, List<Row> rows) {
    private static final int MOST_RUNS = 6;
    private static final int MOST_FINDINGS = 3;

    /** One host or device. */
    public record Row(
            String place,
            String verdict,
            String style,
            String reason,
            List<String> evidence,
            String exposure,
            String seen,
            String q,
            List<Page.RunLink> runs,
            int more) {}

    static DrainView of(DrainList list, Map<String, DetectorInfo> detectors, Map<String, Page.RunLink> links) {
        boolean any = list.runs() > 0 || list.explained() > 0;
        return new DrainView(
                any,
                any ? summary(list) : "",
                text(list.falseRate()),
                list.entries().stream().map(e -> row(e, detectors, links)).toList());
    }

    /** What was asked of how many, in one sentence. */
    static String summary(DrainList list) {
        String left = list.explained() == 0
                ? ""
                : "; " + count(list.explained(), "finding")
                        + " left out that patterns of data, settings, steps or times tell";
        return count(list.runs(), "independent run") + " with hardware incidents on " + count(list.hosts(), "host")
                + ", each compared with its own hosts" + left + ". To drain: q ≤ " + number(list.largestQ())
                + " and at least "
                + count(list.fewestRuns(), "run");
    }

    private static Row row(
            DrainList.Entry entry, Map<String, DetectorInfo> detectors, Map<String, Page.RunLink> links) {
        List<String> evidence = new ArrayList<>();
        for (Finding finding : entry.findings()
                .subList(0, Math.min(MOST_FINDINGS, entry.findings().size()))) {
            DetectorInfo detector = detectors.get(finding.detector());
            evidence.add(text((detector == null ? finding.detector() : detector.title()) + " in " + finding.metric()
                    + ", steps " + steps(finding.stepFrom(), finding.stepTo())
                    + (finding.worker() == StepRecord.NO_WORKER ? "" : ", worker " + finding.worker()) + " of "
                    + finding.runId()));
        }
        List<Page.RunLink> runs = entry.runs().stream()
                .limit(MOST_RUNS)
                .map(id -> links.getOrDefault(id, new Page.RunLink(-1, text(id), "")))
                .toList();
        return new Row(
                text(entry.place()),
                entry.verdict().text(),
                entry.verdict() == DrainList.Verdict.DRAIN ? "error" : "warning",
                text(entry.reason()),
                evidence,
                exposure(entry),
                count(entry.seen()) + " / " + number(entry.expected()),
                number(entry.qValue()),
                runs,
                entry.runs().size() - runs.size());
    }

    /** What ran on a host, in words. */
    static String exposure(DrainList.Entry entry) {
        return count(entry.runsHere(), "run") + ", "
                + (Double.isNaN(entry.workerHours())
                        ? count(Math.round(entry.workerSteps())) + " worker-steps"
                        : number(entry.workerHours()) + " worker-hours");
    }
}
