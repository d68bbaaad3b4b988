package io.tiltmeter.model;

import java.io.Serializable;
import java.util.List;

/**
 * Incidents or findings across runs that share an axis.
 *
 * @param axis what they share, e.g. {@code step} or {@code host}
 * @param value where on the axis, e.g. {@code 918}
 * @param project group of sibling runs it was seen in; empty where it concerns the whole fleet
 * @param kind id of the detector whose findings coincide
 * @param stepFrom lowest step at which one of the incidents begins
 * @param stepTo highest such step
 * @param exposed number of runs that could have shown it (they logged that step, ran on that host, had that setting)
 * @param lift share among the exposed divided by the share expected by chance
 * @param liftLow lower end of the 95 % interval of the lift
 * @param liftHigh upper end of it
 * @param qValue false-discovery-adjusted probability of such a coincidence by chance
 * @param explanation scheduled event that explains the coincidence; empty if none does
 * @param contrasts runs that were not exposed, for comparison
 * @param confounders what else the same runs have in common, with what became of it
 * @param evidence counts and sizes in one sentence
 */
public record Pattern(
        String axis,
        String value,
        String project,
        String kind,
        String metric,
        Severity severity,
        long stepFrom,
        long stepTo,
        List<String> runs,
        int exposed,
        double lift,
        double liftLow,
        double liftHigh,
        double qValue,
        double medianScore,
        String explanation,
        List<Contrast> contrasts,
        List<Confounder> confounders,
        String evidence,
        String advice)
        implements Serializable {

    /**
     * Counter-evidence: runs without the exposure.
     *
     * @param among which runs these are, in words
     * @param affected how many of them show the same kind of incident
     * @param of how many they are
     */
    public record Contrast(String among, int affected, int of) implements Serializable {}

    /**
     * Another value that coincides with the incidents.
     *
     * @param qValue how clearly it coincides when looked at alone
     * @param pGiven probability by chance of what is left of it once the pattern's own value is taken into account
     * @param rejected true: the pattern's value explains it; false: the data cannot tell the two apart
     */
    public record Confounder(String axis, String value, double qValue, double pGiven, boolean rejected)
            implements Serializable {}

    public Pattern {
        runs = List.copyOf(runs);
        contrasts = List.copyOf(contrasts);
        confounders = List.copyOf(confounders);
    }

    /** The same pattern, told with a scheduled event that explains it, as information. */
    public Pattern explainedBy(String event) {
        return new Pattern(
                axis,
                value,
                project,
                kind,
                metric,
                Severity.INFO,
                stepFrom,
                stepTo,
                runs,
                exposed,
                lift,
                liftLow,
                liftHigh,
                qValue,
                medianScore,
                event,
                contrasts,
                confounders,
                evidence,
                advice);
    }

    /** The same pattern with other runs to compare with. */
    public Pattern withContrasts(List<Contrast> newContrasts) {
        return new Pattern(
                axis,
                value,
                project,
                kind,
                metric,
                severity,
                stepFrom,
                stepTo,
                runs,
                exposed,
                lift,
                liftLow,
                liftHigh,
                qValue,
                medianScore,
                explanation,
                newContrasts,
                confounders,
                evidence,
                advice);
    }

    /** The same pattern with other values that coincide. */
    public Pattern withConfounders(List<Confounder> newConfounders) {
        return new Pattern(
                axis,
                value,
                project,
                kind,
                metric,
                severity,
                stepFrom,
                stepTo,
                runs,
                exposed,
                lift,
                liftLow,
                liftHigh,
                qValue,
                medianScore,
                explanation,
                contrasts,
                newConfounders,
                evidence,
                advice);
    }
}
