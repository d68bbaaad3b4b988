package io.tiltmeter.report;

import static io.tiltmeter.report.Formats.count;
import static io.tiltmeter.report.Formats.number;
import static io.tiltmeter.report.Formats.text;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import io.tiltmeter.compare.ComparedSet.End;
import io.tiltmeter.compare.Comparison;
import io.tiltmeter.compare.Comparison.SetReport;
import io.tiltmeter.compare.Ladder;
import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.model.Chart;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Renders the {@code report.html} of a comparison: one self-contained page without any script. */
public final class ComparisonHtml {
    /** Colours of the style sheet. */
    private static final int COLOURS = 8;

    private static final List<String> METRICS = List.of("loss", "eval_loss", "grad_norm");

    private ComparisonHtml() {}

    /**
     * The page; the same comparison always gives the same text.
     *
     * @param maxCharts most sets drawn, the gravest first
     */
    public static String render(Comparison comparison, int maxCharts) {
        TemplateEngine engine = TemplateEngine.createPrecompiled(
                null, ContentType.Html, ComparisonHtml.class.getClassLoader(), "io.tiltmeter.report.templates");
        StringOutput out = new StringOutput(1 << 18);
        engine.render("comparison.jte", page(comparison, maxCharts), out);
        return out.toString();
    }

    private static ComparisonPage page(Comparison comparison, int maxCharts) {
        List<SetReport> sets = comparison.sets().stream()
                .filter(set -> set.set().runs().size() > 1)
                .toList();
        List<ComparisonPage.SetView> views = new ArrayList<>();
        for (int i = 0; i < sets.size(); i++) {
            views.add(set(sets.get(i), i < maxCharts));
        }
        return new ComparisonPage(
                text(comparison.source()),
                List.of(
                        new Page.Fact("runs", count(comparison.runs())),
                        new Page.Fact("sets compared", count(sets.size())),
                        new Page.Fact("findings", count(findings(comparison))),
                        new Page.Fact("ladders", count(comparison.ladders().size()))),
                views,
                comparison.ladders().stream().map(ComparisonHtml::ladder).toList(),
                comparison.rejected().stream().map(ComparisonHtml::rejected).toList(),
                Comparison.kinds().stream().map(ComparisonHtml::kind).toList(),
                HtmlReport.inline("report.css", "comparison.css"));
    }

    private static long findings(Comparison comparison) {
        return comparison.ladderFindings().size()
                + comparison.sets().stream()
                        .mapToLong(set -> set.findings().size())
                        .sum();
    }

    private static ComparisonPage.SetView set(SetReport report, boolean drawn) {
        Map<Integer, Integer> colours = colours(report);
        List<ComparisonPage.Overlay> charts = new ArrayList<>();
        for (String metric : drawn ? METRICS : List.<String>of()) {
            List<Chart> curves = report.compared().ends().stream()
                    .map(end -> curve(end, metric))
                    .toList();
            if (curves.stream().anyMatch(curve -> curve.steps().length > 1)) {
                charts.add(new OverlayChart(curves).draw(colours, report.findings()));
            }
        }
        List<ComparisonPage.EndRow> ends = new ArrayList<>();
        for (int run = 0; run < report.set().runs().size(); run++) {
            End end = report.compared().ends().get(run);
            ends.add(new ComparisonPage.EndRow(
                    name(report, run), count(end.lastStep()), finite(end.loss()), finite(end.evalLoss())));
        }
        return new ComparisonPage.SetView(
                text(report.set().name()),
                report.worst().map(Severity::text).orElse("sound"),
                text(report.verdict()),
                report.findings().stream().map(ComparisonHtml::finding).toList(),
                colours.entrySet().stream()
                        .map(each -> new ComparisonPage.Legend(name(report, each.getKey()), each.getValue()))
                        .toList(),
                charts,
                ends);
    }

    private static String finite(double value) {
        return Double.isNaN(value) ? "–" : number(value);
    }

    private static String name(SetReport report, int run) {
        return text(report.set().runs().get(run).runId());
    }

    /** All runs have colours where there are few; else those with a finding. */
    private static Map<Integer, Integer> colours(SetReport report) {
        Map<Integer, Integer> colours = new TreeMap<>();
        int runs = report.set().runs().size();
        List<String> named =
                report.findings().stream().map(Finding::runId).distinct().toList();
        for (int run = 0; run < runs && colours.size() < COLOURS; run++) {
            if (runs <= COLOURS || named.contains(report.set().runs().get(run).runId())) {
                colours.put(run, colours.size());
            }
        }
        return colours;
    }

    private static Chart curve(End end, String metric) {
        return end.curves().stream()
                .filter(chart -> chart.metric().equals(metric))
                .findFirst()
                .orElseGet(
                        () -> new Chart(metric, new long[0], new int[0], new double[0], new double[0], new double[0]));
    }

    private static Page.FindingRow finding(Finding finding) {
        DetectorInfo kind = Comparison.kinds().stream()
                .filter(each -> each.id().equals(finding.detector()))
                .findFirst()
                .orElseThrow();
        String layer = finding.layer();
        return new Page.FindingRow(
                finding.severity().text(),
                Formats.steps(finding.stepFrom(), finding.stepTo()),
                kind.title(),
                text(finding.metric()),
                text(finding.runId())
                        + (finding.worker() == StepRecord.NO_WORKER ? "" : " · worker " + finding.worker())
                        + (layer == null ? "" : " · layer " + text(layer)),
                text(finding.evidence()),
                number(finding.score()),
                number(finding.threshold()));
    }

    private static ComparisonPage.LadderView ladder(Ladder ladder) {
        return new ComparisonPage.LadderView(
                text(ladder.setting() + ": " + orNone(ladder.from()) + " → " + orNone(ladder.to())
                        + (ladder.recipe().isEmpty() ? "" : ", at " + ladder.recipe())),
                ladder.transfer().name().toLowerCase(Locale.ROOT),
                ladder.rungs().stream()
                        .map(rung -> new ComparisonPage.RungRow(
                                text(rung.size()),
                                rung.runsFrom() + " and " + rung.runsTo(),
                                percent(rung.effect()),
                                Double.isNaN(rung.low())
                                        ? "single runs"
                                        : percent(rung.low()) + " to " + percent(rung.high())))
                        .toList());
    }

    private static String orNone(String value) {
        return value.isEmpty() ? "none" : value;
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%+.2f %%", 100 * share);
    }

    private static Page.RejectedRow rejected(Rejection rejection) {
        return new Page.RejectedRow(
                rejection.level() == Rejection.Level.REJECTED ? "rejected" : "doubtful",
                text(rejection.file()),
                rejection.line() == 0 ? "whole file" : "from line " + count(rejection.line()),
                text(rejection.reason()),
                count(rejection.count()));
    }

    private static Page.Explanation kind(DetectorInfo kind) {
        return new Page.Explanation(
                kind.title(),
                kind.id(),
                kind.meaning(),
                kind.advice(),
                kind.parameters().stream()
                        .map(each -> new Page.Origin(
                                each.name() + " " + number(each.value()),
                                each.source().text()))
                        .collect(Collectors.toList()));
    }
}
