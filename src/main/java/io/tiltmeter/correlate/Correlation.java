package io.tiltmeter.correlate;

import io.tiltmeter.correlate.PatternFinder.JudgedRun;
import io.tiltmeter.model.Pattern;
import java.util.List;
import java.util.Map;

/**
 * Finds the patterns of a fleet on all axes: what findings share a step, and what runs with incidents have in common
 * beside it. In a fleet without any common cause the chance of any pattern is at most 5 %.
 */
public final class Correlation {
    private Correlation() {}

    /**
     * The patterns, gravest first, then the strongest shared by most.
     *
     * @param adviceByDetector advice of each detector, by its id
     * @param findings all findings of each run
     * @param runs the runs with their incidents and exposures
     */
    public static List<Pattern> find(
            Map<String, String> adviceByDetector, List<JudgedRun> findings, List<FleetRun> runs) {
        Attribution attribution = new Attribution(runs);
        int families = attribution.families() + (PatternFinder.canTell(findings) ? 1 : 0);
        List<Pattern> steps = new PatternFinder(adviceByDetector).find(findings, Math.max(1, families));
        return attribution.find(steps, Math.max(1, families));
    }
}
