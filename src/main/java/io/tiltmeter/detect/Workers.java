package io.tiltmeter.detect;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Numbers workers as they come, so that what is known of each lies in arrays. */
final class Workers {
    private final Map<Integer, Integer> slots = new HashMap<>();
    private int[] lastWorkers = new int[0];
    private int[] lastSlots = new int[0];

    /** The numbers of these workers; mostly they are the same as the last time. */
    int[] slots(int[] workers) {
        if (!Arrays.equals(workers, lastWorkers)) {
            lastWorkers = workers;
            lastSlots = new int[workers.length];
            for (int i = 0; i < workers.length; i++) {
                lastSlots[i] = slot(workers[i]);
            }
        }
        return lastSlots;
    }

    /** The number of one worker. */
    int slot(int worker) {
        Integer known = slots.putIfAbsent(worker, slots.size());
        return known == null ? slots.size() - 1 : known;
    }

    /** How many workers there are. */
    int size() {
        return slots.size();
    }

    void clear() {
        slots.clear();
        lastWorkers = new int[0];
        lastSlots = new int[0];
    }
}
