package io.tiltmeter.detect;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/** Tells events at regular distances, such as checkpoints, from others. */
final class Cadence {
    /** Events at one distance that make a cadence; three points define two equal distances by chance easily, four less so. */
    private static final int FEWEST = 4;

    private Cadence() {}

    /**
     * Removes the events that repeat at a regular distance: where at least 4 and at least half of all follow one another at
     * the same distance (give or take one step or 2 %), those go and irregular ones stay.
     */
    static <T> void removeRegular(List<T> events, ToLongFunction<T> step) {
        int n = events.size();
        if (n < FEWEST) {
            return;
        }
        boolean[] regular = new boolean[n];
        long period = medianDistance(events, step);
        if (period <= 2) {
            return;
        }
        double slack = Math.max(1, 0.02 * period);
        int hits = 0;
        for (int i = 1; i < n; i++) {
            long distance = step.applyAsLong(events.get(i)) - step.applyAsLong(events.get(i - 1));
            if (Math.abs(distance - period) <= slack) {
                regular[i] = true;
                regular[i - 1] = true;
                hits++;
            }
        }
        if (hits + 1 < FEWEST || hits < n / 2) {
            return;
        }
        List<T> kept = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            if (!regular[i]) {
                kept.add(events.get(i));
            }
        }
        events.clear();
        events.addAll(kept);
    }

    private static <T> long medianDistance(List<T> events, ToLongFunction<T> step) {
        long[] distances = new long[events.size() - 1];
        for (int i = 1; i < events.size(); i++) {
            distances[i - 1] = step.applyAsLong(events.get(i)) - step.applyAsLong(events.get(i - 1));
        }
        java.util.Arrays.sort(distances);
        return distances[distances.length / 2];
    }
}
