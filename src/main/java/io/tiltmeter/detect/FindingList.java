package io.tiltmeter.detect;

import io.tiltmeter.model.Finding;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Findings of one run, never more than {@link Detector.Tracker#MAX_FINDINGS}: of too many the gravest and strongest stay. */
final class FindingList {
    private static final Comparator<Finding> STRONGEST = Comparator.comparing(Finding::severity)
            .thenComparingDouble(Finding::score)
            .reversed()
            .thenComparing(Finding.ORDER);

    private FindingList() {}

    /** The findings in {@linkplain Finding#ORDER order}; when some were left out, the last one says how many. */
    static List<Finding> capped(List<Finding> findings) {
        return capped(findings, 0);
    }

    /**
     * The same, when the caller has itself dropped some before.
     *
     * @param dropped how many weaker findings are already gone
     */
    static List<Finding> capped(List<Finding> findings, long dropped) {
        List<Finding> kept = new ArrayList<>(findings);
        long left = dropped;
        if (kept.size() > Detector.Tracker.MAX_FINDINGS) {
            kept.sort(STRONGEST);
            left += kept.size() - Detector.Tracker.MAX_FINDINGS;
            kept = new ArrayList<>(kept.subList(0, Detector.Tracker.MAX_FINDINGS));
        }
        kept.sort(Finding.ORDER);
        if (left > 0 && !kept.isEmpty()) {
            Finding last = kept.get(kept.size() - 1);
            kept.set(
                    kept.size() - 1,
                    Evidence.of(last)
                            .append("; " + left + " weaker findings left out")
                            .finding());
        }
        return kept;
    }
}
