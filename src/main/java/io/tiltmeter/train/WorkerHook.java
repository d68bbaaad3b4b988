package io.tiltmeter.train;

import java.io.Serializable;
import org.deeplearning4j.optimize.api.TrainingListener;

/** Gives each worker the listener that watches it. Goes to the workers serialised. */
@FunctionalInterface
public interface WorkerHook extends Serializable {
    /**
     * Called in the worker's task, in the thread that trains, before the first step of a round. A listener that writes
     * what it saw does so in a completion listener of the task: a round has no last call.
     *
     * @param worker the worker's number from 0: its partition
     * @param firstStep the optimizer steps that every worker's parameters have behind them when the round begins; the
     *     listener's {@code iterationDone} gets the steps that follow, the same for all workers
     */
    TrainingListener listener(int worker, long firstStep);
}
