package io.tiltmeter.train;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * A mini-batch of one worker, with what is recorded of it.
 *
 * @param data the arrays, in DL4J's layouts
 * @param examples in it
 * @param tokens time steps of the input that count, examples where it is no sequence
 * @param lossTokens the same of the labels
 * @param nanInputs features that are not finite
 * @param nanLabels labels that are not finite
 * @param firstSample smallest number of an example in its shard
 * @param lastSample greatest
 * @param hash CRC32C of the packed examples in order
 */
record Batch(
        MultiDataSet data,
        int examples,
        long tokens,
        long lossTokens,
        long nanInputs,
        long nanLabels,
        long firstSample,
        long lastSample,
        long hash) {
    /** What its steps row says of it. */
    MetricValues values() {
        return new MetricValues()
                .set(Metric.EXAMPLES, examples)
                .set(Metric.TOKENS, tokens)
                .set(Metric.LOSS_TOKENS, lossTokens)
                .set(Metric.NAN_INPUTS, nanInputs)
                .set(Metric.NAN_LABELS, nanLabels);
    }

    /** A batch whose arrays somebody may have changed: what they hold is counted again. */
    static Batch recounted(MultiDataSet data, Batch before) {
        CRC32C hash = new CRC32C();
        long nanInputs = 0;
        for (INDArray features : data.getFeatures()) {
            nanInputs += nonFinite(features, hash);
        }
        long nanLabels = 0;
        for (INDArray labels : data.getLabels()) {
            nanLabels += nonFinite(labels, hash);
        }
        int examples = (int) data.getFeatures(0).size(0);
        return new Batch(
                data,
                examples,
                counted(data.getFeatures(0), mask(data.getFeaturesMaskArrays())),
                counted(data.getLabels(0), mask(data.getLabelsMaskArrays())),
                nanInputs,
                nanLabels,
                before.firstSample,
                before.lastSample,
                hash.getValue());
    }

    private static long nonFinite(INDArray array, CRC32C hash) {
        float[] values = new float[Math.toIntExact(array.length())];
        TensorStats.copy(array, values);
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
        bytes.asFloatBuffer().put(values);
        hash.update(bytes);
        long n = 0;
        for (float value : values) {
            n += Float.isFinite(value) ? 0 : 1;
        }
        return n;
    }

    private static @Nullable INDArray mask(INDArray @Nullable [] masks) {
        return masks == null || masks.length == 0 ? null : masks[0];
    }

    /** Time steps that count: those of the mask, else all; of what is no sequence the examples. */
    private static long counted(INDArray array, @Nullable INDArray mask) {
        if (mask == null) {
            return array.rank() == 3 ? array.size(0) * array.size(2) : array.size(0);
        }
        float[] values = new float[Math.toIntExact(mask.length())];
        TensorStats.copy(mask, values);
        long n = 0;
        for (float value : values) {
            n += value != 0 ? 1 : 0;
        }
        return n;
    }
}
