package io.tiltmeter.train;

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
        long hash) {}
