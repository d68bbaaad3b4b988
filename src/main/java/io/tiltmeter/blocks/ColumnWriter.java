package io.tiltmeter.blocks;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Packs arrays of numbers into bytes, exactly and each in the cheapest of a few ways: a constant once, evenly spaced
 * integers as start and stride, doubles that are floats as such. Deterministic: equal arrays give equal bytes.
 */
final class ColumnWriter {
    /** All values equal; one value follows. */
    static final byte CONSTANT = 0;
    /** Doubles of single precision. */
    static final byte FLOATS = 1;

    static final byte DOUBLES = 2;
    /** Integers from -128 to 127. */
    static final byte BYTES = 3;

    static final byte INTS = 4;
    /** The first value and the distance of all that follow. */
    static final byte STRIDE = 5;
    /** The first value and the distance of each to the one before, as ints. */
    static final byte STEPS = 6;

    static final byte LONGS = 7;
    /** As {@link #STEPS} with distances from -128 to 127. */
    static final byte SMALL_STEPS = 8;

    private static final int INITIAL_CAPACITY = 1 << 12;

    private byte[] bytes = new byte[INITIAL_CAPACITY];
    private ByteBuffer buffer = ByteBuffer.wrap(bytes);

    byte[] toBytes() {
        return Arrays.copyOf(bytes, buffer.position());
    }

    private ByteBuffer room(int wanted) {
        if (buffer.remaining() < wanted) {
            int position = buffer.position();
            int capacity = Math.max(Math.addExact(position, wanted), (int) Math.min(1L << 30, bytes.length * 2L));
            bytes = Arrays.copyOf(bytes, capacity);
            buffer = ByteBuffer.wrap(bytes).position(position);
        }
        return buffer;
    }

    void putByte(int value) {
        room(1).put((byte) value);
    }

    void putInt(int value) {
        room(4).putInt(value);
    }

    void putLong(long value) {
        room(8).putLong(value);
    }

    /** Writes the first {@code n} values; NaNs keep their payload. */
    void doubles(double[] values, int n) {
        if (n == 0) {
            return;
        }
        long first = Double.doubleToRawLongBits(values[0]);
        boolean constant = true;
        boolean floats = true;
        for (int i = 0; i < n && (constant || floats); i++) {
            constant &= Double.doubleToRawLongBits(values[i]) == first;
            // Comparing also keeps NaNs out: as floats they would lose their payload.
            floats &= (double) (float) values[i] == values[i];
        }
        if (constant) {
            putByte(CONSTANT);
            putLong(first);
        } else if (floats) {
            putByte(FLOATS);
            ByteBuffer to = room(n * Float.BYTES);
            for (int i = 0; i < n; i++) {
                to.putFloat((float) values[i]);
            }
        } else {
            putByte(DOUBLES);
            ByteBuffer to = room(n * Double.BYTES);
            to.asDoubleBuffer().put(values, 0, n);
            to.position(to.position() + n * Double.BYTES);
        }
    }

    /** Writes the first {@code n} values. */
    void ints(int[] values, int n) {
        if (n == 0) {
            return;
        }
        boolean constant = true;
        boolean small = true;
        for (int i = 0; i < n && (constant || small); i++) {
            constant &= values[i] == values[0];
            small &= values[i] == (byte) values[i];
        }
        if (constant) {
            putByte(CONSTANT);
            putInt(values[0]);
        } else if (small) {
            putByte(BYTES);
            ByteBuffer to = room(n);
            for (int i = 0; i < n; i++) {
                to.put((byte) values[i]);
            }
        } else {
            putByte(INTS);
            ByteBuffer to = room(n * Integer.BYTES);
            to.asIntBuffer().put(values, 0, n);
            to.position(to.position() + n * Integer.BYTES);
        }
    }

    /** Writes the first {@code n} values. */
    void longs(long[] values, int n) {
        if (n == 0) {
            return;
        }
        long stride = n > 1 ? values[1] - values[0] : 0;
        boolean even = true;
        boolean small = true;
        boolean near = true;
        for (int i = 1; i < n && (even || near); i++) {
            long distance = values[i] - values[i - 1];
            even &= distance == stride;
            small &= distance == (byte) distance;
            near &= distance == (int) distance;
        }
        if (even) {
            putByte(STRIDE);
            putLong(values[0]);
            putLong(stride);
        } else if (small) {
            putByte(SMALL_STEPS);
            putLong(values[0]);
            ByteBuffer to = room(n - 1);
            for (int i = 1; i < n; i++) {
                to.put((byte) (values[i] - values[i - 1]));
            }
        } else if (near) {
            putByte(STEPS);
            putLong(values[0]);
            ByteBuffer to = room((n - 1) * Integer.BYTES);
            for (int i = 1; i < n; i++) {
                to.putInt((int) (values[i] - values[i - 1]));
            }
        } else {
            putByte(LONGS);
            ByteBuffer to = room(n * Long.BYTES);
            to.asLongBuffer().put(values, 0, n);
            to.position(to.position() + n * Long.BYTES);
        }
    }
}
