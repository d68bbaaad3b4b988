package io.tiltmeter.model;

import java.io.Serializable;

/**
 * Two symptoms of which one usually shows before the other. Each run counts once, by its first incident with both.
 *
 * @param first id of the detector that is usually earlier
 * @param then id of the other
 * @param before runs in which {@code first} showed at an earlier step
 * @param after runs in which it showed at a later one
 * @param together runs in which both showed at the same step
 * @param medianLead median of the steps from one to the other, over the runs in {@code before}
 * @param qValue false-discovery-adjusted probability of so uneven an order by chance
 */
public record SymptomOrder(
        String first, String then, int before, int after, int together, double medianLead, double qValue)
        implements Serializable {
    /** Runs that have both. */
    public int runs() {
        return before + after + together;
    }
}
