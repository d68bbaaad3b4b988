package io.tiltmeter.validate;

import java.util.List;

/**
 * Rows of equal and nearly equal content. Contents are distinct ones: copies count once.
 *
 * @param columns what was compared
 * @param rows rows of the dataset that have content
 * @param copies of them, those equal to an earlier one
 * @param contents distinct contents of the dataset
 * @param near of them, those nearly equal to an earlier one
 * @param labels what labels say of equal and nearly equal rows
 * @param eval what of the evaluation data is in the dataset; all zero without
 * @param search how nearly equal contents were looked for
 * @param repeats blocks of rows that come again in the same order
 * @param pairs offending pairs, some of each kind
 */
public record Duplicates(
        String columns,
        long rows,
        long copies,
        long contents,
        long near,
        Labels labels,
        Eval eval,
        Search search,
        Repeats repeats,
        List<RowPair> pairs)
        implements Dataset.Fact {
    public Duplicates {
        pairs = List.copyOf(pairs);
    }

    /**
     * Labels of contents that occur more than once or nearly so.
     *
     * @param compared contents with several labelled rows, and nearly equal pairs with labels
     * @param conflicting of them, those whose labels differ
     */
    public record Labels(long compared, long conflicting) {}

    /**
     * The evaluation data in the dataset.
     *
     * @param rows its rows with content
     * @param contents its distinct contents
     * @param copies its rows that are equal to a row of the dataset
     * @param near its other contents that are nearly equal to one of the dataset
     */
    public record Eval(long rows, long contents, long copies, long near) {}

    /**
     * The search for nearly equal contents.
     *
     * @param shingle units of a shingle, 0 if it was not run
     * @param hashing the keys
     * @param jaccard similarity from which contents are nearly equal
     * @param compared candidate pairs that were compared exactly
     * @param leftOut pairs of equal keys that were not: beyond the most pairs, or of a key that many have
     */
    public record Search(int shingle, MinHash hashing, double jaccard, long compared, long leftOut) {}

    /**
     * Repeated blocks of rows.
     *
     * @param least rows a block needs
     * @param blocks how many come again
     * @param rows of them all
     * @param longest rows of the longest
     */
    public record Repeats(int least, long blocks, long rows, long longest) {}

    /** Whether nearly equal contents were looked for. */
    public boolean searchedNear() {
        return search.shingle() > 0;
    }
}
