package io.tiltmeter.validate;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Exact counts of token ids over a whole dataset, dense, and in which {@linkplain Tokens#GROUPS groups} of documents each
 * occurs. Adding up in any order gives the same.
 */
public final class Histogram implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Ids remembered one by one; with more of them a pass over all is as cheap. */
    private static final int MOST_TOUCHED = 1 << 14;

    private long[] counts = new long[0];
    private short[] groups = new short[0];
    private int[] touched = new int[0];
    /** Ids counted so far; beyond {@link #MOST_TOUCHED} they are not remembered. */
    private int touches;

    /** Nothing yet. */
    public Histogram() {}

    /**
     * Of counts by id.
     *
     * @param groups a bit for each group of documents that the id occurs in
     */
    public Histogram(long[] counts, short[] groups) {
        this.counts = counts.clone();
        this.groups = groups.clone();
    }

    void add(int id, int group) {
        if (id >= counts.length) {
            // Doubling keeps growing cheap where the vocabulary's size is not known.
            grow(Math.max(id + 1, Math.max(1024, counts.length * 2)));
        }
        if (counts[id]++ == 0) {
            touch(id);
        }
        groups[id] |= (short) (1 << group);
    }

    private void touch(int id) {
        if (touches < MOST_TOUCHED) {
            if (touches == touched.length) {
                touched = Arrays.copyOf(touched, Math.max(64, 2 * touches));
            }
            touched[touches] = id;
        }
        touches++;
    }

    /**
     * Adds another one's counts and leaves that empty, as large as it is. What it takes grows with the ids that were counted one by
     * one since the other was empty, not with the vocabulary: a shard may have few of very many.
     */
    public void drain(Histogram fresh) {
        if (fresh.touches > MOST_TOUCHED) {
            add(0, fresh);
            Arrays.fill(fresh.counts, 0);
            Arrays.fill(fresh.groups, (short) 0);
        } else {
            if (fresh.counts.length > counts.length) {
                grow(fresh.counts.length);
            }
            for (int i = 0; i < fresh.touches; i++) {
                int id = fresh.touched[i];
                counts[id] += fresh.counts[id];
                groups[id] |= fresh.groups[id];
            }
            fresh.clear();
        }
        fresh.touches = 0;
    }

    /** Forgets what was counted one by one. */
    public void clear() {
        if (touches > MOST_TOUCHED) {
            Arrays.fill(counts, 0);
            Arrays.fill(groups, (short) 0);
        } else {
            for (int i = 0; i < touches; i++) {
                counts[touched[i]] = 0;
                groups[touched[i]] = 0;
            }
        }
        touches = 0;
    }

    private void grow(int length) {
        counts = Arrays.copyOf(counts, length);
        groups = Arrays.copyOf(groups, length);
    }

    /** Adds counts of the ids from {@code first} on. */
    public void add(int first, Histogram more) {
        if (first + more.counts.length > counts.length) {
            grow(first + more.counts.length);
        }
        for (int i = 0; i < more.counts.length; i++) {
            counts[first + i] += more.counts[i];
            groups[first + i] |= more.groups[i];
        }
    }

    /** The ids from {@code first} to before {@code end}, numbered from 0. */
    public Histogram part(int first, int end) {
        return new Histogram(Arrays.copyOfRange(counts, first, end), Arrays.copyOfRange(groups, first, end));
    }

    /** One more than the greatest id that occurs. */
    public int size() {
        int used = counts.length;
        while (used > 0 && counts[used - 1] == 0) {
            used--;
        }
        return used;
    }

    /** How often an id occurs. */
    public long count(int id) {
        return id < counts.length ? counts[id] : 0;
    }

    /** A bit for each group of documents that an id occurs in. */
    public short groups(int id) {
        return id < groups.length ? groups[id] : 0;
    }

    /** Counts by id up to the greatest that occurs. */
    public long[] counts() {
        return Arrays.copyOf(counts, size());
    }

    /** By group of documents, how many of its tokens occur in no other group: what is new in one group to all the others. */
    public double[] exclusive() {
        double[] exclusive = new double[Tokens.GROUPS];
        for (int id = 0; id < counts.length; id++) {
            int mask = groups[id] & 0xFFFF;
            if (Integer.bitCount(mask) == 1) {
                exclusive[Integer.numberOfTrailingZeros(mask)] += counts[id];
            }
        }
        return exclusive;
    }
}
