package io.tiltmeter.validate;

import java.util.Arrays;

/**
 * Runs of consecutive units (token ids or {@linkplain Words words}) of a document as hashes of 64 bits, and the Jaccard
 * similarity of documents taken as sets of them. Source: Broder, On the resemblance and containment of documents (1997).
 */
public final class Shingles {
    private static final long BASE = 0x9E3779B97F4A7C15L;

    private Shingles() {}

    /**
     * The hash of every run of {@code n} units, in order, by a rolling polynomial over mixed units.
     *
     * @return as many as there are runs; none if the document is shorter than {@code n}
     */
    public static long[] hashes(long[] units, int n) {
        if (units.length < n || n < 1) {
            return new long[0];
        }
        long leaving = 1;
        for (int i = 1; i < n; i++) {
            leaving *= BASE;
        }
        long[] hashes = new long[units.length - n + 1];
        long hash = 0;
        for (int i = 0; i < units.length; i++) {
            if (i >= n) {
                hash -= Distinct.mix(units[i - n]) * leaving;
            }
            hash = hash * BASE + Distinct.mix(units[i]);
            if (i >= n - 1) {
                hashes[i - n + 1] = Distinct.mix(hash);
            }
        }
        return hashes;
    }

    /** The set of the hashes of all runs of {@code n} units, ascending. */
    public static long[] set(long[] units, int n) {
        long[] hashes = hashes(units, n);
        Arrays.sort(hashes);
        int kept = 0;
        for (int i = 0; i < hashes.length; i++) {
            if (i == 0 || hashes[i] != hashes[i - 1]) {
                hashes[kept++] = hashes[i];
            }
        }
        return Arrays.copyOf(hashes, kept);
    }

    /** |A ∩ B| / |A ∪ B| of ascending sets; 0 of two empty ones. */
    public static double jaccard(long[] a, long[] b) {
        int both = 0;
        for (int i = 0, j = 0; i < a.length && j < b.length; ) {
            if (a[i] == b[j]) {
                both++;
                i++;
                j++;
            } else if (a[i] < b[j]) {
                i++;
            } else {
                j++;
            }
        }
        int either = a.length + b.length - both;
        return either == 0 ? 0 : (double) both / either;
    }
}
