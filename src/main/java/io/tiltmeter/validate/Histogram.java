package io.tiltmeter.validate;

import java.util.Arrays;

/** Exact counts of token ids over a whole dataset, dense; adding up in any order gives the same. */
public final class Histogram {
    private long[] counts = new long[0];

    void add(int id) {
        if (id >= counts.length) {
            // Doubling keeps growing cheap where the vocabulary's size is not known.
            counts = Arrays.copyOf(counts, Math.max(id + 1, Math.max(1024, counts.length * 2)));
        }
        counts[id]++;
    }

    /** Adds counts of the ids from {@code first} on. */
    public void add(int first, long[] more) {
        if (first + more.length > counts.length) {
            counts = Arrays.copyOf(counts, first + more.length);
        }
        for (int i = 0; i < more.length; i++) {
            counts[first + i] += more[i];
        }
    }

    /** Counts by id up to the greatest that occurs. */
    public long[] counts() {
        int used = counts.length;
        while (used > 0 && counts[used - 1] == 0) {
            used--;
        }
        return Arrays.copyOf(counts, used);
    }
}
