package io.tiltmeter.validate;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The profile of a whole dataset.
 *
 * @param total all shards merged in the order of their names, encoded
 * @param shards how many there were
 * @param histograms exact counts of token ids, by column
 * @param cells how tokens were lumped, by column
 * @param vocabulary fingerprint of the vocabulary file, {@code ""} without one
 */
public record DatasetProfile(
        byte[] total,
        DataSpec data,
        long shards,
        Map<String, Histogram> histograms,
        Map<String, TokenCells> cells,
        String vocabulary)
        implements Serializable {
    public DatasetProfile {
        histograms = Map.copyOf(histograms);
        cells = Map.copyOf(cells);
    }

    /** All shards merged. */
    public ShardProfile all() {
        return ShardProfile.decode(total, data);
    }

    /**
     * Both together, as if they had been one dataset with this one's shards first.
     *
     * @throws IllegalArgumentException if their tokens are not lumped alike, so that counts cannot be added up
     */
    public DatasetProfile merge(DatasetProfile other) {
        for (Map.Entry<String, TokenCells> entry : cells.entrySet()) {
            TokenCells theirs = other.cells.get(entry.getKey());
            if (theirs != null && !theirs.equals(entry.getValue())) {
                throw new IllegalArgumentException("Cannot merge profiles: tokens of column '" + entry.getKey()
                        + "' are lumped differently; expected profiles made with one --baseline");
            }
        }
        if (!vocabulary.equals(other.vocabulary)) {
            throw new IllegalArgumentException("Cannot merge profiles: vocabulary fingerprints are '" + vocabulary
                    + "' and '" + other.vocabulary + "', expected equal ones");
        }
        ShardProfile both = all();
        both.merge(other.all());
        Map<String, Histogram> added = new LinkedHashMap<>(histograms);
        other.histograms.forEach((column, counts) -> added.merge(column, counts, DatasetProfile::sum));
        Map<String, TokenCells> cellsOfBoth = new LinkedHashMap<>(other.cells);
        cellsOfBoth.putAll(cells);
        return new DatasetProfile(both.encode(), data, shards + other.shards, added, cellsOfBoth, vocabulary);
    }

    private static Histogram sum(Histogram a, Histogram b) {
        Histogram sum = new Histogram();
        sum.add(0, a);
        sum.add(0, b);
        return sum;
    }
}
