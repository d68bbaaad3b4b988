package io.tiltmeter.train;

import java.io.Serializable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Changes what a worker does, from outside: augmentation of batches, noise on gradients, and the planted faults of the
 * fault bench. Named by {@code training.interceptor}; made on every worker by its constructor, which takes a
 * {@code Map<String, String>} of {@code training.interceptor-arguments}. Used by one thread.
 */
public interface StepInterceptor extends Serializable {
    /**
     * The mini-batch that a worker trains on at a step.
     *
     * @param dealt the batch from its shard; may be changed in place
     */
    default MultiDataSet batch(int worker, long step, MultiDataSet dealt) {
        return dealt;
    }

    /**
     * Sees a worker's own gradient, summed over its mini-batch, before it is recorded and averaged.
     *
     * @param gradient flat view; may be changed in place
     */
    default void gradient(int worker, long step, INDArray gradient) {}

    /**
     * Sees a worker's parameters after the update.
     *
     * @param parameters flat view; may be changed in place
     */
    default void updated(int worker, long step, INDArray parameters) {}
}
