package io.tiltmeter.blocks;

import java.util.Arrays;

/**
 * Points of one window of steps, of whichever workers, column by column. Grows while a scan task fills it, then travels as
 * bytes. A cell that was not logged holds {@link #ABSENT}, which is told from every NaN a framework writes by its payload.
 */
public final class Slice {

    /** Bits of the NaN that stands for "not logged". */
    public static final long ABSENT_BITS = 0x7ff8_7117_0000_0001L;

    /** The NaN that stands for "not logged"; compare with {@link #isAbsent}, never with {@code ==}. */
    public static final double ABSENT = Double.longBitsToDouble(ABSENT_BITS);

    /** Time of a point whose time was not logged. */
    public static final long NO_TIME = Long.MIN_VALUE;

    private static final int INITIAL_CAPACITY = 16;
    /** Headers of objects and arrays. */
    private static final int CELLS_OF_AN_EMPTY_SLICE = 64;

    private static final double[] NONE = {};

    private long[] steps;
    private long[] times;
    private int[] spans;
    private int[] sources;
    /** One array a {@link Channel}; {@link #NONE} until it has a value. */
    private final double[][] columns = new double[Channel.STORED][];

    private int size;

    public Slice() {
        this(0);
    }

    private Slice(int capacity) {
        steps = new long[capacity];
        times = new long[capacity];
        spans = new int[capacity];
        sources = new int[capacity];
        Arrays.fill(columns, NONE);
    }

    public static boolean isAbsent(double value) {
        return Double.doubleToRawLongBits(value) == ABSENT_BITS;
    }

    /** Memory the slice takes, in cells of eight bytes. */
    public long cells() {
        long columnsInUse = 3;
        for (double[] column : columns) {
            columnsInUse += column == NONE ? 0 : 1;
        }
        return CELLS_OF_AN_EMPTY_SLICE + columnsInUse * steps.length;
    }

    /** Appends the rows {@code from} (inclusive) to {@code to} (exclusive) of a batch. */
    public void append(StepBatch batch, int from, int to) {
        int n = to - from;
        reserve(size + n);
        System.arraycopy(batch.steps, from, steps, size, n);
        System.arraycopy(batch.times, from, times, size, n);
        System.arraycopy(batch.spans, from, spans, size, n);
        System.arraycopy(batch.sources, from, sources, size, n);
        for (int m = 0; m < columns.length; m++) {
            if (batch.has(m)) {
                if (columns[m] == NONE) {
                    columns[m] = new double[steps.length];
                    Arrays.fill(columns[m], 0, size, ABSENT);
                }
                System.arraycopy(batch.values(m), from, columns[m], size, n);
            } else if (columns[m] != NONE) {
                Arrays.fill(columns[m], size, size + n, ABSENT);
            }
        }
        size += n;
    }

    private void reserve(int wanted) {
        if (wanted <= steps.length) {
            return;
        }
        int capacity = Math.max(Math.max(INITIAL_CAPACITY, wanted), 2 * steps.length);
        steps = Arrays.copyOf(steps, capacity);
        times = Arrays.copyOf(times, capacity);
        spans = Arrays.copyOf(spans, capacity);
        sources = Arrays.copyOf(sources, capacity);
        for (int m = 0; m < columns.length; m++) {
            if (columns[m] != NONE) {
                columns[m] = Arrays.copyOf(columns[m], capacity);
            }
        }
    }

    public int size() {
        return size;
    }

    long step(int i) {
        return steps[i];
    }

    long time(int i) {
        return times[i];
    }

    int span(int i) {
        return spans[i];
    }

    int source(int i) {
        return sources[i];
    }

    /** Whether any point may have this metric. */
    boolean has(int metric) {
        return columns[metric] != NONE;
    }

    /** The value, or {@link #ABSENT}. */
    double value(int metric, int i) {
        double[] column = columns[metric];
        return column == NONE ? ABSENT : column[i];
    }

    /** The values of a metric that {@linkplain #has is there}, by point; not to be written. */
    double[] column(int metric) {
        return columns[metric];
    }

    /** The slice as bytes. */
    public byte[] encode() {
        ColumnWriter out = new ColumnWriter();
        out.putInt(size);
        out.longs(steps, size);
        out.longs(times, size);
        out.ints(spans, size);
        out.ints(sources, size);
        int mask = 0;
        for (int m = 0; m < columns.length; m++) {
            mask |= has(m) ? 1 << m : 0;
        }
        out.putInt(mask);
        for (double[] column : columns) {
            if (column != NONE) {
                out.doubles(column, size);
            }
        }
        return out.toBytes();
    }

    /** The slice that {@link #encode} wrote. */
    public static Slice decode(byte[] bytes) {
        ColumnReader in = new ColumnReader(bytes);
        Slice slice = new Slice(0);
        int size = in.getInt();
        slice.size = size;
        slice.steps = in.longs(size);
        slice.times = in.longs(size);
        slice.spans = in.ints(size);
        slice.sources = in.ints(size);
        int mask = in.getInt();
        for (int m = 0; m < slice.columns.length; m++) {
            if ((mask & (1 << m)) != 0) {
                slice.columns[m] = in.doubles(size);
            }
        }
        return slice;
    }
}
