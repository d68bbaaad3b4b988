package io.tiltmeter.blocks;

import java.util.List;

/**
 * What a window shows of its workers beyond the summary of each: levels against one another, and values that are equal
 * where they should differ, or differ where they should be equal.
 *
 * @param levels by channel
 * @param runs stretches of equal values that should differ
 * @param splits by channel: who had the value of whom
 */
public record WorkerEvidence(List<WorkerLevels> levels, List<EqualRuns> runs, List<Splits> splits) {
    /** Of a window without two workers. */
    public static final WorkerEvidence NONE = new WorkerEvidence(List.of(), List.of(), List.of());

    public WorkerEvidence {
        levels = List.copyOf(levels);
        runs = List.copyOf(runs);
        splits = List.copyOf(splits);
    }

    /**
     * Stretches of steps at which a worker logged the very value of another, or its own of some steps ago. Those shorter
     * than two steps are left out unless they touch an end of the window, where they may go on.
     *
     * @param channel what was equal
     * @param steps number of steps looked at
     * @param firstStep first of them
     * @param lastStep last of them
     * @param workers most workers with a value at one step
     * @param compared pairs of workers and steps that were compared
     * @param equal how many of them were equal
     * @param worker whose value it is; of two workers the higher
     * @param twin the lower worker with the same value; the worker itself where it repeats its own
     * @param lag how many logged steps ago the value was the twin's, 0 where it is of the same step
     * @param from first step of the stretch
     * @param to its last step
     * @param count its number of steps
     */
    public record EqualRuns(
            int channel,
            int steps,
            long firstStep,
            long lastStep,
            int workers,
            long compared,
            long equal,
            int[] worker,
            int[] twin,
            int[] lag,
            long[] from,
            long[] to,
            int[] count) {}

    /**
     * Which workers had equal values at each step, for a channel in which replicas are equal.
     *
     * @param channel what was compared
     * @param firstStep first step looked at
     * @param lastStep last step looked at
     * @param worker workers with values, ascending
     * @param first class of each worker at the first step it logged a value: workers with equal values have the same number,
     *     from 0 to below the number of workers, which tells nothing else; see {@link EqualClasses}
     * @param step steps at which a class changed, ascending; a worker changes once a step at most
     * @param changed index of the worker whose class changed
     * @param now its class from then on, {@link EqualClasses#UNKNOWN} if it cannot be told
     * @param changes how many changes there were, of which only so many are kept
     */
    public record Splits(
            int channel,
            long firstStep,
            long lastStep,
            int[] worker,
            int[] first,
            long[] step,
            int[] changed,
            int[] now,
            long changes) {}
}
