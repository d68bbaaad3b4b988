package io.tiltmeter.report;

import static io.tiltmeter.report.Formats.count;
import static io.tiltmeter.report.Formats.number;
import static io.tiltmeter.report.Formats.text;

import io.tiltmeter.cost.FleetCost;
import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.RunCost;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.report.FleetReport.RunReport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Turns runs into the rows and sections of the page. */
final class RunViews {
    private static final int MOST_FINDINGS = 12;

    private final Map<String, DetectorInfo> detectors;
    private final Map<String, Page.RunLink> links;
    private final FleetCost cost;

    RunViews(Map<String, DetectorInfo> detectors, Map<String, Page.RunLink> links, FleetCost cost) {
        this.detectors = detectors;
        this.links = links;
        this.cost = cost;
    }

    Page.AttentionRow attention(RunReport run) {
        Incident incident = Fleet.mainIncident(run).orElseThrow();
        Optional<Finding> finding = Fleet.mainFinding(incident);
        int others = run.incidents().size() - 1;
        return new Page.AttentionRow(
                link(run),
                project(run),
                run.verdict(),
                count(incident.firstStep()),
                incident.cause().text(),
                finding.map(f -> title(f.detector())).orElse("—"),
                text(finding.map(Finding::evidence).orElse(incident.why())),
                others == 0 ? "" : "and " + count(others, "more incident"),
                spark(run, incident));
    }

    private static Sparkline spark(RunReport run, Incident incident) {
        String metric = Fleet.mainFinding(incident).map(Finding::metric).orElse("loss");
        return run.charts().stream()
                .filter(c -> c.metric().equals(metric))
                .findFirst()
                .or(() -> run.charts().stream().findFirst())
                .map(c -> new Curve(c).sparkline(132, 30, OptionalLong.of(incident.firstStep())))
                .orElse(new Sparkline(132, 30, "", "", "", ""));
    }

    Page.QuietRow quiet(RunReport run) {
        RunSummary summary = run.summary();
        boolean empty = summary.points() == 0;
        long observed = run.coverage().stream()
                .filter(c -> c.status() == Coverage.Status.OBSERVED)
                .count();
        String reason = run.coverage().stream()
                .map(Coverage::reason)
                .filter(r -> !r.isEmpty())
                .findFirst()
                .orElse(empty ? "no steps logged" : "");
        return new Page.QuietRow(
                link(run),
                project(run),
                run.verdict(),
                count(summary.points()),
                empty ? "—" : count(summary.lastStep()),
                summary.lossPoints() == 0 ? "—" : number(summary.finalLoss()),
                count(observed) + " of " + count(run.coverage().size()),
                observed == 0 ? text(reason) : "");
    }

    Page.RunSection section(RunReport run) {
        List<Curve> curves = run.charts().stream().map(Curve::new).toList();
        OptionalLong mark =
                Fleet.mainIncident(run).stream().mapToLong(Incident::firstStep).findFirst();
        return new Page.RunSection(
                link(run),
                project(run),
                run.verdict(),
                facts(run),
                starts(curves),
                curves.stream()
                        .map(c -> new Page.Figure(
                                Formats.metricTitle(c.metric()),
                                text(c.metric()),
                                c.readout(),
                                c.isLogarithmic(),
                                c.sparkline(480, 150, mark)))
                        .toList(),
                curves.isEmpty() ? "" : curvesJson(run, curves),
                IntStream.range(0, run.incidents().size())
                        .mapToObj(i -> incident(i + 1, run.incidents().get(i), run))
                        .toList(),
                coverage(run));
    }

    private List<Page.Fact> facts(RunReport run) {
        RunSummary summary = run.summary();
        List<Page.Fact> facts = new ArrayList<>();
        if (run.run().status() != null) {
            facts.add(new Page.Fact("status", text(run.run().status())));
        }
        facts.add(new Page.Fact("logged steps", count(summary.points())));
        if (summary.points() > 0) {
            facts.add(new Page.Fact("range", Formats.steps(summary.firstStep(), summary.lastStep())));
        }
        facts.add(new Page.Fact("attempts", count(summary.attempts())));
        if (summary.workers() > 0) {
            facts.add(new Page.Fact("workers", count(summary.workers())));
        }
        if (summary.lossPoints() > 0) {
            facts.add(new Page.Fact(
                    summary.lossIsEval() ? "final held-out loss" : "final loss", number(summary.finalLoss())));
            facts.add(new Page.Fact("best", number(summary.bestLoss())));
        }
        RunCost own = cost.runs().get(run.run().runId());
        if (own != null && own.isObserved()) {
            facts.add(new Page.Fact("goodput", CostTexts.percent(own.goodput())));
        }
        return facts;
    }

    /** The starts that were drawn, for a legend; empty where there was only one. */
    private static List<Page.Starts> starts(List<Curve> curves) {
        List<Integer> attempts = curves.stream()
                .flatMap(c -> c.parts().stream())
                .map(Curve.Part::attempt)
                .distinct()
                .sorted()
                .toList();
        if (attempts.size() < 2) {
            return List.of();
        }
        return IntStream.range(0, attempts.size())
                .mapToObj(i -> new Page.Starts("attempt " + attempts.get(i), Math.min(3, attempts.size() - 1 - i)))
                .toList();
    }

    private static String curvesJson(RunReport run, List<Curve> curves) {
        StringBuilder out = new StringBuilder();
        try {
            Json json = Json.embedded(out).object().name("incidents").array();
            for (Incident incident : run.incidents()) {
                json.object()
                        .field("severity", incident.severity().text())
                        .field("from", incident.firstStep())
                        .field("to", incident.lastStep())
                        .endObject();
            }
            json.endArray().name("charts").array();
            for (Curve curve : curves) {
                curve.write(json);
            }
            json.endArray().endObject();
        } catch (IOException e) {
            throw new UncheckedIOException("A string builder does not fail", e);
        }
        return out.toString();
    }

    private Page.IncidentView incident(int number, Incident incident, RunReport run) {
        List<Page.FindingRow> findings =
                incident.findings().stream().map(this::finding).toList();
        int shown = findings.size() <= MOST_FINDINGS + 2 ? findings.size() : MOST_FINDINGS;
        return new Page.IncidentView(
                number,
                incident.severity().text(),
                incident.cause().text(),
                Formats.steps(incident.firstStep(), incident.lastStep()),
                run.summary().attempts() > 1 ? "attempt " + incident.attempt() : "",
                text(incident.why()),
                text(incident.advice()),
                findings.subList(0, shown),
                findings.subList(shown, findings.size()),
                run.map(incident).map(WorkerMapViews::view).orElse(null),
                run.trail(incident).map(TrailTexts::lines).orElse(List.of()),
                incident.findings().stream()
                        .map(Finding::detector)
                        .distinct()
                        .map(detectors::get)
                        .filter(java.util.Objects::nonNull)
                        .map(d -> new Page.Explanation(
                                text(d.title()),
                                text(d.id()),
                                text(d.meaning()),
                                text(d.advice()),
                                origins(d, incident)))
                        .toList());
    }

    private static List<Page.Origin> origins(DetectorInfo detector, Incident incident) {
        return incident.findings().stream()
                .filter(finding -> finding.detector().equals(detector.id()))
                .map(finding -> Fleet.judgedBy(detector, finding))
                .distinct()
                .map(p -> new Page.Origin(text(p.name()), text(p.source().text())))
                .toList();
    }

    private Page.FindingRow finding(Finding finding) {
        List<String> where = new ArrayList<>();
        if (finding.worker() != StepRecord.NO_WORKER) {
            where.add("worker " + finding.worker());
        }
        if (finding.host() != null) {
            where.add("host " + text(finding.host()));
        }
        if (finding.layer() != null) {
            where.add("layer " + text(finding.layer()));
        }
        if (finding.group() != null) {
            where.add("group " + text(finding.group()));
        }
        return new Page.FindingRow(
                finding.severity().text(),
                Formats.steps(finding.stepFrom(), finding.stepTo()),
                title(finding.detector()),
                text(finding.metric()),
                String.join(" · ", where),
                text(finding.evidence()),
                number(finding.score()),
                number(finding.threshold()));
    }

    private static Page.CoverageView coverage(RunReport run) {
        Map<Coverage.Status, List<Coverage>> byStatus =
                run.coverage().stream().collect(Collectors.groupingBy(Coverage::status));
        List<Coverage> observed = byStatus.getOrDefault(Coverage.Status.OBSERVED, List.of());
        List<Coverage> hidden = byStatus.getOrDefault(Coverage.Status.NOT_OBSERVABLE, List.of());
        List<Coverage> unsure = byStatus.getOrDefault(Coverage.Status.INCONCLUSIVE, List.of());
        List<Page.Gap> gaps = new ArrayList<>();
        hidden.forEach(c -> gaps.add(new Page.Gap(text(c.detector()), "not observable", text(c.reason()))));
        unsure.forEach(c -> gaps.add(new Page.Gap(text(c.detector()), "inconclusive", text(c.reason()))));
        return new Page.CoverageView(
                count(observed.size()) + " observed · " + count(hidden.size()) + " not observable · "
                        + count(unsure.size()) + " inconclusive",
                observed.stream().map(c -> text(c.detector())).collect(Collectors.joining(", ")),
                gaps);
    }

    private String title(String detector) {
        DetectorInfo info = detectors.get(detector);
        return text(info == null ? detector : info.title());
    }

    private Page.RunLink link(RunReport run) {
        return links.getOrDefault(
                run.run().runId(), new Page.RunLink(-1, text(run.run().runId()), ""));
    }

    private static String project(RunReport run) {
        String project = run.run().project();
        return project == null ? "" : text(project);
    }
}
