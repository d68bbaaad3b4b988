package io.tiltmeter.validate;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * How token ids are lumped into cells, by their counts in a reference: the {@value #EXACT} most frequent have a cell each,
 * the others that occur there share one an octave of their rank, and those that do not occur share the last. Profiles can be
 * compared and merged when their cells are equal.
 */
public final class TokenCells implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Tokens with a cell of their own: of a Zipf vocabulary of 50,000 they are two thirds of the text. */
    public static final int EXACT = 1000;

    private final short[] cell;
    private final int count;
    /** Ids of each cell. */
    private final int[] sizes;

    /**
     * Cells that are known.
     *
     * @param cell of each token id; ids beyond are in the last cell
     * @param count number of cells
     */
    public TokenCells(short[] cell, int count) {
        this.cell = cell.clone();
        this.count = count;
        this.sizes = new int[count];
        for (short each : cell) {
            sizes[each]++;
        }
    }

    /** Cells by the counts of a reference, one for each id. */
    public static TokenCells of(long[] reference) {
        int[] byCount = IntStream.range(0, reference.length)
                .filter(id -> reference[id] > 0)
                .boxed()
                .sorted(Comparator.<Integer>comparingLong(id -> -reference[id]).thenComparingInt(id -> id))
                .mapToInt(Integer::intValue)
                .toArray();
        int used = byCount.length;
        int last = used == 0 ? 0 : cellOfRank(used - 1) + 1;
        short[] cell = new short[reference.length];
        Arrays.fill(cell, (short) last);
        for (int rank = 0; rank < used; rank++) {
            cell[byCount[rank]] = (short) cellOfRank(rank);
        }
        return new TokenCells(cell, last + 1);
    }

    private static int cellOfRank(int rank) {
        return rank < EXACT ? rank : EXACT + 31 - Integer.numberOfLeadingZeros(rank / EXACT);
    }

    /** Ids below this may be in any cell, all others are in the last. */
    public int known() {
        return cell.length;
    }

    /** Number of cells. */
    public int count() {
        return count;
    }

    /**
     * The share that each cell has of tokens among which all ids are as frequent.
     *
     * @param vocabulary number of ids; at least as many as are known are assumed
     */
    public double[] uniform(int vocabulary) {
        double all = Math.max(vocabulary, cell.length);
        double[] uniform = new double[count];
        for (int i = 0; i < count; i++) {
            uniform[i] = sizes[i] / all;
        }
        uniform[count - 1] += (all - cell.length) / all;
        return uniform;
    }

    /** The cell of a token id of at least 0. */
    public int of(int id) {
        return id < cell.length ? cell[id] : count - 1;
    }

    /** What a cell holds, for people. */
    public String name(int index) {
        if (index == count - 1) {
            return "the rarest tokens and those that the reference has not";
        }
        if (index >= EXACT) {
            long from = (long) EXACT << (index - EXACT);
            return String.format(java.util.Locale.ROOT, "tokens of rank %,d to %,d", from + 1, 2 * from);
        }
        for (int id = 0; id < cell.length; id++) {
            if (cell[id] == index) {
                return "token " + id;
            }
        }
        return "no token";
    }

    /** What a cell holds together with all rarer ones; of frequent tokens, the token. */
    public String nameOfTail(int index) {
        return index < EXACT || index == count - 1
                ? name(index)
                : String.format(java.util.Locale.ROOT, "tokens of rank above %,d", (long) EXACT << (index - EXACT));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TokenCells cells && count == cells.count && Arrays.equals(cell, cells.cell);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(cell) + count;
    }

    @Override
    public String toString() {
        return count + " cells of " + cell.length + " tokens";
    }
}
