package io.tiltmeter.blocks;

import io.tiltmeter.model.Metric;
import java.nio.ByteBuffer;
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
    private static final byte CONSTANT = 0;
    private static final byte FLOATS = 1;
    private static final byte DOUBLES = 2;

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
            int capacity = size * 2;
            steps = Arrays.copyOf(steps, capacity);
            times = Arrays.copyOf(times, capacity);
            spans = Arrays.copyOf(spans, capacity);
            grown = 3 * size;
            for (int m = 0; m < columns.length; m++) {
                double[] column = columns[m];
                if (column != NONE) {
                    columns[m] = Arrays.copyOf(column, capacity);
                    Arrays.fill(columns[m], size, capacity, ABSENT);
                    grown += size;
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

    /** The slice as bytes: constants once, columns that are exact in single precision as such. */
    public byte[] encode() {
        boolean anyTime = false;
        boolean anySpan = false;
        for (int i = 0; i < size; i++) {
            anyTime |= times[i] != NO_TIME;
            anySpan |= spans[i] != 1;
        }
        int length = 4 + 1 + size * 8 + (anyTime ? size * 8 : 0) + (anySpan ? size * 4 : 0) + 4;
        byte[] kinds = new byte[columns.length];
        int mask = 0;
        for (int m = 0; m < columns.length; m++) {
            double[] column = columns[m];
            if (column != NONE) {
                mask |= 1 << m;
                kinds[m] = kind(column);
                length += 1
                        + switch (kinds[m]) {
                            case CONSTANT -> 8;
                            case FLOATS -> size * 4;
                            default -> size * 8;
                        };
            }
        }
        ByteBuffer buffer = ByteBuffer.allocate(length);
        buffer.putInt(size).put((byte) ((anyTime ? 1 : 0) | (anySpan ? 2 : 0)));
        for (int i = 0; i < size; i++) {
            buffer.putLong(steps[i]);
        }
        for (int i = 0; anyTime && i < size; i++) {
            buffer.putLong(times[i]);
        }
        for (int i = 0; anySpan && i < size; i++) {
            buffer.putInt(spans[i]);
        }
        buffer.putInt(mask);
        for (int m = 0; m < columns.length; m++) {
            double[] column = columns[m];
            if (column == NONE) {
                continue;
            }
            buffer.put(kinds[m]);
            switch (kinds[m]) {
                case CONSTANT -> buffer.putLong(Double.doubleToRawLongBits(column[0]));
                case FLOATS -> {
                    for (int i = 0; i < size; i++) {
                        buffer.putFloat((float) column[i]);
                    }
                }
                default -> {
                    for (int i = 0; i < size; i++) {
                        buffer.putLong(Double.doubleToRawLongBits(column[i]));
                    }
                }
            }
        }
        return buffer.array();
    }

    /** The slice that {@link #encode} wrote. */
    public static Slice decode(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        int size = buffer.getInt();
        byte flags = buffer.get();
        Slice slice = new Slice(Math.max(1, size));
        slice.size = size;
        for (int i = 0; i < size; i++) {
            slice.steps[i] = buffer.getLong();
        }
        if ((flags & 1) != 0) {
            for (int i = 0; i < size; i++) {
                slice.times[i] = buffer.getLong();
            }
        } else {
            Arrays.fill(slice.times, NO_TIME);
        }
        if ((flags & 2) != 0) {
            for (int i = 0; i < size; i++) {
                slice.spans[i] = buffer.getInt();
            }
        } else {
            Arrays.fill(slice.spans, 1);
        }
        int mask = buffer.getInt();
        for (int m = 0; m < slice.columns.length; m++) {
            if ((mask & (1 << m)) == 0) {
                continue;
            }
            double[] column = new double[Math.max(1, size)];
            switch (buffer.get()) {
                case CONSTANT -> Arrays.fill(column, Double.longBitsToDouble(buffer.getLong()));
                case FLOATS -> {
                    for (int i = 0; i < size; i++) {
                        column[i] = buffer.getFloat();
                    }
                }
                default -> {
                    for (int i = 0; i < size; i++) {
                        column[i] = Double.longBitsToDouble(buffer.getLong());
                    }
                }
            }
            slice.columns[m] = column;
        }
        return slice;
    }

    private byte kind(double[] column) {
        long first = Double.doubleToRawLongBits(column[0]);
        boolean constant = true;
        boolean floats = true;
        for (int i = 0; i < size && (constant || floats); i++) {
            long bits = Double.doubleToRawLongBits(column[i]);
            constant &= bits == first;
            // A NaN would lose its payload, and with it the difference between NaN and "not logged".
            floats &= (double) (float) column[i] == column[i];
        }
        return constant ? CONSTANT : floats ? FLOATS : DOUBLES;
    }
}
