package io.tiltmeter.validate;

import java.util.List;

/**
 * How much of the evaluation documents stands word for word in the training data.
 *
 * @param columns what was compared
 * @param n units of an n-gram
 * @param documents evaluation documents that were looked for
 * @param of evaluation documents there are; more than {@code documents} where only a sample fits in memory
 * @param tooShort of those looked for, how many have no n-gram
 * @param shared how many have at least one n-gram that a training document has
 * @param covered how many are covered by such n-grams to the share {@code coverage} or more
 * @param coverage from which share on a document counts as covered
 * @param pairs the most covered documents, each with the training row that has most of it
 */
public record Contamination(
        String columns,
        int n,
        long documents,
        long of,
        long tooShort,
        long shared,
        long covered,
        double coverage,
        List<RowPair> pairs)
        implements Dataset.Fact {
    public Contamination {
        pairs = List.copyOf(pairs);
    }
}
