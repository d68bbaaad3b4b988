package io.tiltmeter.report;

import io.tiltmeter.compare.Comparison;
import io.tiltmeter.compare.Comparison.SetReport;
import io.tiltmeter.compare.Ladder;
import io.tiltmeter.model.Finding;
import java.util.ArrayList;
import java.util.List;

/** What a comparison says, for the terminal. */
public final class ComparisonText {
    private static final int MOST_FINDINGS = 20;

    /** Said instead of sets where there are none. */
    static final String NONE_ALIKE =
            "No two runs have the same configuration, so none were compared: --ignore names settings that"
                    + " make no difference, --runs compares runs whatever their settings.";

    private ComparisonText() {}

    /** The summary, a line a finding; the gravest sets first. */
    public static String render(Comparison comparison) {
        List<String> lines = new ArrayList<>();
        List<SetReport> sets = comparison.sets().stream()
                .filter(set -> set.set().runs().size() > 1)
                .toList();
        lines.add(Formats.count(comparison.runs(), "run") + ", " + Formats.count(sets.size(), "set") + " compared");
        if (sets.isEmpty()) {
            lines.add(NONE_ALIKE);
        }
        List<Finding> findings = new ArrayList<>();
        sets.forEach(set -> findings.addAll(set.findings()));
        findings.addAll(comparison.ladderFindings());
        for (Finding finding : findings.subList(0, Math.min(MOST_FINDINGS, findings.size()))) {
            lines.add(String.format(
                    "%-8s %s: %s",
                    finding.severity().text(), Formats.text(finding.runId()), Formats.text(finding.evidence())));
        }
        if (findings.size() > MOST_FINDINGS) {
            lines.add(Formats.count(findings.size() - MOST_FINDINGS, "more finding"));
        }
        if (sets.size() == 1) {
            lines.add(Formats.text(sets.get(0).verdict()));
        }
        if (!comparison.ladders().isEmpty()) {
            lines.add(Formats.count(comparison.ladders().size(), "ladder") + ": "
                    + transfers(comparison, Ladder.Transfer.HOLDS) + " hold at the largest size, "
                    + transfers(comparison, Ladder.Transfer.REVERSES) + " reverse, "
                    + transfers(comparison, Ladder.Transfer.UNCLEAR) + " unclear");
        }
        return String.join("\n", lines);
    }

    private static long transfers(Comparison comparison, Ladder.Transfer transfer) {
        return comparison.ladders().stream()
                .filter(ladder -> ladder.transfer() == transfer)
                .count();
    }
}
