package io.tiltmeter.simulate;

/**
 * Random numbers as pure functions of a key: counter-based, so that any number can be had without the ones before it.
 * The mixer is SplitMix64's (Steele, Lea, Flood 2014). Only exactly specified operations are used: the four
 * arithmetic ones, {@code sqrt} and {@link StrictMath}, hence the same bits on every JDK.
 */
final class Noise {
    private static final long STREAM = 0x9e3779b97f4a7c15L;
    private static final long WORKER = 0xd1342543de82ef95L;
    private static final double UNIT = 0x1.0p-52;
    private static final double TURN = 2 * Math.PI;
    /** Standard deviation of Student's t with 6 degrees of freedom: sqrt(6 / (6 - 2)). */
    private static final double T6_DEVIATION = StrictMath.sqrt(1.5);

    private Noise() {}

    static long mix(long z) {
        long a = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        long b = (a ^ (a >>> 27)) * 0x94d049bb133111ebL;
        return b ^ (b >>> 31);
    }

    /** Key number {@code index} below a key. */
    static long child(long key, long index) {
        return mix(key + (index + 1) * STREAM);
    }

    /** Key of a worker below the key of a step; another family than {@link #child}. */
    static long worker(long key, int worker) {
        return mix(key + (worker + 1) * WORKER);
    }

    /** Uniform in the open interval (0, 1). */
    static double uniform(long key) {
        return ((key >>> 12) + 0.5) * UNIT;
    }

    static double uniform(long key, int stream) {
        return uniform(child(key, stream));
    }

    /** Uniform between two bounds. */
    static double between(long key, int stream, double low, double high) {
        return low + (high - low) * uniform(key, stream);
    }

    /** Uniform integer from 0 to below the bound. */
    static int below(long key, int stream, int bound) {
        return (int) (uniform(key, stream) * bound);
    }

    static double normal(long key, int stream) {
        return quantile(uniform(key, stream));
    }

    /** Student's t with 6 degrees of freedom scaled to variance 1, by Bailey's polar method (1994). */
    static double heavyTailed(long key, int firstStream) {
        double radius = Math.sqrt(6 * (1 / StrictMath.cbrt(uniform(key, firstStream)) - 1));
        return radius * StrictMath.cos(TURN * uniform(key, firstStream + 1)) / T6_DEVIATION;
    }

    /** Quantile of the standard normal distribution: Wichura's algorithm AS 241, PPND7, about 7 digits (1988). */
    static double quantile(double p) {
        double q = p - 0.5;
        if (Math.abs(q) <= 0.425) {
            double r = 0.180625 - q * q;
            return q
                    * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)
                    / (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1);
        }
        double tail = Math.sqrt(-StrictMath.log(q < 0 ? p : 1 - p));
        double value;
        if (tail <= 5) {
            double r = tail - 1.6;
            value = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777)
                    / ((0.12021132975 * r + 0.73700164250) * r + 1);
        } else {
            double r = tail - 5;
            value = (((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150)
                    / ((0.012258202635 * r + 0.24197894225) * r + 1);
        }
        return q < 0 ? -value : value;
    }

    /** Where a keyed permutation of 0 … size-1 puts an index: a Feistel network, walked until it is back in range. */
    static int permute(long key, int index, int size) {
        int half = (33 - Integer.numberOfLeadingZeros(Math.max(1, size - 1))) / 2;
        long mask = (1L << half) - 1;
        long value = index;
        do {
            long left = value >>> half;
            long right = value & mask;
            for (int round = 0; round < 4; round++) {
                long next = left ^ (mix(child(key, round) + right) & mask);
                left = right;
                right = next;
            }
            value = (left << half) | right;
        } while (value >= size);
        return (int) value;
    }
}
