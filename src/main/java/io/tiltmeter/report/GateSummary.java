package io.tiltmeter.report;

import io.tiltmeter.validate.Gate.CheckVerdict;
import io.tiltmeter.validate.Judgement;
import io.tiltmeter.validate.Status;
import io.tiltmeter.validate.Verdict;
import java.util.List;
import java.util.Map;

/** The verdict in some lines of a terminal. */
public final class GateSummary {
    private static final int NARROWEST = 80;
    private static final int WIDEST = 200;
    private static final int MOST_JUDGEMENTS = 5;
    private static final String INDENT = "  ";
    private static final int STATUS_COLUMNS = 14;

    private static final String RESET = "\u001b[0m";
    private static final Map<Status, String> COLOURS = Map.of(
            Status.FAIL,
            "\u001b[31m",
            Status.WARN,
            "\u001b[33m",
            Status.INCONCLUSIVE,
            "\u001b[2m",
            Status.PASS,
            "\u001b[32m");

    private GateSummary() {}

    /** Renders the verdict; names of columns and files cannot drive the terminal. */
    public static String render(Verdict verdict, int width, boolean colour) {
        int columns = Math.max(NARROWEST, Math.min(WIDEST, width));
        StringBuilder out = new StringBuilder();
        line(out, TerminalText.cut("Tiltmeter · gate · " + Formats.text(verdict.source()), columns));
        line(
                out,
                paint(verdict.status(), verdict.passed() ? "OPEN" : "CLOSED", colour) + " · verdict " + verdict.id()
                        + " · " + Formats.count(verdict.rows(), "row") + " in "
                        + Formats.count(verdict.shards(), "shard")
                        + (verdict.baseline().isEmpty() ? " · no baseline" : "")
                        + verdict.eval()
                                .map(eval -> " · " + Formats.count(eval.rows(), "evaluation row"))
                                .orElse(""));
        List<CheckVerdict> violated = verdict.checks().stream()
                .filter(check -> check.status()
                        .filter(status -> status.compareTo(Status.WARN) >= 0)
                        .isPresent())
                .sorted(java.util.Comparator.comparing(
                                (CheckVerdict check) -> check.status().orElse(Status.PASS))
                        .reversed())
                .toList();
        for (CheckVerdict check : violated) {
            Status status = check.status().orElse(Status.PASS);
            line(
                    out,
                    INDENT
                            + paint(status, TerminalText.fit(status.name(), STATUS_COLUMNS), colour)
                            + check.info().title());
            List<Judgement> bad = check.judgements().stream()
                    .filter(judgement -> judgement.status().compareTo(Status.WARN) >= 0)
                    .toList();
            for (Judgement judgement : bad.subList(0, Math.min(MOST_JUDGEMENTS, bad.size()))) {
                String where = judgement.shard().isEmpty() ? "" : judgement.shard() + " ";
                String what = judgement.column().isEmpty() ? "" : judgement.column() + " ";
                line(
                        out,
                        INDENT
                                + " ".repeat(STATUS_COLUMNS)
                                + TerminalText.cut(
                                        Formats.text(where + what + judgement.text()),
                                        columns - STATUS_COLUMNS - INDENT.length()));
            }
            if (bad.size() > MOST_JUDGEMENTS) {
                line(
                        out,
                        INDENT + " ".repeat(STATUS_COLUMNS) + "and " + Formats.count(bad.size() - MOST_JUDGEMENTS)
                                + " more");
            }
        }
        long judged =
                verdict.checks().stream().filter(check -> check.judged() > 0).count();
        long inconclusive =
                verdict.checks().stream().mapToLong(CheckVerdict::inconclusive).sum();
        line(
                out,
                Formats.count(judged, "check") + " judged, " + Formats.count(violated.size()) + " violated"
                        + (inconclusive > 0
                                ? ", " + Formats.count(inconclusive, "metric") + " inconclusive for lack of data"
                                : ""));
        return out.toString();
    }

    private static String paint(Status status, String text, boolean colour) {
        return colour ? COLOURS.get(status) + text + RESET : text;
    }

    private static void line(StringBuilder out, String text) {
        out.append(text.stripTrailing()).append('\n');
    }
}
