package io.tiltmeter.train.faults;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Masks the ends of a worker's sequences, more of them at every step, as a shard whose documents get shorter does.
 * Arguments: {@code worker}, {@code from}, {@code to}; {@code steps} until {@code least} (0.25) of the length is left
 * (50).
 */
public final class ShrinkingSequences extends WorkerFault {
    private static final long serialVersionUID = 1;

    private final double steps;
    private final double least;

    /** Of {@code training.interceptor-arguments}. */
    public ShrinkingSequences(Map<String, String> arguments) {
        super(arguments);
        steps = number(arguments, "steps", 50);
        least = number(arguments, "least", 0.25);
    }

    @Override
    public MultiDataSet batch(int worker, long step, MultiDataSet dealt) {
        INDArray features = dealt.getFeatures(0);
        if (!strikes(worker, step) || features.rank() != 3) {
            return dealt;
        }
        long length = features.size(2);
        double gone = Math.min(1, (step - from() + 1) / steps) * (1 - least);
        long left = Math.max(1, Math.round(length * (1 - gone)));
        dealt.setFeaturesMaskArrays(new INDArray[] {cut(dealt.getFeaturesMaskArray(0), features, left)});
        if (dealt.getLabels(0).rank() == 3) {
            dealt.setLabelsMaskArray(new INDArray[] {cut(dealt.getLabelsMaskArray(0), features, left)});
        }
        return dealt;
    }

    private static INDArray cut(@org.jspecify.annotations.Nullable INDArray mask, INDArray features, long left) {
        long length = features.size(2);
        INDArray whole = mask == null ? Nd4j.ones(features.dataType(), features.size(0), length) : mask;
        if (left < length) {
            whole.get(NDArrayIndex.all(), NDArrayIndex.interval(left, length)).assign(0);
        }
        return whole;
    }
}
