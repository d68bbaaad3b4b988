package io.tiltmeter.train;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.deeplearning4j.nn.api.Layer;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Turns a sum of gradients over all workers into what a worker's updater expects. It divides by the worker's own number of
 * examples; and there are pseudo-gradients, such as the running mean of a batch normalisation, that it takes as they are.
 */
final class GradientScale {
    private final boolean byExamples;
    private final List<long[]> asTheyAre;

    private GradientScale(boolean byExamples, List<long[]> asTheyAre) {
        this.byExamples = byExamples;
        this.asTheyAre = asTheyAre;
    }

    static GradientScale of(Network network) {
        boolean byExamples = true;
        List<long[]> asTheyAre = new ArrayList<>();
        long base = network.params().offset();
        for (Layer layer : network.layers()) {
            byExamples &= layer.conf().isMiniBatch();
            for (Map.Entry<String, INDArray> one : layer.paramTable(false).entrySet()) {
                if (!layer.updaterDivideByMinibatch(one.getKey())) {
                    long from = one.getValue().offset() - base;
                    asTheyAre.add(new long[] {from, from + one.getValue().length()});
                }
            }
        }
        asTheyAre.sort(Comparator.comparingLong(range -> range[0]));
        return new GradientScale(byExamples, List.copyOf(asTheyAre));
    }

    /** Sum of squares of what the updater learns from, among elements {@code [from, to)}; pseudo-gradients are no part of it. */
    double squares(float[] sum, int from, int to) {
        double squares = 0;
        int at = from;
        for (long[] range : asTheyAre) {
            if (range[1] > at && range[0] < to) {
                squares += TensorStats.quickSquares(sum, at, (int) Math.max(at, range[0]));
                at = (int) Math.min(to, range[1]);
            }
        }
        return squares + TensorStats.quickSquares(sum, at, to);
    }

    /**
     * Scales in place.
     *
     * @param sum of the contributors' gradients, each summed over its examples
     * @param own examples of this worker
     * @param examples of all contributors
     * @param clip factor on top, 1 for none
     */
    void apply(float[] sum, int own, double examples, int contributors, double clip) {
        float factor = (float) ((byExamples ? own / examples : 1) * clip);
        float[][] kept = new float[asTheyAre.size()][];
        for (int i = 0; i < kept.length; i++) {
            long[] range = asTheyAre.get(i);
            kept[i] = new float[(int) (range[1] - range[0])];
            System.arraycopy(sum, (int) range[0], kept[i], 0, kept[i].length);
        }
        for (int i = 0; i < sum.length; i++) {
            sum[i] *= factor;
        }
        for (int i = 0; i < kept.length; i++) {
            int from = (int) asTheyAre.get(i)[0];
            for (int j = 0; j < kept[i].length; j++) {
                sum[from + j] = kept[i][j] / contributors;
            }
        }
    }

    /** Writes values into a flat view of a network, on whatever device it lies. */
    static void write(float[] values, INDArray view) {
        Nd4j.getAffinityManager().ensureLocation(view, AffinityManager.Location.HOST);
        FloatPointer target = new FloatPointer(view.data().addressPointer());
        target.put(values, 0, values.length);
        Nd4j.getAffinityManager().tagLocation(view, AffinityManager.Location.HOST);
    }
}
