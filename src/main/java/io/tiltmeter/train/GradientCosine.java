package io.tiltmeter.train;

import java.util.OptionalDouble;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Cosine between one worker's gradient and the sum of the others'. It shows what no norm does: a gradient of the wrong
 * sign, or one that has nothing to do with the others'. Exact up to the size of an {@link Excerpt}, of larger networks the
 * excerpt's. Not thread-safe.
 */
final class GradientCosine {
    /** Blocks of an excerpt: a few microseconds at every step. Gradients at random agree by about 1/√8,192, 0.011. */
    static final int BLOCKS = 2;

    private final Excerpt excerpt;
    private final float[] block = new float[Floats.BLOCK];
    private double dot;
    private double ownSquares;
    private double otherSquares;

    /** Prepares for gradients of which an excerpt is compared. */
    GradientCosine(Excerpt excerpt) {
        this.excerpt = excerpt;
    }

    /**
     * The cosine, from -1 to 1; empty if one of the two is zero or not finite.
     *
     * @param own the worker's gradient, flat
     * @param sum of the gradients of all, this one among them
     */
    OptionalDouble of(INDArray own, float[] sum, long step) {
        dot = 0;
        ownSquares = 0;
        otherSquares = 0;
        long[] places = excerpt.at(step);
        try (Floats mine = Floats.of(own)) {
            for (int p = 0; p < places.length; p += 2) {
                for (long at = places[p]; at < places[p + 1]; at += Floats.BLOCK) {
                    add(mine, sum, at, (int) Math.min(Floats.BLOCK, places[p + 1] - at));
                }
            }
        }
        // Of nothing, or of what is not finite, this is NaN.
        double cosine = dot / Math.sqrt(ownSquares) / Math.sqrt(otherSquares);
        return Double.isFinite(cosine) ? OptionalDouble.of(Math.max(-1, Math.min(1, cosine))) : OptionalDouble.empty();
    }

    private void add(Floats mine, float[] sum, long from, int n) {
        mine.read(from, block, 0, n);
        int base = (int) from;
        double dot0 = 0;
        double dot1 = 0;
        double own0 = 0;
        double own1 = 0;
        double other0 = 0;
        double other1 = 0;
        int i = 0;
        // Two sums each, as one addition would have to wait for the one before. The difference first, then its square:
        // from
        // squares alone little is left of it beside a gradient much larger.
        for (; i < n - 1; i += 2) {
            double a = block[i];
            double b = block[i + 1];
            double restA = sum[base + i] - a;
            double restB = sum[base + i + 1] - b;
            dot0 += a * restA;
            dot1 += b * restB;
            own0 += a * a;
            own1 += b * b;
            other0 += restA * restA;
            other1 += restB * restB;
        }
        if (i < n) {
            double a = block[i];
            double rest = sum[base + i] - a;
            dot0 += a * rest;
            own0 += a * a;
            other0 += rest * rest;
        }
        dot += dot0 + dot1;
        ownSquares += own0 + own1;
        otherSquares += other0 + other1;
    }
}
