package io.tiltmeter.report;

import io.tiltmeter.model.DrainList;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.Severity;
import io.tiltmeter.report.Fleet.DetectorCoverage;
import io.tiltmeter.report.FleetReport.RunReport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What a person reads first: the report in some forty lines of a terminal. */
public final class TerminalSummary {
    private static final int NARROWEST = 80;
    private static final int WIDEST = 200;
    private static final int MOST_PATTERNS = 4;
    private static final int MOST_MACHINES = 4;
    private static final int MOST_COMMON = 3;
    private static final int MOST_RUNS = 10;
    private static final int MOST_REJECTED = 3;
    private static final int MOST_COVERAGE = 4;
    private static final int SEVERITY_COLUMNS = 10;
    private static final String INDENT = "  ";

    private static final String RESET = "\u001b[0m";
    private static final String BOLD = "\u001b[1m";
    private static final String DIM = "\u001b[2m";
    private static final Map<String, String> COLOURS = Map.of(
            "error",
            "\u001b[31m",
            "warning",
            "\u001b[33m",
            "info",
            "\u001b[36m",
            "sound",
            "\u001b[32m",
            "unknown",
            DIM);

    private final StringBuilder out = new StringBuilder();
    private final int width;
    private final boolean colour;

    private TerminalSummary(int width, boolean colour) {
        this.width = Math.max(NARROWEST, Math.min(WIDEST, width));
        this.colour = colour;
    }

    /**
     * Renders the summary. Control characters in names and messages become visible, so that no log can drive the
     * terminal.
     *
     * @param width columns of the terminal; fewer than 80 count as 80, more than 200 as 200
     * @param colour whether to use ANSI colours; the text is the same without
     * @return lines that each end with a line feed
     */
    public static String render(FleetReport report, int width, boolean colour) {
        TerminalSummary summary = new TerminalSummary(width, colour);
        summary.headline(report);
        summary.patterns(report);
        summary.drain(report);
        summary.common(report);
        summary.runs(report);
        summary.cost(report);
        summary.rejected(report);
        summary.coverage(report);
        return summary.out.toString();
    }

    private void headline(FleetReport report) {
        line(paint(
                BOLD,
                TerminalText.cut(
                        "Tiltmeter · " + Formats.text(report.date()) + " · " + Formats.text(report.source()), width)));
        List<String> counts = new ArrayList<>();
        Fleet.verdicts(report).forEach((verdict, count) -> {
            if (count > 0) {
                counts.add(paint(colourOf(verdict), Formats.count(count) + " " + verdict));
            }
        });
        String runs = Formats.count(report.runs().size(), "run");
        line(runs + (counts.isEmpty() ? "" : ": " + String.join(" · ", counts)));
        line(Formats.count(Fleet.steps(report), "step") + " scanned · "
                + Formats.count(report.patterns().size(), "fleet-wide pattern") + " · "
                + Formats.count(Fleet.rejected(report, Rejection.Level.REJECTED), "row") + " rejected");
    }

    private void patterns(FleetReport report) {
        if (report.patterns().isEmpty()) {
            return;
        }
        heading("Fleet-wide patterns");
        report.patterns().stream().limit(MOST_PATTERNS).forEach(this::pattern);
        more(report.patterns().size(), MOST_PATTERNS);
    }

    private void pattern(Pattern pattern) {
        String text = Wording.axis(pattern.axis()) + " " + Formats.text(pattern.value()) + ": "
                + pattern.runs().size() + " of " + Formats.count(pattern.exposed(), "run") + " of "
                + Wording.project(pattern) + " · " + Formats.text(pattern.kind()) + " ("
                + Formats.text(pattern.metric()) + ") · lift " + Formats.number(pattern.lift()) + " · q "
                + Formats.number(pattern.qValue());
        line(INDENT
                + severity(pattern.severity().text())
                + TerminalText.cut(text, width - INDENT.length() - SEVERITY_COLUMNS));
        detail(Formats.text(pattern.evidence()));
        if (!pattern.explanation().isEmpty()) {
            detail("explained by " + Formats.text(pattern.explanation()));
        } else {
            pattern.confounders().stream().limit(1).map(Wording::confounder).forEach(this::detail);
        }
    }

    private void detail(String text) {
        line(INDENT
                + " ".repeat(SEVERITY_COLUMNS)
                + paint(DIM, TerminalText.cut(text, width - INDENT.length() - SEVERITY_COLUMNS)));
    }

    private void drain(FleetReport report) {
        DrainList list = report.drain();
        if (list.entries().isEmpty()) {
            return;
        }
        heading("Machines to drain");
        for (DrainList.Entry entry :
                list.entries().stream().limit(MOST_MACHINES).toList()) {
            boolean drains = entry.verdict() == DrainList.Verdict.DRAIN;
            String text = Formats.text(entry.place()) + ": " + Formats.text(entry.reason()) + " · q "
                    + Formats.number(entry.qValue()) + " · " + DrainView.exposure(entry);
            line(INDENT
                    + paint(
                            colourOf(drains ? "error" : "warning"),
                            TerminalText.fit(entry.verdict().text(), SEVERITY_COLUMNS))
                    + TerminalText.cut(text, width - INDENT.length() - SEVERITY_COLUMNS));
            entry.findings().stream()
                    .limit(1)
                    .forEach(f -> detail(Formats.text(f.runId()) + " step " + Formats.count(f.stepFrom()) + ": "
                            + Formats.text(f.evidence())));
        }
        more(list.entries().size(), MOST_MACHINES);
        if (!list.falseRate().isEmpty()) {
            line(INDENT
                    + paint(DIM, TerminalText.cut("how often wrong: " + list.falseRate(), width - INDENT.length())));
        }
    }

    private void common(FleetReport report) {
        List<String> lines = CommonTexts.lines(report.common(), CommonViews.titles(Fleet.detectorsById(report)));
        if (!lines.isEmpty()) {
            heading("What the incidents have in common");
            lines.stream()
                    .limit(MOST_COMMON)
                    .forEach(text -> line(INDENT + TerminalText.cut(text, width - INDENT.length())));
        }
    }

    /** The gravest first; among equals those that no pattern above explains. */
    private void runs(FleetReport report) {
        Set<String> explained = report.patterns().stream()
                .limit(MOST_PATTERNS)
                .flatMap(p -> p.runs().stream())
                .collect(Collectors.toSet());
        List<RunReport> runs = Fleet.needingAttention(report).stream()
                .sorted(Comparator.comparing((RunReport r) -> r.worst().orElse(Severity.INFO))
                        .reversed()
                        .thenComparing(r -> explained.contains(r.run().runId()))
                        .thenComparing(r -> r.run().runId()))
                .toList();
        if (runs.isEmpty()) {
            return;
        }
        heading("Runs needing attention");
        List<RunReport> shown = runs.stream().limit(MOST_RUNS).toList();
        List<String> names = TerminalText.cutNames(
                shown.stream().map(r -> Formats.text(r.run().runId())).toList(), width / 3);
        int nameColumns = names.stream().mapToInt(TerminalText::columns).max().orElse(0);
        int causeColumns = shown.stream()
                .map(Fleet::mainIncident)
                .flatMap(Optional::stream)
                .mapToInt(i -> i.cause().text().length())
                .max()
                .orElse(0);
        int stepColumns = shown.stream()
                .map(Fleet::mainIncident)
                .flatMap(Optional::stream)
                .mapToInt(i -> Formats.count(i.firstStep()).length())
                .max()
                .orElse(0);
        for (int r = 0; r < shown.size(); r++) {
            String name = TerminalText.fit(names.get(r), nameColumns);
            Fleet.mainIncident(shown.get(r)).ifPresent(i -> run(name, i, stepColumns, causeColumns));
        }
        long covered = runs.stream()
                .skip(MOST_RUNS)
                .filter(r -> explained.contains(r.run().runId()))
                .count();
        more(runs.size(), MOST_RUNS, covered == 0 ? "" : ", " + Formats.count(covered) + " in the patterns above");
    }

    private void run(String name, Incident incident, int stepColumns, int causeColumns) {
        String head = name + "  step "
                + TerminalText.fitRight(Formats.count(incident.firstStep()), stepColumns) + "  "
                + TerminalText.fit(incident.cause().text(), causeColumns) + "  ";
        int rest = width - INDENT.length() - SEVERITY_COLUMNS - TerminalText.columns(head);
        Optional<Finding> finding = Fleet.mainFinding(incident);
        String evidence = finding.map(f -> f.detector() + ": " + f.evidence()).orElse(incident.why());
        line((INDENT + severity(incident.severity().text()) + head + TerminalText.cut(Formats.text(evidence), rest))
                .stripTrailing());
    }

    private void cost(FleetReport report) {
        List<String> lines = CostTexts.lines(report.cost());
        if (!lines.isEmpty()) {
            heading(CostTexts.heading(report.cost()));
            lines.forEach(text -> line(INDENT + TerminalText.cut(text, width - INDENT.length())));
        }
    }

    private void rejected(FleetReport report) {
        List<Rejection> rejected = report.rejected().stream()
                .sorted(Comparator.comparing(Rejection::level)
                        .thenComparing(Rejection::count, Comparator.reverseOrder()))
                .toList();
        if (rejected.isEmpty()) {
            return;
        }
        heading("Input not taken as it stood");
        for (Rejection r : rejected.stream().limit(MOST_REJECTED).toList()) {
            String text = Formats.text(r.file()) + (r.line() > 0 ? ":" + r.line() : "") + ": "
                    + Formats.text(r.reason()) + " (" + Formats.count(r.count()) + "×)";
            String level = r.level() == Rejection.Level.REJECTED ? "rejected" : "doubtful";
            line(INDENT
                    + TerminalText.fit(level, SEVERITY_COLUMNS)
                    + TerminalText.cut(text, width - INDENT.length() - SEVERITY_COLUMNS));
        }
        more(rejected.size(), MOST_REJECTED);
    }

    private void coverage(FleetReport report) {
        List<DetectorCoverage> gaps = Fleet.coverage(report).stream()
                .filter(c -> c.notObservable() + c.inconclusive() > 0)
                .sorted(Comparator.comparingInt((DetectorCoverage c) -> c.notObservable() + c.inconclusive())
                        .reversed()
                        .thenComparing(DetectorCoverage::detector))
                .toList();
        if (gaps.isEmpty()) {
            return;
        }
        heading("Silence is not health: what could not be judged");
        for (DetectorCoverage gap : gaps.stream().limit(MOST_COVERAGE).toList()) {
            int runs = gap.observed() + gap.notObservable() + gap.inconclusive();
            String text = Formats.text(gap.detector()) + ": " + (gap.notObservable() + gap.inconclusive()) + " of "
                    + Formats.count(runs, "run") + ", mostly: " + Formats.text(gap.reason());
            line(INDENT + TerminalText.cut(text, width - INDENT.length()));
        }
        more(gaps.size(), MOST_COVERAGE);
    }

    private void heading(String text) {
        line("");
        line(paint(BOLD, text));
    }

    private void more(int all, int shown) {
        more(all, shown, "");
    }

    private void more(int all, int shown, String remark) {
        if (all > shown) {
            line(INDENT + paint(DIM, "… and " + Formats.count(all - shown) + " more" + remark));
        }
    }

    private String severity(String severity) {
        return paint(colourOf(severity), TerminalText.fit(severity, SEVERITY_COLUMNS));
    }

    private static String colourOf(String verdict) {
        return COLOURS.getOrDefault(verdict, "");
    }

    private String paint(String code, String text) {
        return colour && !code.isEmpty() ? code + text + RESET : text;
    }

    private void line(String text) {
        out.append(text).append('\n');
    }
}
