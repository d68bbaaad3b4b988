package io.tiltmeter.blocks;

import io.tiltmeter.model.Metric;
import java.util.Arrays;

/**
 * Points of one worker (or of the run as a whole) within one window of steps, column by column. Grows while a scan task
 * fills it, then travels as bytes. A cell that was not logged holds {@link #ABSENT}, which is told from every NaN a
 * framework writes by its payload.
 */
public final class Slice {

    /** Bits of the NaN that stands for "not logged". */
    public static final long ABSENT_BITS = 0x7ff8_7117_0000_0001L;

    /** The NaN that stands for "not logged"; compare with {@link #isAbsent}, never with {@code ==}. */
    public static final double ABSENT = Double.longBitsToDouble(ABSENT_BITS);

    /** Time of a point whose time was not logged. */
    public static final long NO_TIME = Long.MIN_VALUE;

    private static final int INITIAL_CAPACITY = 16;
    private static final double[] NONE = {};

    private long[] steps;
    private long[] times;
    private int[] spans;
    /** One array a metric; {@link #NONE} until the metric has a value. */
    private final double[][] columns;

    private int size;

    public Slice() {
        this(INITIAL_CAPACITY);
    }

    private Slice(int capacity) {
        steps = new long[capacity];
        times = new long[capacity];
        spans = new int[capacity];
        columns = new double[Metric.count()][];
        Arrays.fill(columns, NONE);
    }

    public static boolean isAbsent(double value) {
        return Double.doubleToRawLongBits(value) == ABSENT_BITS;
    }

    /**
     * Appends a point without values; {@link #set} fills it.
     *
     * @param time microseconds since the epoch, or {@link #NO_TIME}
     * @return how many cells of memory the slice grew by
     */
    public int add(long step, long time, int span) {
        int grown = 0;
        if (size == steps.length) {
            int capacity = Math.max(INITIAL_CAPACITY, size * 2);
            steps = Arrays.copyOf(steps, capacity);
            times = Arrays.copyOf(times, capacity);
            spans = Arrays.copyOf(spans, capacity);
            grown = 3 * (capacity - size);
            for (int m = 0; m < columns.length; m++) {
                double[] column = columns[m];
                if (column != NONE) {
                    columns[m] = Arrays.copyOf(column, capacity);
                    Arrays.fill(columns[m], size, capacity, ABSENT);
                    grown += capacity - size;
                }
            }
        }
        steps[size] = step;
        times[size] = time;
        spans[size] = span;
        size++;
        return grown;
    }

    /**
     * Sets a value of the last point.
     *
     * @return how many cells of memory the slice grew by
     */
    public int set(int metric, double value) {
        double[] column = columns[metric];
        int grown = 0;
        if (column == NONE) {
            column = new double[steps.length];
            Arrays.fill(column, ABSENT);
            columns[metric] = column;
            grown = column.length;
        }
        column[size - 1] = value;
        return grown;
    }

    public int size() {
        return size;
    }

    public long step(int i) {
        return steps[i];
    }

    public long time(int i) {
        return times[i];
    }

    public int span(int i) {
        return spans[i];
    }

    /** Whether any point may have this metric. */
    public boolean hasColumn(int metric) {
        return columns[metric] != NONE;
    }

    /** The value, or {@link #ABSENT}. */
    public double value(int metric, int i) {
        double[] column = columns[metric];
        return column == NONE ? ABSENT : column[i];
    }

    /** Whether steps are strictly ascending, as they are in every sane log. */
    public boolean ascending() {
        for (int i = 1; i < size; i++) {
            if (steps[i] <= steps[i - 1]) {
                return false;
            }
        }
        return true;
    }

    /** The slice as bytes. */
    public byte[] encode() {
        ColumnWriter out = new ColumnWriter();
        out.putInt(size);
        out.longs(steps, size);
        out.longs(times, size);
        out.ints(spans, size);
        int mask = 0;
        for (int m = 0; m < columns.length; m++) {
            mask |= hasColumn(m) ? 1 << m : 0;
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
        int size = in.getInt();
        Slice slice = new Slice(0);
        slice.size = size;
        slice.steps = in.longs(size);
        slice.times = in.longs(size);
        slice.spans = in.ints(size);
        int mask = in.getInt();
        for (int m = 0; m < slice.columns.length; m++) {
            if ((mask & (1 << m)) != 0) {
                slice.columns[m] = in.doubles(size);
            }
        }
        return slice;
    }
}
