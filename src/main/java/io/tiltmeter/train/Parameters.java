package io.tiltmeter.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationHardSigmoid;
import org.nd4j.linalg.activations.impl.ActivationHardTanH;
import org.nd4j.linalg.activations.impl.ActivationRationalTanh;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftSign;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What there is to know of layers for measuring them: which of their numbers are learned, and the range of their output. */
final class Parameters {
    private Parameters() {}

    // Kept in the flat vector, but following the input, not the gradient.
    private static final Set<String> STATISTICS = Set.of(
            BatchNormalizationParamInitializer.GLOBAL_MEAN,
            BatchNormalizationParamInitializer.GLOBAL_VAR,
            BatchNormalizationParamInitializer.GLOBAL_LOG_STD);

    private static final double SATURATED = 0.99;
    private static final double RATIONAL_TANH = 1.7159;

    /**
     * Range of an activation function.
     *
     * @param centre its middle
     * @param limit distance from the middle beyond which the function counts as saturated; infinite for an unbounded one
     */
    record Range(double centre, double limit) {
        boolean bounded() {
            return limit < Double.POSITIVE_INFINITY;
        }

        private static Range around(double centre, double halfWidth) {
            return new Range(centre, SATURATED * halfWidth);
        }
    }

    /** Range of what a layer puts out; unbounded where saturation has no meaning. */
    static Range rangeOfActivation(Layer layer) {
        // Batch normalisation inherits the network's activation function, and does not use it.
        if (layer.conf().getLayer() instanceof BaseLayer conf && !(conf instanceof BatchNormalization)) {
            IActivation function = conf.getActivationFn();
            if (function instanceof ActivationTanH
                    || function instanceof ActivationHardTanH
                    || function instanceof ActivationSoftSign) {
                return Range.around(0, 1);
            }
            if (function instanceof ActivationSigmoid || function instanceof ActivationHardSigmoid) {
                return Range.around(0.5, 0.5);
            }
            if (function instanceof ActivationRationalTanh) {
                return Range.around(0, RATIONAL_TANH);
            }
        }
        return new Range(0, Double.POSITIVE_INFINITY);
    }

    /**
     * Where a layer's learned parameters lie in the flat vectors, as from, to, from, to ...
     *
     * @param base offset of the flat vector in its buffer
     */
    static long[] ranges(Layer layer, long base) {
        List<long[]> found = new ArrayList<>();
        boolean keepsStatistics = layer.conf().getLayer() instanceof BatchNormalization;
        for (Map.Entry<String, INDArray> entry : layer.paramTable().entrySet()) {
            if (!keepsStatistics || !STATISTICS.contains(entry.getKey())) {
                long from = entry.getValue().offset() - base;
                found.add(new long[] {from, from + entry.getValue().length()});
            }
        }
        return merged(found);
    }

    /** What of some ranges lies in another one. */
    static long[] intersection(long[] ranges, long from, long to) {
        long[] within = new long[ranges.length];
        int n = 0;
        for (int r = 0; r < ranges.length; r += 2) {
            long start = Math.max(from, ranges[r]);
            long end = Math.min(to, ranges[r + 1]);
            if (start < end) {
                within[n++] = start;
                within[n++] = end;
            }
        }
        return Arrays.copyOf(within, n);
    }

    /** Ranges in order, those that touch made one. */
    static long[] merged(List<long[]> ranges) {
        List<long[]> pairs = new ArrayList<>();
        for (long[] some : ranges) {
            for (int r = 0; r < some.length; r += 2) {
                pairs.add(new long[] {some[r], some[r + 1]});
            }
        }
        pairs.sort(Comparator.comparingLong(pair -> pair[0]));
        List<long[]> joined = new ArrayList<>();
        for (long[] pair : pairs) {
            if (!joined.isEmpty() && joined.get(joined.size() - 1)[1] == pair[0]) {
                joined.get(joined.size() - 1)[1] = pair[1];
            } else {
                joined.add(pair);
            }
        }
        return joined.stream().flatMapToLong(Arrays::stream).toArray();
    }
}
