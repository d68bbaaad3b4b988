package io.tiltmeter.validate;

import java.util.Comparator;

/**
 * Two rows that should not both be there.
 *
 * @param check id of the check that this is evidence of
 * @param first the earlier row, of the training data
 * @param second the later one, or one of the evaluation data
 * @param similarity 1 for equal content, else what the check measures: Jaccard similarity, or the covered share
 * @param note more, e.g. how many rows are equal
 */
public record RowPair(String check, RowPlace first, RowPlace second, double similarity, String note) {
    private static final Comparator<RowPlace> PLACE =
            Comparator.comparing(RowPlace::eval).thenComparing(RowPlace::shard).thenComparingLong(RowPlace::row);

    /** By check, the most similar first, then by place. */
    public static final Comparator<RowPair> ORDER = Comparator.comparing(RowPair::check)
            .thenComparing(Comparator.comparingDouble(RowPair::similarity).reversed())
            .thenComparing(RowPair::first, PLACE)
            .thenComparing(RowPair::second, PLACE);
}
