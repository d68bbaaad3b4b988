package io.tiltmeter.train;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.AMSGradUpdater;
import org.nd4j.linalg.learning.AdamUpdater;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.NadamUpdater;
import org.nd4j.linalg.learning.RmsPropUpdater;

/**
 * How well the second moment of an adaptive optimizer fits the gradient of a step: the root mean square of g over √v, of
 * those parameters of a layer that one updater updates. Far above 1 the optimizer takes too large a step, as it has learned
 * v from smaller gradients. Source: Wortsman et al., Stable and low-precision training for large-scale vision-language
 * models (2023), RMS_t of their StableAdamW: √mean(g² / max(v, ε²)), v after the step and with its bias corrected. RMSProp
 * corrects no bias, and none is corrected here.
 *
 * <p>DL4J hands out neither the gradient as the updater sees it, with regularisation and normalisation, nor a hook there.
 * But the updater keeps a moving average of it, m = β m₀ + (1 - β) g, and so g follows from that average before the step and
 * after it. Of large layers an {@link Excerpt} is taken. Not thread-safe.
 */
final class SecondMoment {
    /** Blocks of an excerpt: it is taken on sampled steps only. */
    private static final int BLOCKS = 16;

    private final UpdaterBlock block;
    private final Excerpt excerpt;
    private final float[] average = new float[Floats.BLOCK];
    private final float[] second = new float[Floats.BLOCK];
    private float[] averageBefore = new float[0];
    private boolean begun;
    private long elements;
    private double sum;

    /**
     * State of an updater, in the order of the parameters.
     *
     * @param average moving average of the gradient or of its square
     * @param decay of the average, below 1
     * @param ofSquares whether the average is that of squares
     * @param second moving average of the squares
     * @param secondDecay of the second moment, where its bias is to be corrected; else 0
     */
    private record State(
            INDArray average, double decay, boolean ofSquares, INDArray second, double secondDecay, double epsilon) {
        static @Nullable State of(GradientUpdater<?> updater) {
            if (updater instanceof AdamUpdater adam) {
                return of(
                        adam.getM(),
                        adam.getConfig().getBeta1(),
                        adam.getV(),
                        adam.getConfig().getBeta2(),
                        adam.getConfig().getEpsilon());
            }
            if (updater instanceof NadamUpdater nadam) {
                return of(
                        nadam.getM(),
                        nadam.getConfig().getBeta1(),
                        nadam.getV(),
                        nadam.getConfig().getBeta2(),
                        nadam.getConfig().getEpsilon());
            }
            if (updater instanceof AMSGradUpdater grad) {
                return of(
                        grad.getM(),
                        grad.getConfig().getBeta1(),
                        grad.getV(),
                        grad.getConfig().getBeta2(),
                        grad.getConfig().getEpsilon());
            }
            if (updater instanceof RmsPropUpdater prop) {
                INDArray squares = prop.getLastGradient();
                return new State(
                        squares,
                        prop.getConfig().getRmsDecay(),
                        true,
                        squares,
                        0,
                        prop.getConfig().getEpsilon());
            }
            return null;
        }

        private static State of(INDArray m, double beta1, INDArray v, double beta2, double epsilon) {
            return new State(m, beta1, false, v, beta2, epsilon);
        }
    }

    private SecondMoment(UpdaterBlock block, Excerpt excerpt) {
        this.block = block;
        this.excerpt = excerpt;
    }

    /**
     * Those of a layer, one for each updater that has a second moment; none if its updaters have none.
     *
     * @param ranges of the layer's parameters in the flat vector, as from, to, from, to ...
     */
    static List<SecondMoment> of(Network network, long[] ranges) {
        List<SecondMoment> found = new ArrayList<>();
        for (UpdaterBlock block : network.updaterBlocks()) {
            long start = block.getParamOffsetStart();
            long[] within = Parameters.intersection(ranges, start, block.getParamOffsetEnd());
            if (within.length > 0) {
                if (block.getGradientUpdater() == null) {
                    // As the block itself would do at its first step.
                    block.init();
                }
                State state = State.of(block.getGradientUpdater());
                if (state != null && state.decay() < 1) {
                    for (int i = 0; i < within.length; i++) {
                        within[i] -= start;
                    }
                    found.add(new SecondMoment(block, new Excerpt(within, BLOCKS, Floats.BLOCK)));
                }
            }
        }
        return List.copyOf(found);
    }

    /** Forgets the step before. */
    void forget() {
        begun = false;
        elements = 0;
        sum = 0;
    }

    /** Looks at the updater before its update. */
    void before(long step) {
        State state = State.of(block.getGradientUpdater());
        if (state == null) {
            return;
        }
        long[] places = excerpt.at(step);
        int n = count(places);
        if (averageBefore.length < n) {
            averageBefore = new float[n];
        }
        int filled = 0;
        try (Floats values = Floats.of(state.average())) {
            for (int p = 0; p < places.length; p += 2) {
                int some = (int) (places[p + 1] - places[p]);
                values.read(places[p], averageBefore, filled, some);
                filled += some;
            }
        }
        begun = true;
    }

    private static int count(long[] places) {
        long n = 0;
        for (int p = 0; p < places.length; p += 2) {
            n += places[p + 1] - places[p];
        }
        return (int) n;
    }

    /**
     * Looks at the updater again after its update.
     *
     * @param updates made so far, this one among them
     */
    void after(long step, long updates) {
        State state = State.of(block.getGradientUpdater());
        if (!begun || state == null) {
            return;
        }
        elements = 0;
        sum = 0;
        double least = state.epsilon() * state.epsilon();
        double correction = 1 - Math.pow(state.secondDecay(), updates);
        long[] places = excerpt.at(step);
        try (Floats averages = Floats.of(state.average());
                Floats seconds = Floats.of(state.second())) {
            for (int p = 0; p < places.length; p += 2) {
                for (long at = places[p]; at < places[p + 1]; at += Floats.BLOCK) {
                    int n = (int) Math.min(Floats.BLOCK, places[p + 1] - at);
                    averages.read(at, average, 0, n);
                    seconds.read(at, second, 0, n);
                    add(n, state.decay(), state.ofSquares(), correction, least);
                }
            }
        }
        begun = false;
    }

    private void add(int n, double decay, boolean ofSquares, double correction, double least) {
        int from = (int) elements;
        for (int i = 0; i < n; i++) {
            double fresh = (average[i] - decay * averageBefore[from + i]) / (1 - decay);
            // Rounding may leave a square of zero just below zero.
            double square = ofSquares ? Math.max(0, fresh) : fresh * fresh;
            sum += square / Math.max(second[i] / correction, least);
        }
        elements += n;
    }

    /** The ratio of a layer's parameters under all of its updaters; null if it was not measured. */
    static @Nullable Double ratio(List<SecondMoment> moments) {
        long n = 0;
        double sum = 0;
        for (SecondMoment one : moments) {
            n += one.elements;
            sum += one.sum;
        }
        return n == 0 ? null : (Double) Math.sqrt(sum / n);
    }
}
