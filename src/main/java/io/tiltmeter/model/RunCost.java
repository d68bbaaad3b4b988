package io.tiltmeter.model;

import java.io.Serializable;
import java.util.Arrays;

/**
 * What the time of a run was spent on.
 *
 * @param reason why nothing can be said; empty where it can, else all numbers are 0
 * @param basis what the times and the number of workers were taken from, in words
 * @param workers most workers of one start; 1 where the number is not known
 * @param steps steps that are part of the result and whose time is known
 * @param replayedSteps steps whose effect a later start overwrote
 * @param healthyStepSeconds median time of a step without what stragglers added, NaN without any
 * @param idleSeconds time between starts that lay so far apart that the workers do not count as held; part of no use
 * @param workerSeconds by {@link TimeUse#ordinal()}: seconds times workers, none below 0
 */
public record RunCost(
        String runId,
        String reason,
        String basis,
        int workers,
        long steps,
        long replayedSteps,
        double healthyStepSeconds,
        double idleSeconds,
        double[] workerSeconds)
        implements Serializable {

    public RunCost {
        if (workerSeconds.length != TimeUse.values().length) {
            throw new IllegalArgumentException("Run '" + runId + "' has times of " + workerSeconds.length
                    + " uses, wanted " + TimeUse.values().length);
        }
        workerSeconds = workerSeconds.clone();
    }

    /** A run of whose time nothing is known. */
    public static RunCost notObservable(String runId, String reason) {
        return new RunCost(runId, reason, "", 1, 0, 0, Double.NaN, 0, new double[TimeUse.values().length]);
    }

    @Override
    public double[] workerSeconds() {
        return workerSeconds.clone();
    }

    public boolean isObserved() {
        return reason.isEmpty();
    }

    /** Worker-seconds of one use. */
    public double seconds(TimeUse use) {
        return workerSeconds[use.ordinal()];
    }

    /** All worker-seconds of the run. */
    public double allocated() {
        return Arrays.stream(workerSeconds).sum();
    }

    /** Share of one use in all of the run's time; the shares of all uses add up to 1. NaN without any time. */
    public double share(TimeUse use) {
        return seconds(use) / allocated();
    }

    /** Productive share of the time; NaN without any time. */
    public double goodput() {
        return share(TimeUse.PRODUCTIVE);
    }
}
