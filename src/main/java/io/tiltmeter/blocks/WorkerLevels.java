package io.tiltmeter.blocks;

/**
 * How far each worker was from the median of all workers in one channel and window. Steps at which at least two workers
 * have a finite value are cut into chunks of {@value #CHUNK} steps or a few more; what counts in a chunk is a trimmed mean of
 * the worker's deviations, which no single step moves. Deviations are to the median of <em>all</em> workers: who is whose
 * peer is settled where the levels are read, by differences between levels, so that a digest does not depend on the layout.
 *
 * <p>Arrays are not to be written to.
 *
 * @param channel see {@link Channel}
 * @param isRatio whether a deviation is the logarithm of a ratio to the median (of values that are never negative), else a
 *     difference to it in the unit of the metric
 * @param steps steps looked at, ascending
 * @param worker workers with values, ascending
 * @param level by chunk, and within it by worker: mean of the worker's deviations without the lowest and the highest, NaN
 *     where it has none; empty if all workers were equal at all steps
 * @param spread by chunk: standard deviation between workers at a step, from their median absolute deviation
 * @param centre by chunk: trimmed mean of the medians over all workers, in the unit of the metric
 * @param detail places in {@code level} of which single steps are kept, ascending
 * @param detailDeviations their deviations, step by step, one after the other; NaN where there is none
 * @param spikeStep index of the step of each deviation that stands out from its worker's own level, ordered by chunk, then by
 *     worker, then by step
 * @param spikeWorker index of its worker
 * @param spikeExcess how far it is from the level
 * @param spikes how many such deviations there were, of which only so many are kept
 */
public record WorkerLevels(
        int channel,
        boolean isRatio,
        long[] steps,
        int[] worker,
        double[] level,
        double[] spread,
        double[] centre,
        int[] detail,
        double[] detailDeviations,
        int[] spikeStep,
        int[] spikeWorker,
        double[] spikeExcess,
        long spikes) {

    /** Least number of steps of a chunk, where the window has as many. */
    public static final int CHUNK = 16;

    /** Number of chunks that so many steps are cut into. */
    public static int chunks(int steps) {
        return steps == 0 ? 0 : Math.max(1, steps / CHUNK);
    }

    /** Index of the first step of a chunk, or one past the last step for the chunk after the last. */
    public static int chunkStart(int chunk, int steps) {
        return (int) ((long) chunk * steps / chunks(steps));
    }

    /** Number of chunks. */
    public int chunks() {
        return chunks(steps.length);
    }

    /** Index of the first step of a chunk, or one past the last step for the chunk after the last. */
    public int start(int chunk) {
        return chunkStart(chunk, steps.length);
    }

    /** Whether all workers were equal at all steps. */
    public boolean isFlat() {
        return level.length == 0;
    }

    /** Level of the worker at an index in a chunk; NaN if it has none. */
    public double level(int chunk, int index) {
        return isFlat() ? 0 : level[chunk * worker.length + index];
    }

    /**
     * Where in {@link #detailDeviations} the steps of a chunk of a worker begin; -1 if they are not kept.
     *
     * @param index index of the worker
     */
    public int detailAt(int chunk, int index) {
        int wanted = chunk * worker.length + index;
        int at = 0;
        for (int place : detail) {
            if (place == wanted) {
                return at;
            }
            int of = place / worker.length;
            at += start(of + 1) - start(of);
        }
        return -1;
    }
}
