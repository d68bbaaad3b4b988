package io.tiltmeter.validate;

import java.io.Serializable;

/**
 * Locality-sensitive hashing of sets of shingles: {@code bands × rows} least hashes, of which each band of {@code rows} makes
 * one key. Two documents become candidates when a key of theirs is equal, at a Jaccard similarity J with chance
 * 1 − (1 − J^rows)^bands. Sources: Broder (1997); Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section 3.4.
 *
 * @param bands keys of a document
 * @param rows least hashes in each
 */
public record MinHash(int bands, int rows) implements Serializable {
    public MinHash {
        if (bands < 1 || rows < 1) {
            throw new IllegalArgumentException(
                    "MinHash has " + bands + " bands of " + rows + " rows, expected at least 1 of each");
        }
    }

    /** Chance that two documents of this similarity become candidates: the S-curve. */
    public double candidate(double jaccard) {
        return -Math.expm1(bands * Math.log1p(-Math.pow(jaccard, rows)));
    }

    /** A key for each band; those of different bands differ, so that they can be looked up together. */
    public long[] keys(long[] shingles) {
        long[] keys = new long[bands];
        for (int band = 0; band < bands; band++) {
            long key = Distinct.mix(~(long) band);
            for (int row = 0; row < rows; row++) {
                key = Distinct.mix(key ^ least(shingles, band * rows + row));
            }
            keys[band] = key;
        }
        return keys;
    }

    /** Least value of the set under one of many functions that order hashes at random. */
    private static long least(long[] shingles, int function) {
        long factor = Distinct.mix(2L * function + 1) | 1;
        long shift = Distinct.mix(2L * function + 2);
        long least = Long.MAX_VALUE;
        for (long shingle : shingles) {
            long value = shingle * factor + shift;
            // A product alone orders neighbours alike under every factor; the fold makes high bits depend on all.
            value ^= value >>> 32;
            value *= factor;
            least = Math.min(least, value);
        }
        return least;
    }
}
