package io.tiltmeter.train;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * One output's labels of a batch, as numbers: (examples, units, inner), inner being time steps or pixels.
 *
 * @param mask null where every number counts
 */
record Labels(double[] values, double @Nullable [] mask, int examples, int units, int inner) {
    static Labels of(MultiDataSet batch, int output) {
        INDArray array = batch.getLabels(output);
        return new Labels(
                Tensors.numbers(array),
                Tensors.mask(batch.getLabelsMaskArrays(), output),
                Math.toIntExact(array.size(0)),
                Math.toIntExact(array.size(1)),
                Tensors.inner(array));
    }

    int index(int example, int unit, int place) {
        return (example * units + unit) * inner + place;
    }

    boolean seen(int index) {
        return Tensors.seen(mask, index, examples, units, inner);
    }

    /** Whether every row (an example, at a place) that counts holds one 1 and otherwise 0, of at least two. */
    boolean oneHot() {
        if (units < 2) {
            return false;
        }
        for (int e = 0; e < examples; e++) {
            for (int p = 0; p < inner; p++) {
                if (seen(index(e, 0, p)) && classAt(e, p) < 0) {
                    return false;
                }
            }
        }
        return true;
    }

    /** The class of a row; -1 where it is not one-hot. */
    private int classAt(int example, int place) {
        int found = -1;
        for (int u = 0; u < units; u++) {
            double value = values[index(example, u, place)];
            if (value == 1 && found < 0) {
                found = u;
            } else if (value != 0) {
                return -1;
            }
        }
        return found;
    }

    /** Index of the largest number of a row in an array of these labels' shape. */
    int largestAt(double[] numbers, int example, int place) {
        int best = 0;
        for (int u = 1; u < units; u++) {
            if (numbers[index(example, u, place)] > numbers[index(example, best, place)]) {
                best = u;
            }
        }
        return best;
    }

    /** A class for each example, that of its last place that counts; null where the labels are no classes. */
    int @Nullable [] classes() {
        boolean binary = units == 1 && inner == 1;
        for (int i = 0; binary && i < values.length; i++) {
            binary = values[i] == 0 || values[i] == 1;
        }
        if (!binary && !oneHot()) {
            return null;
        }
        int[] classes = new int[examples];
        for (int e = 0; e < examples; e++) {
            int last = inner - 1;
            while (last > 0 && !seen(index(e, 0, last))) {
                last--;
            }
            classes[e] = binary ? (int) values[e] : Math.max(0, classAt(e, last));
        }
        return classes;
    }
}
