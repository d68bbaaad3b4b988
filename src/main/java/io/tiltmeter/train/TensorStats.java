package io.tiltmeter.train;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Exact statistics of float tensors, gathered block by block: ND4J's own reductions add up in single precision, and cost
 * more than a copy and one pass in Java. Sums are kept in double precision, where no square of a float overflows.
 *
 * <p>Elements that are NaN or infinite are counted and left out of all means and of the maximum. The norm is what an
 * all-reduce would give: NaN if any element is NaN, else infinite if any is infinite. Not thread-safe.
 */
final class TensorStats {
    /** Elements copied at a time: 64 KiB stay in the cache between the copy and the pass. */
    static final int BLOCK = 1 << 14;

    /** Sums side by side, and terms of each before they go into double precision. */
    private static final int LANES = 1 << 10;

    private static final int TERMS = 16;

    private final float[] block = new float[BLOCK];
    private final double centre;
    private final double limit;
    private long elements;
    private long zeros;
    private long nonFinite;
    private long saturated;
    private double squares;
    // Squares of finite elements alone, for the deviation.
    private double finiteSquares;
    private double sum;
    private double sumAbs;
    private float maxAbs;

    /** Statistics of numbers of any range. */
    TensorStats() {
        this(0, Double.POSITIVE_INFINITY);
    }

    /**
     * Statistics of the values of a bounded function.
     *
     * @param centre middle of its range
     * @param limit distance from the middle beyond which a value counts as saturated
     */
    TensorStats(double centre, double limit) {
        this.centre = centre;
        this.limit = limit;
    }

    /** Forgets everything. */
    void clear() {
        elements = 0;
        zeros = 0;
        nonFinite = 0;
        saturated = 0;
        squares = 0;
        finiteSquares = 0;
        sum = 0;
        sumAbs = 0;
        maxAbs = 0;
    }

    /** Adds elements {@code [from, to)} of an array. */
    void add(float[] values, int from, int to) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        double a0 = 0;
        double a1 = 0;
        double a2 = 0;
        double a3 = 0;
        double m0 = 0;
        double m1 = 0;
        double m2 = 0;
        double m3 = 0;
        float max0 = 0;
        float max1 = 0;
        int zero = 0;
        int i = from;
        // Four sums each, as one addition would have to wait for the one before.
        for (; i < to - 3; i += 4) {
            float v0 = values[i];
            float v1 = values[i + 1];
            float v2 = values[i + 2];
            float v3 = values[i + 3];
            float p0 = Math.abs(v0);
            float p1 = Math.abs(v1);
            float p2 = Math.abs(v2);
            float p3 = Math.abs(v3);
            s0 += (double) v0 * v0;
            s1 += (double) v1 * v1;
            s2 += (double) v2 * v2;
            s3 += (double) v3 * v3;
            a0 += p0;
            a1 += p1;
            a2 += p2;
            a3 += p3;
            m0 += v0;
            m1 += v1;
            m2 += v2;
            m3 += v3;
            max0 = Math.max(max0, Math.max(p0, p2));
            max1 = Math.max(max1, Math.max(p1, p3));
            zero += (v0 == 0 ? 1 : 0) + (v1 == 0 ? 1 : 0) + (v2 == 0 ? 1 : 0) + (v3 == 0 ? 1 : 0);
        }
        for (; i < to; i++) {
            float v = values[i];
            s0 += (double) v * v;
            a0 += Math.abs(v);
            m0 += v;
            max0 = Math.max(max0, Math.abs(v));
            zero += v == 0 ? 1 : 0;
        }
        double s = (s0 + s1) + (s2 + s3);
        squares += s;
        elements += to - from;
        zeros += zero;
        if (Double.isFinite(s)) {
            finiteSquares += s;
            sum += (m0 + m1) + (m2 + m3);
            sumAbs += (a0 + a1) + (a2 + a3);
            maxAbs = Math.max(maxAbs, Math.max(max0, max1));
        } else {
            addFinite(values, from, to);
        }
        if (limit < Double.POSITIVE_INFINITY) {
            countSaturated(values, from, to);
        }
    }

    private void addFinite(float[] values, int from, int to) {
        for (int i = from; i < to; i++) {
            float v = values[i];
            if (Float.isFinite(v)) {
                finiteSquares += (double) v * v;
                sum += v;
                sumAbs += Math.abs(v);
                maxAbs = Math.max(maxAbs, Math.abs(v));
            } else {
                nonFinite++;
            }
        }
    }

    private void countSaturated(float[] values, int from, int to) {
        int n = 0;
        for (int i = from; i < to; i++) {
            double distance = Math.abs(values[i] - centre);
            n += distance > limit && distance < Double.POSITIVE_INFINITY ? 1 : 0;
        }
        saturated += n;
    }

    /** Adds elements {@code [from, to)} of a tensor, counted in the order of its memory if it lies there in one piece. */
    void add(INDArray tensor, long from, long to) {
        try (Floats source = Floats.of(tensor)) {
            for (long at = from; at < to; at += BLOCK) {
                int n = (int) Math.min(BLOCK, to - at);
                source.read(at, block, 0, n);
                add(block, 0, n);
            }
        }
    }

    /**
     * The sum of squares of elements {@code [from, to)} of a tensor, for a fraction of the cost of all statistics: taken at
     * every step. Native code multiplies in single precision, some thousand elements at a time, and those sums are added
     * up in double precision: right to some 1e-7. Where squares leave the range of a float it is done in Java.
     */
    double sumOfSquares(INDArray tensor, long from, long to) {
        double total = 0;
        try (Floats source = Floats.of(tensor)) {
            for (long at = from; at < to; at += Floats.BLOCK) {
                int n = (int) Math.min(Floats.BLOCK, to - at);
                float squares = source.squares(at, n);
                if (Floats.isReliable(squares)) {
                    total += squares;
                } else {
                    source.read(at, block, 0, n);
                    total += sumOfSquares(block, 0, n);
                }
            }
        }
        return total;
    }

    /**
     * The sum of squares, right to some 1e-7 and the same bits on every machine, at half the time of double precision. Sums
     * of a few terms are kept in single precision side by side, in a loop that the compiler turns into vector instructions:
     * two arrays under one index.
     */
    static double quickSquares(float[] values, int from, int to) {
        if (to - from < 4 * LANES) {
            return sumOfSquares(values, from, to);
        }
        float[] sums = new float[LANES];
        float[] some = new float[LANES];
        double total = 0;
        int at = from;
        while (at + LANES <= to) {
            int begin = at;
            Arrays.fill(sums, 0);
            for (int turn = 0; turn < TERMS && at + LANES <= to; turn++, at += LANES) {
                System.arraycopy(values, at, some, 0, LANES);
                for (int i = 0; i < LANES; i++) {
                    sums[i] += some[i] * some[i];
                }
            }
            double squares = sum(sums);
            total += Floats.isReliable((float) squares) ? squares : sumOfSquares(values, begin, at);
        }
        return total + sumOfSquares(values, at, to);
    }

    private static double sum(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum;
    }

    /** The sum of squares in double precision; not finite exactly if some element is not. */
    static double sumOfSquares(float[] values, int from, int to) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        double s4 = 0;
        double s5 = 0;
        double s6 = 0;
        double s7 = 0;
        int i = from;
        for (; i < to - 7; i += 8) {
            s0 += (double) values[i] * values[i];
            s1 += (double) values[i + 1] * values[i + 1];
            s2 += (double) values[i + 2] * values[i + 2];
            s3 += (double) values[i + 3] * values[i + 3];
            s4 += (double) values[i + 4] * values[i + 4];
            s5 += (double) values[i + 5] * values[i + 5];
            s6 += (double) values[i + 6] * values[i + 6];
            s7 += (double) values[i + 7] * values[i + 7];
        }
        for (; i < to; i++) {
            s0 += (double) values[i] * values[i];
        }
        return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
    }

    /** Copies a whole tensor, in the order of its memory if it lies there in one piece, else in C order. */
    static void copy(INDArray tensor, float[] target) {
        if (tensor.length() > target.length) {
            throw new IllegalArgumentException(
                    "Tensor has " + tensor.length() + " elements, expected at most " + target.length);
        }
        try (Floats source = Floats.of(tensor)) {
            source.read(0, target, 0, (int) tensor.length());
        }
    }

    /** What {@link #copyWithSquares} found: the sum of squares, and the seconds that adding it up took beyond the copy. */
    record Squares(double sum, long nanos) {}

    /**
     * Copies a whole tensor as {@link #copy} does, and adds up squares while they are at hand: what a pass of its own over
     * the memory takes is saved.
     *
     * @param ranges whose squares are added up, as from, to, from, to ..., in ascending order
     */
    static Squares copyWithSquares(INDArray tensor, long[] ranges, float[] target) {
        if (tensor.length() > target.length) {
            throw new IllegalArgumentException(
                    "Tensor has " + tensor.length() + " elements, expected at most " + target.length);
        }
        double total = 0;
        long nanos = 0;
        int r = 0;
        try (Floats source = Floats.of(tensor)) {
            for (int at = 0; at < tensor.length(); at += BLOCK) {
                int end = (int) Math.min(at + (long) BLOCK, tensor.length());
                source.read(at, target, at, end - at);
                long from = System.nanoTime();
                for (; r < ranges.length && ranges[r] < end; r += 2) {
                    total += squares(source, target, (int) Math.max(ranges[r], at), (int) Math.min(ranges[r + 1], end));
                    if (ranges[r + 1] > end) {
                        break;
                    }
                }
                nanos += System.nanoTime() - from;
            }
        }
        return new Squares(total, nanos);
    }

    private static double squares(Floats source, float[] copy, int from, int to) {
        double total = 0;
        for (int at = from; at < to; at += Floats.BLOCK) {
            int n = Math.min(Floats.BLOCK, to - at);
            float squares = source.squares(at, n);
            total += Floats.isReliable(squares) ? squares : sumOfSquares(copy, at, at + n);
        }
        return total;
    }

    long elements() {
        return elements;
    }

    long nonFinite() {
        return nonFinite;
    }

    /** Sum of squares of all elements; not finite if some element is not. */
    double squares() {
        return squares;
    }

    double norm() {
        return Math.sqrt(squares);
    }

    double meanAbs() {
        return sumAbs / (elements - nonFinite);
    }

    double maxAbs() {
        return elements == nonFinite ? Double.NaN : maxAbs;
    }

    double mean() {
        return sum / (elements - nonFinite);
    }

    /** Standard deviation of the elements as they are, not estimated for a greater population. */
    double std() {
        double mean = mean();
        double variance = finiteSquares / (elements - nonFinite) - mean * mean;
        return variance > 0 || Double.isNaN(variance) ? Math.sqrt(variance) : 0;
    }

    double zeroFraction() {
        return (double) zeros / elements;
    }

    double saturatedFraction() {
        return (double) saturated / elements;
    }
}
