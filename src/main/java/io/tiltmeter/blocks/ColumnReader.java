package io.tiltmeter.blocks;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Unpacks what {@link ColumnWriter} packed, in the same order. */
final class ColumnReader {
    private final ByteBuffer buffer;

    ColumnReader(byte[] bytes) {
        buffer = ByteBuffer.wrap(bytes);
    }

    byte getByte() {
        return buffer.get();
    }

    int getInt() {
        return buffer.getInt();
    }

    long getLong() {
        return buffer.getLong();
    }

    double[] doubles(int n) {
        double[] values = new double[n];
        if (n == 0) {
            return values;
        }
        byte kind = buffer.get();
        switch (kind) {
            case ColumnWriter.CONSTANT -> Arrays.fill(values, Double.longBitsToDouble(buffer.getLong()));
            case ColumnWriter.FLOATS -> {
                for (int i = 0; i < n; i++) {
                    values[i] = buffer.getFloat();
                }
            }
            case ColumnWriter.DOUBLES -> {
                buffer.asDoubleBuffer().get(values);
                buffer.position(buffer.position() + n * Double.BYTES);
            }
            default -> throw unknown(kind);
        }
        return values;
    }

    int[] ints(int n) {
        int[] values = new int[n];
        if (n == 0) {
            return values;
        }
        byte kind = buffer.get();
        switch (kind) {
            case ColumnWriter.CONSTANT -> Arrays.fill(values, buffer.getInt());
            case ColumnWriter.BYTES -> {
                for (int i = 0; i < n; i++) {
                    values[i] = buffer.get();
                }
            }
            case ColumnWriter.INTS -> {
                buffer.asIntBuffer().get(values);
                buffer.position(buffer.position() + n * Integer.BYTES);
            }
            default -> throw unknown(kind);
        }
        return values;
    }

    long[] longs(int n) {
        long[] values = new long[n];
        if (n == 0) {
            return values;
        }
        byte kind = buffer.get();
        switch (kind) {
            case ColumnWriter.STRIDE -> {
                long first = buffer.getLong();
                long stride = buffer.getLong();
                for (int i = 0; i < n; i++) {
                    values[i] = first + i * stride;
                }
            }
            case ColumnWriter.STEPS -> {
                values[0] = buffer.getLong();
                for (int i = 1; i < n; i++) {
                    values[i] = values[i - 1] + buffer.getInt();
                }
            }
            case ColumnWriter.SMALL_STEPS -> {
                values[0] = buffer.getLong();
                for (int i = 1; i < n; i++) {
                    values[i] = values[i - 1] + buffer.get();
                }
            }
            case ColumnWriter.LONGS -> {
                buffer.asLongBuffer().get(values);
                buffer.position(buffer.position() + n * Long.BYTES);
            }
            default -> throw unknown(kind);
        }
        return values;
    }

    private IllegalStateException unknown(byte kind) {
        return new IllegalStateException(
                "Packed column at byte " + (buffer.position() - 1) + " is of unknown kind " + kind);
    }
}
