package io.tiltmeter.report;

import io.tiltmeter.model.RiskScore;
import java.util.ArrayList;
import java.util.List;

/** The riskiest of a batch of runs, for the terminal. */
public final class ScoreList {
    private static final int MOST = 20;

    private ScoreList() {}

    /**
     * A line for each of the riskiest runs.
     *
     * @param scores the highest risk first
     * @param of runs of the batch
     * @param modelDate the night whose models these are
     */
    public static String render(List<RiskScore> scores, int of, String modelDate) {
        List<String> lines = new ArrayList<>();
        lines.add(Formats.count(scores.size()) + " of " + Formats.count(of, "run") + " scored by the models of "
                + Formats.text(modelDate));
        if (scores.isEmpty()) {
            lines.add("  Those models are no better than the base rate, or know none of the settings of these runs.");
        }
        scores.stream()
                .limit(MOST)
                .forEach(score -> lines.add("  " + Formats.text(score.runId()) + ": " + CommonTexts.score(score)));
        if (scores.size() > MOST) {
            lines.add("  … and " + Formats.count(scores.size() - MOST) + " more");
        }
        return String.join("\n", lines);
    }
}
