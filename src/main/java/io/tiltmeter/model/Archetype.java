package io.tiltmeter.model;

import java.io.Serializable;
import java.util.List;

/**
 * A way in which runs of a fleet go wrong: a cluster of their signatures.
 *
 * @param name what stands out against the other runs with incidents, e.g. {@code early gradient explosion, then NaN}
 * @param exemplar id of the run nearest to the centre
 * @param runs ids of all members, ordered
 * @param of runs that were grouped, all archetypes together
 * @param traits what stands out, with counts, most telling first
 */
public record Archetype(String name, String exemplar, List<String> runs, int of, List<String> traits)
        implements Serializable {
    public Archetype {
        runs = List.copyOf(runs);
        traits = List.copyOf(traits);
    }
}
