package io.tiltmeter.compare;

import java.io.Serializable;
import java.util.List;

/**
 * Runs that were equal bit for bit in all they logged, and from a step on are not.
 *
 * @param leaving places of the runs that part, the fewer ones; between equal numbers those without the first run
 * @param staying places of the others
 * @param step first step at which they differ
 * @param lastEqual last step before it at which they were compared and equal, {@link Long#MIN_VALUE} without one
 * @param differences what differs at that step, nearest to the cause first; at most {@value #MOST_DIFFERENCES}
 * @param differing how much differs, beyond those kept too
 * @param workersCompared how many workers logged values of their own in both at that step
 * @param workersDiffering how many of these differ
 */
public record Parting(
        List<Integer> leaving,
        List<Integer> staying,
        long step,
        long lastEqual,
        List<Difference> differences,
        int differing,
        int workersCompared,
        int workersDiffering)
        implements Serializable {
    static final int MOST_DIFFERENCES = 64;

    public Parting {
        leaving = List.copyOf(leaving);
        staying = List.copyOf(staying);
        differences = List.copyOf(differences);
    }

    /**
     * A value that differs.
     *
     * @param worker rank, {@link io.tiltmeter.model.StepRecord#NO_WORKER} for the run as a whole
     * @param layer name, {@link Observation#NO_LAYER} for none
     * @param staying value of the runs that stay; NaN for checksums
     * @param leaving value of the run that parts; NaN for checksums
     */
    public record Difference(Quantity quantity, int worker, String layer, int depth, double staying, double leaving)
            implements Serializable {

        /** Size of the difference relative to the greater of the two, NaN where it is not a number. */
        public double relative() {
            double greater = Math.max(Math.abs(staying), Math.abs(leaving));
            return greater == 0 ? 0 : Math.abs(staying - leaving) / greater;
        }
    }

    /** Whether they were equal before, at least at one step. */
    public boolean hadBeenEqual() {
        return lastEqual != Long.MIN_VALUE;
    }

    /** Whether one worker of several differs and all others are equal: the fault is in that worker. */
    public boolean isOfOneWorker() {
        return workersCompared > 1 && workersDiffering == 1;
    }
}
