package io.tiltmeter.model;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * What is left of a run after its scan: enough to compare it with its siblings and to list it.
 *
 * @param points number of logged steps over all attempts
 * @param firstStep lowest logged step; meaningless when {@code points} is 0
 * @param lastStep last logged step of the last attempt
 * @param lossPoints number of logged training losses
 * @param startLoss median of the first finite losses, NaN without any
 * @param finalLoss median of the last finite losses (last tenth, at least 3 points), NaN without any
 * @param bestLoss lowest smoothed loss, NaN without any
 * @param finalEvalLoss median of the last held-out losses, NaN without any
 * @param lossIsEval whether loss fields come from the held-out loss because no training loss was logged
 * @param replayNoise how much the losses of the first 16 steps that a restart repeated with the same data differ from the first
 *     time: robust standard deviation of the logarithm, of the start where it is largest; NaN where nothing of the kind was
 *     logged
 */
public record RunSummary(
        String runId,
        @Nullable String project,
        int attempts,
        int workers,
        long points,
        long firstStep,
        long lastStep,
        long lossPoints,
        double startLoss,
        double finalLoss,
        double bestLoss,
        double finalEvalLoss,
        boolean lossIsEval,
        double replayNoise)
        implements Serializable {

    /** Usual distance between logged steps. */
    public double stride() {
        return Stride.of(firstStep, lastStep, points);
    }
}
