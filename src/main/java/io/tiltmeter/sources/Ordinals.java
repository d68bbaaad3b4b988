package io.tiltmeter.sources;

import java.util.HashMap;
import java.util.Map;

/** Numbers the points of series that come without steps, from 0. */
final class Ordinals {
    private final Map<String, long[]> next = new HashMap<>();

    long next(String run, int worker) {
        return next.computeIfAbsent(run + '\n' + worker, key -> new long[1])[0]++;
    }

    /** Says so, once a file. */
    void warn(Rejects rejects) {
        if (!next.isEmpty()) {
            rejects.warn(0, "Points have no step; they were numbered in their order");
        }
    }
}
