package io.tiltmeter.train;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What the training master ships to each task of a round: asks the hook for the worker's own listener at the first call
 * and hands all calls on, with steps that go on from round to round.
 */
final class RoundListener implements TrainingListener, Serializable {
    private static final long serialVersionUID = 1;

    private final WorkerHook hook;
    private final long firstStep;
    private final int iteration;
    private final int epoch;
    private long done;
    private transient @Nullable TrainingListener listener;

    /**
     * @param iteration updates that the network has behind it: more than steps if a batch makes several
     */
    RoundListener(WorkerHook hook, long firstStep, int iteration, int epoch) {
        this.hook = hook;
        this.firstStep = firstStep;
        this.iteration = iteration;
        this.epoch = epoch;
    }

    private TrainingListener listener(Model model) {
        TrainingListener known = listener;
        if (known == null) {
            // Before the updater reads it: a worker's copy of the network begins to count at 0 in each round, which
            // would correct Adam's bias again and again and hold every schedule at its start.
            Network network = Network.of(model);
            network.setIteration(iteration);
            network.setEpoch(epoch);
            known = hook.listener(TaskContext.getPartitionId(), firstStep);
            listener = known;
        }
        return known;
    }

    @Override
    public void iterationDone(Model model, int counted, int ignored) {
        // The model's own count is the driver's to keep; what the listener hears must not depend on it.
        listener(model).iterationDone(model, Math.toIntExact(firstStep + done), epoch);
        done++;
    }

    @Override
    public void onEpochStart(Model model) {
        listener(model).onEpochStart(model);
    }

    @Override
    public void onEpochEnd(Model model) {
        listener(model).onEpochEnd(model);
    }

    @Override
    public void onForwardPass(Model model, List<INDArray> activations) {
        listener(model).onForwardPass(model, activations);
    }

    @Override
    public void onForwardPass(Model model, Map<String, INDArray> activations) {
        listener(model).onForwardPass(model, activations);
    }

    @Override
    public void onGradientCalculation(Model model) {
        listener(model).onGradientCalculation(model);
    }

    @Override
    public void onBackwardPass(Model model) {
        listener(model).onBackwardPass(model);
    }
}
