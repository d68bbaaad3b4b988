package io.tiltmeter.train;

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

    /** What can be done, from the mildest to the gravest. */
    enum Action {
        /** An event in the tables, a line on the terminal. */
        WARN,
        /** Scale the averaged gradient down for this step. */
        CLIP,
        /** Leave out the batch: of the workers to blame, or of all when it is no single worker's. */
        SKIP,
        /** Leave out a worker for good, and deal its examples to the others. */
        QUARANTINE,
        /** Go back to the last checkpoint before the trouble, with a lower learning rate. */
        ROLLBACK,
        /** End the training before the update; the model stays as it was. */
        STOP
    }

    Policies {
        Map<String, Set<Action>> copy = new TreeMap<>();
        actions.forEach((kind, set) -> copy.put(kind, set.isEmpty() ? Set.of() : Set.copyOf(EnumSet.copyOf(set))));
        actions = copy;
    }

    Set<Action> of(String kind) {
        return actions.getOrDefault(kind, Set.of());
    }
}
