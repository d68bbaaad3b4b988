package io.tiltmeter.report;

import static io.tiltmeter.report.Formats.count;
import static io.tiltmeter.report.Formats.number;
import static io.tiltmeter.report.Formats.text;

import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.report.Fleet.DetectorCoverage;
import io.tiltmeter.report.FleetReport.RunReport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Turns a report into the text of its page. */
final class PageBuilder {
    private static final int MOST_LINKS = 12;
    private static final int MOST_CONFOUNDERS = 8;
    private static final int BAR = 1000;

    private final FleetReport report;
    private final Map<String, DetectorInfo> detectors;
    private final Map<String, Page.RunLink> links = new HashMap<>();

    private PageBuilder(FleetReport report) {
        this.report = report;
        this.detectors = Fleet.detectorsById(report);
    }

    static Page build(FleetReport report) {
        return new PageBuilder(report).page();
    }

    private Page page() {
        List<RunReport> attention = Fleet.needingAttention(report);
        List<RunReport> quiet = report.runs().stream()
                .filter(r -> r.worst().isEmpty())
                .sorted(Comparator.comparing((RunReport r) -> Fleet.VERDICTS.indexOf(r.verdict()))
                        .reversed()
                        .thenComparing(r -> r.run().runId()))
                .toList();
        List<RunReport> ordered = new ArrayList<>(attention);
        ordered.addAll(quiet);
        for (int i = 0; i < ordered.size(); i++) {
            RunReport run = ordered.get(i);
            String anchor = hasSection(run) ? "run-" + i : "";
            links.put(run.run().runId(), new Page.RunLink(i, text(run.run().runId()), anchor));
        }
        RunViews views = new RunViews(detectors, links, report.cost());
        return new Page(
                "Fleet report " + text(report.date()) + " · Tiltmeter",
                text(report.date()),
                text(report.source()),
                count(report.runs().size(), "run"),
                verdicts(),
                facts(),
                report.patterns().stream().map(this::pattern).toList(),
                DrainView.of(report.drain(), detectors, links),
                new CommonViews(detectors, links).view(report.common()),
                new CostViews(report, links).view(),
                attention.stream().map(views::attention).toList(),
                quiet.stream().map(views::quiet).toList(),
                // Drawing curves is most of the work; the order stays.
                ordered.parallelStream()
                        .filter(PageBuilder::hasSection)
                        .map(views::section)
                        .toList(),
                rejected(),
                catalogue(),
                HtmlReport.inline("uPlot.min.css", "report.css"),
                HtmlReport.inline("early.js"),
                HtmlReport.inline("uPlot.iife.min.js", "charts.js", "filter.js"));
    }

    private static boolean hasSection(RunReport run) {
        return !run.incidents().isEmpty() || !run.charts().isEmpty();
    }

    private List<Page.Verdict> verdicts() {
        List<Page.Verdict> verdicts = new ArrayList<>();
        int all = Math.max(1, report.runs().size());
        int before = 0;
        for (Map.Entry<String, Integer> verdict : Fleet.verdicts(report).entrySet()) {
            int from = BAR * before / all;
            before += verdict.getValue();
            verdicts.add(new Page.Verdict(
                    verdict.getKey(),
                    count(verdict.getValue()),
                    verdict.getValue() > 0,
                    Integer.toString(from),
                    Integer.toString(BAR * before / all - from)));
        }
        return verdicts;
    }

    private List<Page.Fact> facts() {
        long incidents =
                report.runs().stream().mapToLong(r -> r.incidents().size()).sum();
        List<Page.Fact> facts = new ArrayList<>(List.of(
                new Page.Fact("steps scanned", count(Fleet.steps(report))),
                new Page.Fact("incidents", count(incidents)),
                new Page.Fact("fleet-wide patterns", count(report.patterns().size())),
                new Page.Fact("rows rejected", count(Fleet.rejected(report, Rejection.Level.REJECTED))),
                new Page.Fact("rows doubtful", count(Fleet.rejected(report, Rejection.Level.WARNING)))));
        if (report.cost().total().runs() > 0) {
            facts.add(new Page.Fact(
                    "goodput", CostTexts.percent(report.cost().total().goodput())));
        }
        return facts;
    }

    private Page.PatternCard pattern(Pattern pattern) {
        List<Page.RunLink> runs = pattern.runs().stream()
                .map(id -> links.getOrDefault(id, new Page.RunLink(-1, text(id), "")))
                .toList();
        DetectorInfo detector = detectors.get(pattern.kind());
        return new Page.PatternCard(
                pattern.severity().text(),
                Wording.axis(pattern.axis()),
                text(pattern.value()),
                detector == null ? text(pattern.kind()) : text(detector.title()),
                text(pattern.metric()),
                Wording.project(pattern),
                count(runs.size()) + " of " + count(pattern.exposed(), "run"),
                List.of(
                        new Page.Fact("steps", Formats.steps(pattern.stepFrom(), pattern.stepTo())),
                        new Page.Fact(
                                "lift",
                                number(pattern.lift()) + " (" + number(pattern.liftLow()) + "–"
                                        + number(pattern.liftHigh()) + ")"),
                        new Page.Fact("q", number(pattern.qValue())),
                        new Page.Fact("median score", number(pattern.medianScore()))),
                text(pattern.evidence()),
                text(pattern.explanation()),
                pattern.contrasts().stream().map(Wording::contrast).toList(),
                pattern.confounders().stream()
                        .limit(MOST_CONFOUNDERS)
                        .map(Wording::confounder)
                        .toList(),
                text(pattern.advice()),
                runs.stream().map(r -> Integer.toString(r.index())).collect(Collectors.joining(" ")),
                runs.subList(0, Math.min(MOST_LINKS, runs.size())),
                runs.subList(Math.min(MOST_LINKS, runs.size()), runs.size()));
    }

    private List<Page.RejectedRow> rejected() {
        return report.rejected().stream()
                .map(r -> new Page.RejectedRow(
                        r.level() == Rejection.Level.REJECTED ? "rejected" : "doubtful",
                        text(r.file()),
                        r.line() == 0 ? "whole file" : "from line " + count(r.line()),
                        text(r.reason()),
                        count(r.count())))
                .toList();
    }

    private List<Page.DetectorRow> catalogue() {
        Map<String, DetectorCoverage> coverage =
                Fleet.coverage(report).stream().collect(Collectors.toMap(DetectorCoverage::detector, c -> c));
        return detectors.values().stream()
                .map(d -> detector(d, coverage.getOrDefault(d.id(), new DetectorCoverage(d.id(), 0, 0, 0, ""))))
                .toList();
    }

    private static Page.DetectorRow detector(DetectorInfo detector, DetectorCoverage coverage) {
        return new Page.DetectorRow(
                text(detector.id()),
                text(detector.title()),
                text(detector.meaning()),
                text(String.join(", ", detector.metrics())),
                count(coverage.observed()),
                count(coverage.notObservable()),
                count(coverage.inconclusive()),
                text(coverage.reason()),
                detector.parameters().stream()
                        .map(p -> new Page.ParameterRow(
                                text(p.name()),
                                number(p.value()) + (p.unit().equals("1") ? "" : " " + text(p.unit())),
                                text(p.meaning()),
                                text(p.source().text())))
                        .toList());
    }
}
