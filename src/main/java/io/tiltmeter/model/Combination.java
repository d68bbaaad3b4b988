package io.tiltmeter.model;

import java.io.Serializable;
import java.util.List;

/**
 * Settings that go with one kind of incident together, and more so than any part of them.
 *
 * @param kind id of the detector that found the incidents
 * @param items two or three of {@code attribute=value}, ordered; values that always occur together stand in one
 * @param cases runs that have all items and such an incident
 * @param runs runs that have all items and that the detector could judge
 * @param expected cases there would be if the item that adds least added nothing
 * @param low lower end of the 95 % interval of the share {@code cases / runs}
 * @param high its upper end
 * @param lift {@code cases / expected}: how many times more than the best part alone explains
 * @param qValue false-discovery-adjusted probability of so many by chance
 * @param caseRuns ids of the cases, ordered
 * @param evidence the counts in one sentence
 */
public record Combination(
        String kind,
        List<String> items,
        int cases,
        int runs,
        double expected,
        double low,
        double high,
        double lift,
        double qValue,
        List<String> caseRuns,
        String evidence)
        implements Serializable {
    public Combination {
        items = List.copyOf(items);
        caseRuns = List.copyOf(caseRuns);
    }
}
