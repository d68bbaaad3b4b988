package io.tiltmeter.validate;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Whole numbers of at least 0 in as few bytes as they need: seven bits a byte, the lowest first. */
final class Varints {
    private Varints() {}

    static void write(DataOutput out, long value) throws IOException {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.writeByte((int) (rest & 0x7F | 0x80));
            rest >>>= 7;
        }
        out.writeByte((int) rest);
    }

    static long read(DataInput in) throws IOException {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            byte part = in.readByte();
            value |= (part & 0x7FL) << shift;
            if (part >= 0) {
                return value;
            }
        }
        throw new IOException("A number of more than 64 bits; expected a profile of this version");
    }

    /** Counts, most of which may be 0: runs of zeros take one number. */
    static void writeCounts(DataOutput out, long[] counts) throws IOException {
        write(out, counts.length);
        int i = 0;
        while (i < counts.length) {
            int zeros = i;
            while (zeros < counts.length && counts[zeros] == 0) {
                zeros++;
            }
            write(out, zeros - i);
            i = zeros;
            if (i < counts.length) {
                write(out, counts[i++]);
            }
        }
    }

    static long[] readCounts(DataInput in) throws IOException {
        long[] counts = new long[Math.toIntExact(read(in))];
        int i = 0;
        while (i < counts.length) {
            i += Math.toIntExact(read(in));
            if (i < counts.length) {
                counts[i++] = read(in);
            }
        }
        return counts;
    }
}
