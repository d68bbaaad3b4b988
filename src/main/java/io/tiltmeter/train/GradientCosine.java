package io.tiltmeter.train;

import java.util.OptionalDouble;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas_nolapack;
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
    private final FloatPointer others = new FloatPointer(Floats.BLOCK);
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
        // The difference first, then its square: from squares alone little is left of it beside a gradient much larger.
        others.put(sum, (int) from, n);
        FloatPointer here = mine.at(from);
        openblas_nolapack.cblas_saxpy(n, -1, here, 1, others, 1);
        float own = Floats.dot(n, here, here);
        float other = Floats.dot(n, others, others);
        if (Floats.isReliable(own) && Floats.isReliable(other)) {
            dot += Floats.dot(n, here, others);
            ownSquares += own;
            otherSquares += other;
        } else {
            mine.read(from, block, 0, n);
            addInDouble(sum, (int) from, n);
        }
    }

    private void addInDouble(float[] sum, int from, int n) {
        for (int i = 0; i < n; i++) {
            double own = block[i];
            double other = sum[from + i] - own;
            dot += own * other;
            ownSquares += own * own;
            otherSquares += other * other;
        }
    }
}
