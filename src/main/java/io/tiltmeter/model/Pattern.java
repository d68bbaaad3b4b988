package io.tiltmeter.model;

import java.io.Serializable;
import java.util.List;

/**
 * Incidents or findings across runs that share an axis.
 *
 * @param axis what they share, e.g. {@code step}
 * @param value where on the axis, e.g. {@code 918}
 * @param project group of sibling runs it was seen in
 * @param kind id of the detector whose findings coincide
 * @param exposed number of runs that could have shown it (they logged that step)
 * @param lift share among the exposed divided by the share expected by chance
 * @param qValue false-discovery-adjusted probability of such a coincidence by chance
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
        double qValue,
        double medianScore,
        String evidence,
        String advice)
        implements Serializable {
    public Pattern {
        runs = List.copyOf(runs);
    }
}
