package io.tiltmeter.train;

import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.config.TrainConfig.Action;
import java.io.Serializable;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What to do about each kind of trouble: {@value #NON_FINITE}, or the id of a detector. A kind that is missing is not
 * watched while training.
 *
 * @param actions by kind
 * @param clipNorm norm a clipped gradient gets; NaN for the median of the run's latest norms
 */
record Policies(Map<String, Set<Action>> actions, double clipNorm) implements Serializable {
    /** Kind of NaN and infinities, known before the update and by worker. */
    static final String NON_FINITE = "non-finite";

    Policies {
        Map<String, Set<Action>> copy = new TreeMap<>();
        actions.forEach((kind, set) -> copy.put(kind, set.isEmpty() ? Set.of() : Set.copyOf(EnumSet.copyOf(set))));
        actions = copy;
    }

    Set<Action> of(String kind) {
        return actions.getOrDefault(kind, Set.of());
    }

    /** As configured. */
    static Policies of(TrainConfig.Sentinel configured) {
        Map<String, Set<Action>> actions = new TreeMap<>();
        configured.policies().forEach((kind, list) -> actions.put(kind, Set.copyOf(list)));
        Double norm = configured.clipNorm();
        return new Policies(actions, norm == null ? Double.NaN : norm);
    }
}
