package io.tiltmeter.blocks;

import java.util.Arrays;

/**
 * Some rows of the {@code steps} table as arrays, one a column: what a reader fills and {@link Slice#append} takes. A batch
 * is filled again and again.
 */
public final class StepBatch {
    private static final int INITIAL_CAPACITY = 1024;

    /** Number of rows. */
    public int size;
    /** Which run each row belongs to, by the reader's numbering; negative for rows to pass over. */
    public int[] runs = new int[INITIAL_CAPACITY];

    public int[] attempts = new int[INITIAL_CAPACITY];
    public long[] steps = new long[INITIAL_CAPACITY];
    /** Microseconds since the epoch, or {@link Slice#NO_TIME}. */
    public long[] times = new long[INITIAL_CAPACITY];

    public int[] spans = new int[INITIAL_CAPACITY];
    /** See {@link Source}. */
    public int[] sources = new int[INITIAL_CAPACITY];

    private final double[][] values = new double[Channel.STORED][INITIAL_CAPACITY];
    private final boolean[] filled = new boolean[Channel.STORED];

    /** Empties the batch and makes room for so many rows. */
    public void clear(int rows) {
        size = 0;
        Arrays.fill(filled, false);
        if (rows > runs.length) {
            runs = new int[rows];
            attempts = new int[rows];
            steps = new long[rows];
            times = new long[rows];
            spans = new int[rows];
            sources = new int[rows];
            for (int m = 0; m < values.length; m++) {
                values[m] = new double[rows];
            }
        }
    }

    /** The array to fill with a {@link Channel}'s values, {@link Slice#ABSENT} where a row has none. */
    public double[] fill(int metric) {
        filled[metric] = true;
        return values[metric];
    }

    /** Whether any row may have this metric. */
    boolean has(int metric) {
        return filled[metric];
    }

    double[] values(int metric) {
        return values[metric];
    }
}
