package io.tiltmeter.correlate;

import io.tiltmeter.correlate.FleetRun.Event;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The runs with one kind of incident. Incidents of one run are not independent, so each run counts once, by its first.
 *
 * @param detector id of the detector that names the kind
 * @param first the first incident of each affected run, by the run's number
 * @param population runs that the detector could judge
 * @param affected those of them with such an incident
 * @param located whether most incidents name the place of the worker at fault
 */
record Kind(String detector, Map<Integer, Event> first, BitSet population, BitSet affected, boolean located) {

    /** All kinds that enough runs show, ordered by name. */
    static List<Kind> of(List<FleetRun> runs, int fewest) {
        Map<String, Map<Integer, Event>> firsts = new TreeMap<>();
        for (int r = 0; r < runs.size(); r++) {
            for (Event event : runs.get(r).events()) {
                firsts.computeIfAbsent(event.kind(), k -> new HashMap<>()).putIfAbsent(r, event);
            }
        }
        List<Kind> kinds = new ArrayList<>();
        firsts.forEach((detector, first) -> {
            if (first.size() >= fewest) {
                kinds.add(of(detector, first, runs));
            }
        });
        return kinds;
    }

    private static Kind of(String detector, Map<Integer, Event> first, List<FleetRun> runs) {
        BitSet affected = new BitSet();
        first.keySet().forEach(affected::set);
        BitSet population = new BitSet();
        for (int r = 0; r < runs.size(); r++) {
            population.set(r, affected.get(r) || runs.get(r).observed().contains(detector));
        }
        long placed = first.values().stream().filter(e -> e.place() != null).count();
        return new Kind(detector, Map.copyOf(first), population, affected, 2 * placed >= first.size());
    }

    /** The affected runs among those exposed that the exposure can have hit. */
    BitSet hits(Exposure exposure) {
        BitSet hits = new BitSet();
        for (int run : exposure.runs()) {
            Event event = first.get(run);
            if (event != null && exposure.couldCause(event)) {
                hits.set(run);
            }
        }
        return hits;
    }

    Collection<Event> events(BitSet runs) {
        return runs.stream()
                .mapToObj(first::get)
                .filter(java.util.Objects::nonNull)
                .toList();
    }
}
