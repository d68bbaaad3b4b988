package io.tiltmeter.validate;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * How many different values there are, by HyperLogLog (Flajolet, Fusy, Gandouet and Meunier, 2007) with 2^12 registers:
 * standard error {@value #STANDARD_ERROR} of the number, linear counting where it is small. Merging is exact and has no
 * order.
 */
public final class Distinct {
    /** 1.04 / √4096. */
    public static final double STANDARD_ERROR = 0.01625;

    private static final int BITS = 12;
    private static final int REGISTERS = 1 << BITS;
    /** Bias correction of the estimator, 0.7213 / (1 + 1.079 / m). */
    private static final double ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);

    private final byte[] registers = new byte[REGISTERS];

    /** Adds a value by a hash of 64 well-mixed bits. */
    void add(long hash) {
        int register = (int) (hash >>> (Long.SIZE - BITS));
        // The lowest bit beyond the hash ends the run of zeros.
        int rank = Long.numberOfLeadingZeros(hash << BITS | 1L << (BITS - 1)) + 1;
        if (rank > registers[register]) {
            registers[register] = (byte) rank;
        }
    }

    /** The hash of a number: its bits, mixed by the finalizer of MurmurHash3; 0.0 and -0.0 are one value. */
    static long hash(double value) {
        return mix(Double.doubleToLongBits(value + 0.0));
    }

    static long mix(long bits) {
        long z = bits + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 33)) * 0xFF51AFD7ED558CCDL;
        z = (z ^ (z >>> 33)) * 0xC4CEB9FE1A85EC53L;
        return z ^ (z >>> 33);
    }

    void merge(Distinct other) {
        for (int i = 0; i < REGISTERS; i++) {
            registers[i] = (byte) Math.max(registers[i], other.registers[i]);
        }
    }

    /** The estimate. */
    public double estimate() {
        double sum = 0;
        int zeros = 0;
        for (byte register : registers) {
            sum += Math.scalb(1.0, -register);
            zeros += register == 0 ? 1 : 0;
        }
        double raw = ALPHA * REGISTERS * REGISTERS / sum;
        return raw <= 2.5 * REGISTERS && zeros > 0 ? REGISTERS * Math.log((double) REGISTERS / zeros) : raw;
    }

    void write(DataOutput out) throws IOException {
        long[] counts = new long[REGISTERS];
        Arrays.setAll(counts, i -> registers[i]);
        Varints.writeCounts(out, counts);
    }

    static Distinct read(DataInput in) throws IOException {
        Distinct distinct = new Distinct();
        long[] counts = Varints.readCounts(in);
        for (int i = 0; i < REGISTERS; i++) {
            distinct.registers[i] = (byte) counts[i];
        }
        return distinct;
    }
}
