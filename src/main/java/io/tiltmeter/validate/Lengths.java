package io.tiltmeter.validate;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * Histogram of lengths: exact up to {@value #EXACT}, above that in 16 cells an octave, so a cell is at most 1/16 wide.
 * The greatest length and how many have it are exact.
 */
public final class Lengths {
    /** Greatest length with a cell of its own. */
    public static final int EXACT = 8192;

    private static final int STEPS = 4;

    private long[] cells = new long[0];
    private long count;
    private long sum;
    private long greatest = -1;
    private long atGreatest;

    void add(long length) {
        int cell = cell(length);
        if (cell >= cells.length) {
            cells = Arrays.copyOf(cells, Math.max(cell + 1, Math.min(EXACT + 1, cells.length * 2)));
        }
        cells[cell]++;
        count++;
        sum += length;
        if (length > greatest) {
            greatest = length;
            atGreatest = 0;
        }
        if (length == greatest) {
            atGreatest++;
        }
    }

    /** The cell of a length. */
    static int cell(long length) {
        if (length <= EXACT) {
            return (int) length;
        }
        int octave = Long.SIZE - 1 - Long.numberOfLeadingZeros(length);
        int within = (int) (length >>> (octave - STEPS)) & ((1 << STEPS) - 1);
        return EXACT + 1 + ((octave - 13) << STEPS) + within;
    }

    void merge(Lengths other) {
        if (other.cells.length > cells.length) {
            cells = Arrays.copyOf(cells, other.cells.length);
        }
        for (int i = 0; i < other.cells.length; i++) {
            cells[i] += other.cells[i];
        }
        count += other.count;
        sum += other.sum;
        if (other.greatest > greatest) {
            greatest = other.greatest;
            atGreatest = 0;
        }
        if (other.greatest == greatest) {
            atGreatest += other.atGreatest;
        }
    }

    public long count() {
        return count;
    }

    /** Sum of all lengths. */
    public long sum() {
        return sum;
    }

    /** The greatest length, -1 without any. */
    public long greatest() {
        return greatest;
    }

    /** How many have the greatest length. */
    public long atGreatest() {
        return atGreatest;
    }

    /** How many have exactly this length, which is at most {@link #EXACT}. */
    public long at(int length) {
        return length < cells.length ? cells[length] : 0;
    }

    /** The length that most have, among equals the shortest; a cell's least length above {@link #EXACT}; -1 without any. */
    public long mostFrequent() {
        int best = -1;
        for (int i = 0; i < cells.length; i++) {
            if (cells[i] > 0 && (best < 0 || cells[i] > cells[best])) {
                best = i;
            }
        }
        return best < 0 ? -1 : lowest(best);
    }

    /** How many have the most frequent length; of all in its cell above {@link #EXACT}. */
    public long atMostFrequent() {
        return Arrays.stream(cells).max().orElse(0);
    }

    /** Least length of a cell. */
    static long lowest(int cell) {
        if (cell <= EXACT) {
            return cell;
        }
        int above = cell - EXACT - 1;
        int octave = 13 + (above >> STEPS);
        return (1L << octave) + ((long) (above & ((1 << STEPS) - 1)) << (octave - STEPS));
    }

    /**
     * Counts of these lengths and of a reference's over the same cells, which are made such that the reference has about
     * equally many in each; equal lengths stay together.
     *
     * @return these counts, and the reference's
     */
    public double[][] alongside(Lengths reference, int most) {
        int length = Math.max(cells.length, reference.cells.length);
        double[] here = new double[most];
        double[] there = new double[most];
        double seen = 0;
        for (int i = 0; i < length; i++) {
            long theirs = i < reference.cells.length ? reference.cells[i] : 0;
            // The cell of a length is that of the middle of its ranks.
            int cell = (int) Math.min(most - 1, (seen + theirs / 2.0) / reference.count * most);
            there[cell] += theirs;
            here[cell] += i < cells.length ? cells[i] : 0;
            seen += theirs;
        }
        return new double[][] {here, there};
    }

    void write(DataOutput out) throws IOException {
        int used = cells.length;
        while (used > 0 && cells[used - 1] == 0) {
            used--;
        }
        Varints.writeCounts(out, Arrays.copyOf(cells, used));
        out.writeLong(count);
        out.writeLong(sum);
        out.writeLong(greatest);
        out.writeLong(atGreatest);
    }

    static Lengths read(DataInput in) throws IOException {
        Lengths lengths = new Lengths();
        lengths.cells = Varints.readCounts(in);
        lengths.count = in.readLong();
        lengths.sum = in.readLong();
        lengths.greatest = in.readLong();
        lengths.atGreatest = in.readLong();
        return lengths;
    }
}
