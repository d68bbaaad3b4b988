package io.tiltmeter.validate;

/**
 * Where a row stands.
 *
 * @param eval whether it is of the evaluation data
 * @param shard path below its dataset
 * @param row place in the shard, from 0
 */
public record RowPlace(boolean eval, String shard, long row) {
    private static final int ROW_BITS = 40;
    private static final long EVAL = 1L << 62;

    /** Most shards whose rows can be numbered. */
    public static final int MOST_SHARDS = 1 << 22;

    /**
     * A row's number: rows of the training data before those of the evaluation data, in the order of shards and rows.
     *
     * @param shard index among the shards, below {@link #MOST_SHARDS}
     * @param row below 2⁴⁰
     */
    public static long number(boolean eval, int shard, long row) {
        return (eval ? EVAL : 0) | (long) shard << ROW_BITS | row;
    }

    /** Whether a number is of a row of the evaluation data. */
    public static boolean isEval(long number) {
        return (number & EVAL) != 0;
    }

    /** The index of a number's shard. */
    public static int shard(long number) {
        return (int) ((number & ~EVAL) >>> ROW_BITS);
    }

    /** The row of a number in its shard. */
    public static long row(long number) {
        return number & ((1L << ROW_BITS) - 1);
    }

    /** For people. */
    public String text() {
        return (eval ? "eval " : "") + shard + " row " + row;
    }
}
