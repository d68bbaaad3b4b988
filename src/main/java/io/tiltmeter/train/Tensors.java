package io.tiltmeter.train;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Numbers out of ND4J arrays, for exact statistics in Java: ND4J's own reductions are not exact (measured). */
final class Tensors {
    private Tensors() {}

    /** All numbers, the last dimension fastest. */
    static double[] numbers(INDArray array) {
        return array.dup('c').data().asDouble();
    }

    /** Product of the dimensions from the third on. */
    static int inner(INDArray array) {
        long inner = 1;
        for (int d = 2; d < array.rank(); d++) {
            inner *= array.size(d);
        }
        return Math.toIntExact(inner);
    }

    static double norm(double[] values, long from, long to) {
        double sum = 0;
        for (int i = Math.toIntExact(from); i < to; i++) {
            sum += values[i] * values[i];
        }
        return Math.sqrt(sum);
    }

    /**
     * Whether a mask lets the number at an index of an array of (examples, units, inner) through. Masks are (examples,
     * 1), (examples, units), (examples, inner), or of the array's own shape.
     */
    static boolean seen(double @Nullable [] mask, int index, int examples, int units, int inner) {
        if (mask == null) {
            return true;
        }
        int example = index / (units * inner);
        if (mask.length == examples * units * inner) {
            return mask[index] != 0;
        }
        if (mask.length == examples) {
            return mask[example] != 0;
        }
        if (mask.length == examples * inner) {
            return mask[example * inner + index % inner] != 0;
        }
        throw new IllegalArgumentException("Mask has " + mask.length + " numbers, expected " + examples + " or "
                + examples * inner + " or " + examples * units * inner);
    }

    static double @Nullable [] mask(INDArray @Nullable [] masks, int i) {
        return masks == null || masks.length <= i || masks[i] == null ? null : numbers(masks[i]);
    }

    static int examples(org.nd4j.linalg.dataset.api.MultiDataSet batch) {
        return Math.toIntExact(batch.getFeatures(0).size(0));
    }

    /** So many examples of a batch, evenly spaced, so that data in order of class still gives several. */
    static MultiDataSet sample(org.nd4j.linalg.dataset.api.MultiDataSet batch, int most) {
        int n = examples(batch);
        int k = Math.min(n, most);
        long[] rows = new long[k];
        for (int i = 0; i < k; i++) {
            rows[i] = (long) i * n / k;
        }
        return new MultiDataSet(
                rows(batch.getFeatures(), rows),
                rows(batch.getLabels(), rows),
                rowsOrNull(batch.getFeaturesMaskArrays(), rows),
                rowsOrNull(batch.getLabelsMaskArrays(), rows));
    }

    private static INDArray @Nullable [] rowsOrNull(INDArray @Nullable [] arrays, long[] rows) {
        return arrays == null ? null : rows(arrays, rows);
    }

    private static INDArray[] rows(INDArray[] arrays, long[] rows) {
        INDArray[] picked = new INDArray[arrays.length];
        for (int i = 0; i < arrays.length; i++) {
            if (arrays[i] != null) {
                picked[i] = arrays[i].get(NDArrayIndex.indices(rows)).dup('c');
            }
        }
        return picked;
    }
}
