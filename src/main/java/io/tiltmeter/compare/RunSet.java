package io.tiltmeter.compare;

import io.tiltmeter.model.RunRecord;
import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Runs that are compared with one another.
 *
 * @param name of a configuration its project and what is set otherwise than elsewhere; of runs that were asked for, that
 * @param runs ordered by id
 * @param varying settings in which they differ, seeds aside, with each run's value; {@code ""} where a run has none
 */
public record RunSet(String name, List<RunRecord> runs, Map<String, List<String>> varying) implements Serializable {
    public RunSet {
        runs = List.copyOf(runs);
        varying = Collections.unmodifiableMap(new TreeMap<>(varying));
    }

    /** Whether all runs have one configuration. */
    public boolean isOneConfiguration() {
        return varying.isEmpty();
    }

    /** Whether two runs, by their places, should have computed the same: one configuration and one known seed. */
    public boolean areTwins(int a, int b) {
        Long seed = runs.get(a).seed();
        return seed != null
                && seed.equals(runs.get(b).seed())
                && varying.values().stream().allMatch(values -> values.get(a).equals(values.get(b)));
    }
}
