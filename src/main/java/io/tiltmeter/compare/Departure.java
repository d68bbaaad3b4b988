package io.tiltmeter.compare;

import java.io.Serializable;

/**
 * A run whose level of a metric differs from that of its set beyond noise, from some step on.
 *
 * @param run place of the run; of two runs that part, the second
 * @param worker rank, or {@link io.tiltmeter.model.StepRecord#NO_WORKER}
 * @param layer name, {@link Observation#NO_LAYER} for none
 * @param from first step of the first block of steps in which it does
 * @param to last step of the last one
 * @param peak first step of the block in which it is farthest
 * @param lasts whether it still does in the last stretch in which the run can be judged; else it has come back
 * @param gap how far it is from the others at its peak, as a factor minus 1: 0.1 is 10 % above them
 * @param end the same in the last stretch in which the run can be judged
 * @param score the test's statistic
 * @param threshold what the statistic must exceed
 * @param pValue chance of a score as large by noise alone, after account of all that was tested
 */
public record Departure(
        Quantity quantity,
        int run,
        int worker,
        String layer,
        long from,
        long to,
        long peak,
        boolean lasts,
        double gap,
        double end,
        double score,
        double threshold,
        double pValue)
        implements Serializable {

    /** Whether it ends beyond the others' noise, above them. */
    boolean endsAbove() {
        return lasts && end > 0;
    }

    /** Whether it ends beyond the others' noise, but not on the side on which it was farthest from them. */
    boolean changesSides() {
        return lasts && end * gap < 0;
    }
}
