package io.tiltmeter.train;

import java.util.Arrays;
import java.util.OptionalDouble;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Cosine between where one worker's gradient and where the sum of the others' have pointed of late: between the running
 * means of their signs. It shows what no norm does: a gradient of the wrong sign, or one that has nothing to do with the
 * others'.
 *
 * <p>The cosine of two gradients of one step would not do. Those of small batches share little of their direction, near the
 * end of a training next to nothing, and the few parameters whose gradient is largest, of which a hard example or an
 * oscillation makes most, decide on it alone. Of signs each parameter has one vote (Bernstein et al., signSGD, 2018), and
 * over steps what is common adds up where noise and oscillations cancel.
 *
 * <p>Exact up to the size of an {@link Excerpt}, of larger networks the excerpt's. Not thread-safe.
 */
final class GradientCosine {
    /** What a step weighs against the one after it: means over some three steps. */
    private static final float MEMORY = 0.7f;
    /** Blocks of an excerpt: a few microseconds at every step, and a part of most layers. */
    static final int BLOCKS = 32;
    /** Elements of a block. */
    static final int BLOCK = 256;
    /** Steps for which an excerpt stays where it is: many times the memory. */
    static final int STAY = 256;

    /** What makes the smallest float more than 1 when it is multiplied with it twice. */
    private static final float LARGE = 3e38f;

    private final Excerpt excerpt;
    private final float[] mine;
    private final float[] rest;
    private float[] ownMean;
    private float[] othersMean;
    private float[] nextOwn;
    private float[] nextOthers;
    private long turn = -1;
    private long[] places = {};

    /**
     * Prepares for gradients of one size.
     *
     * @param ranges what of the flat gradient is compared, as from, to, from, to ... in ascending order
     */
    GradientCosine(long[] ranges) {
        excerpt = new Excerpt(ranges, BLOCKS, BLOCK);
        int most = excerpt.most();
        mine = new float[most];
        rest = new float[most];
        ownMean = new float[most];
        othersMean = new float[most];
        nextOwn = new float[most];
        nextOthers = new float[most];
    }

    /**
     * The cosine, from -1 to 1; empty if one of the two is zero or has an element that is not finite. Such a step is not
     * remembered.
     *
     * @param own the worker's gradient, flat
     * @param sum of the gradients of all, this one among them
     */
    OptionalDouble of(INDArray own, float[] sum, long step) {
        move(step / STAY);
        int n = read(own, sum);
        if (isZero(mine, n) || isZero(rest, n)) {
            return OptionalDouble.empty();
        }
        addSigns(mine, ownMean, nextOwn, n);
        addSigns(rest, othersMean, nextOthers, n);
        double dot = dot(nextOwn, nextOthers, n);
        if (Double.isNaN(dot)) {
            return OptionalDouble.empty();
        }
        float[] free = ownMean;
        ownMean = nextOwn;
        nextOwn = free;
        free = othersMean;
        othersMean = nextOthers;
        nextOthers = free;
        double cosine = dot / Math.sqrt(dot(ownMean, ownMean, n) * dot(othersMean, othersMean, n));
        return OptionalDouble.of(Math.max(-1, Math.min(1, cosine)));
    }

    private void move(long to) {
        if (to == turn) {
            return;
        }
        turn = to;
        long[] now = excerpt.at(turn);
        if (!Arrays.equals(now, places)) {
            places = now;
            Arrays.fill(ownMean, 0);
            Arrays.fill(othersMean, 0);
        }
    }

    /** Fetches the elements of the excerpt: the worker's own, and the others' in sum. */
    private int read(INDArray own, float[] sum) {
        int n = 0;
        try (Floats floats = Floats.of(own)) {
            for (int p = 0; p < places.length; p += 2) {
                int length = (int) (places[p + 1] - places[p]);
                floats.read(places[p], mine, n, length);
                int from = (int) places[p];
                for (int i = 0; i < length; i++) {
                    rest[n + i] = sum[from + i] - mine[n + i];
                }
                n += length;
            }
        }
        return n;
    }

    private static boolean isZero(float[] gradient, int n) {
        for (int i = 0; i < n; i++) {
            if (gradient[i] != 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * The means with the signs of a step; NaN where a gradient is not finite. Written so that the compiler makes vectors of
     * it, as it does not of {@code Math.signum}: all this is done at every step.
     */
    private static void addSigns(float[] gradient, float[] mean, float[] next, int n) {
        for (int i = 0; i < n; i++) {
            float sign = Math.max(-1f, Math.min(1f, gradient[i] * LARGE * LARGE));
            next[i] = MEMORY * mean[i] + sign + gradient[i] * 0f;
        }
    }

    private static double dot(float[] a, float[] b, int n) {
        // Four sums, as one addition would have to wait for the one before.
        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        int i = 0;
        for (; i < n - 3; i += 4) {
            sum0 += a[i] * b[i];
            sum1 += a[i + 1] * b[i + 1];
            sum2 += a[i + 2] * b[i + 2];
            sum3 += a[i + 3] * b[i + 3];
        }
        for (; i < n; i++) {
            sum0 += a[i] * b[i];
        }
        return sum0 + sum1 + sum2 + sum3;
    }
}
