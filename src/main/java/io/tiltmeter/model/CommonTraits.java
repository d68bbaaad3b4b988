package io.tiltmeter.model;

import java.util.List;
import java.util.Optional;

/**
 * What the incidents of a fleet have in common, as mined and modelled over all its runs.
 *
 * @param combinations the surest first
 * @param archetypes the largest first
 * @param orders the surest first
 * @param risk evaluation of tonight's risk model, empty if there is none
 * @param scores runs without an outcome, the highest risk first
 * @param silences why a part has nothing to say, in one sentence each
 */
public record CommonTraits(
        List<Combination> combinations,
        List<Archetype> archetypes,
        List<SymptomOrder> orders,
        Optional<RiskEvaluation> risk,
        List<RiskScore> scores,
        List<String> silences) {
    /** Nothing was asked for. */
    public static final CommonTraits NONE =
            new CommonTraits(List.of(), List.of(), List.of(), Optional.empty(), List.of(), List.of());

    public CommonTraits {
        combinations = List.copyOf(combinations);
        archetypes = List.copyOf(archetypes);
        orders = List.copyOf(orders);
        scores = List.copyOf(scores);
        silences = List.copyOf(silences);
    }

    /** Whether there is nothing to show, not even why. */
    public boolean isEmpty() {
        return !hasResults() && silences.isEmpty();
    }

    /** Whether any part has something to say. */
    public boolean hasResults() {
        return !(combinations.isEmpty() && archetypes.isEmpty() && orders.isEmpty() && scores.isEmpty())
                || risk.isPresent();
    }
}
