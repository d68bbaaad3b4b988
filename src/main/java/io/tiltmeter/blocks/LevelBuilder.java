package io.tiltmeter.blocks;

import io.tiltmeter.stats.Robust;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Makes the {@link WorkerLevels} of one channel of a block. The common case, a few sound workers, costs one multiplication
 * and two comparisons a cell: the mean of logarithms is one logarithm of a product.
 */
final class LevelBuilder {
    /** Zeros have no logarithm: all values are raised by this share of the window's highest median. */
    private static final double RAISE = 1e-3;
    /** Ratios beyond count as this much, so that a product of a chunk's ratios stays far from overflow. */
    private static final double LARGEST_RATIO = 1e3;
    /** Deviations from a worker's own level that count as standing out, in standard deviations between workers. */
    private static final double SPIKE_SIGMAS = 6;
    /** Least ratio of such a deviation. */
    private static final double SPIKE_RATIO = 1.1;
    /** Jumps of a level from chunk to chunk whose steps are kept, in standard deviations between workers: 4σ of a mean of 16. */
    private static final double JUMP_SIGMAS = 1;
    /** Least such jump. */
    private static final double LEAST_JUMP = 0.01;
    /** Most chunks of workers whose steps are kept. */
    private static final int MOST_DETAILS = 32;

    private static final int FEWEST_SPIKES = 64;
    /** Values of a chunk from which the extremes are left out. */
    private static final int TRIMMED_FROM = 4;

    private final int channel;
    private final double[] cells;
    private final int columns;
    private final int width;
    private final int[] workers;
    private final long[] steps;
    /** Row of each step in the matrix, and the median and spread over its workers. */
    private final int[] rows;

    private final double[] median;
    private final double[] mad;
    private final int[] counts;
    private final boolean isRatio;
    private final double raise;

    private final double[] sum;
    private final double[] low;
    private final double[] high;
    private final int[] n;

    /** Levels so far, by chunk and worker. */
    private final double[] level;

    private final double[] spread;
    private final double[] centre;
    private final int[] spikeStep;
    private final int[] spikeWorker;
    private final double[] spikeExcess;
    private long spikes;

    /**
     * Prepares for a channel.
     *
     * @param mayBeRatio whether ratios between its values mean anything
     * @param series its series; the rows of the matrix that it has no step of are empty
     * @param allSteps steps of the rows
     * @param workers workers of the first columns
     * @param columns number of columns
     * @param cells the matrix, step-major, {@link Slice#ABSENT} where there is no value
     */
    private LevelBuilder(
            int channel,
            boolean mayBeRatio,
            Digest.Series series,
            long[] allSteps,
            int[] workers,
            int columns,
            double[] cells) {
        this.channel = channel;
        this.cells = cells;
        this.columns = columns;
        this.workers = workers;
        width = workers.length;
        int length = series.steps().length;
        rows = new int[length];
        median = new double[length];
        mad = new double[length];
        counts = new int[length];
        int size = 0;
        int row = 0;
        double highest = 0;
        for (int i = 0; i < length; i++) {
            while (allSteps[row] != series.steps()[i]) {
                row++;
            }
            int finite = series.count()[i] - series.nonFinite()[i];
            if (finite >= 2) {
                rows[size] = row;
                median[size] = series.median()[i];
                mad[size] = series.mad()[i];
                counts[size++] = finite;
                highest = Math.max(highest, Math.abs(series.median()[i]));
            }
        }
        steps = new long[size];
        for (int i = 0; i < size; i++) {
            steps[i] = allSteps[rows[i]];
        }
        boolean negative = false;
        for (double least : series.workerMin()) {
            negative |= least < 0;
        }
        isRatio = mayBeRatio && !negative && highest > 0;
        raise = isRatio ? RAISE * highest : 0;
        sum = new double[width];
        low = new double[width];
        high = new double[width];
        n = new int[width];
        int chunks = WorkerLevels.chunks(size);
        level = new double[chunks * width];
        spread = new double[chunks];
        centre = new double[chunks];
        int most = Math.max(FEWEST_SPIKES, size);
        spikeStep = new int[most];
        spikeWorker = new int[most];
        spikeExcess = new double[most];
    }

    /** The levels; null where no two workers have a value at one step. */
    static @Nullable WorkerLevels build(
            int channel,
            boolean mayBeRatio,
            Digest.Series series,
            long[] allSteps,
            int[] workers,
            int columns,
            double[] cells) {
        if (series.worker().length < 2) {
            return null;
        }
        LevelBuilder builder = new LevelBuilder(channel, mayBeRatio, series, allSteps, workers, columns, cells);
        if (builder.steps.length == 0) {
            return null;
        }
        return isFlat(series) ? builder.flat(series.worker()) : builder.build(series.worker());
    }

    private static boolean isFlat(Digest.Series series) {
        for (int outlier : series.outlier()) {
            if (outlier >= 0) {
                return false;
            }
        }
        return true;
    }

    private WorkerLevels flat(int[] logged) {
        for (int c = 0; c < centre.length; c++) {
            centre[c] = centre(WorkerLevels.chunkStart(c, steps.length), WorkerLevels.chunkStart(c + 1, steps.length));
        }
        return new WorkerLevels(
                channel,
                isRatio,
                steps,
                logged,
                new double[0],
                spread,
                centre,
                new int[0],
                new double[0],
                new int[0],
                new int[0],
                new double[0],
                0);
    }

    private WorkerLevels build(int[] logged) {
        for (int c = 0; c < spread.length; c++) {
            int from = WorkerLevels.chunkStart(c, steps.length);
            int to = WorkerLevels.chunkStart(c + 1, steps.length);
            Arrays.fill(sum, isRatio ? 1 : 0);
            Arrays.fill(low, Double.POSITIVE_INFINITY);
            Arrays.fill(high, Double.NEGATIVE_INFINITY);
            Arrays.fill(n, 0);
            for (int i = from; i < to; i++) {
                if (isRatio) {
                    addRatios(i);
                } else {
                    addDifferences(i);
                }
            }
            for (int w = 0; w < width; w++) {
                level[c * width + w] = level(w);
            }
            spread[c] = spread(from, to);
            centre[c] = centre(from, to);
            findSpikes(c, from, to);
        }
        int[] columnOf = IntStream.of(logged)
                .map(worker -> Arrays.binarySearch(workers, worker))
                .toArray();
        double[] kept = new double[spread.length * logged.length];
        for (int c = 0; c < spread.length; c++) {
            for (int w = 0; w < logged.length; w++) {
                kept[c * logged.length + w] = (float) level[c * width + columnOf[w]];
            }
        }
        int[] detail = details(kept, logged.length);
        int stored = (int) Math.min(spikes, spikeStep.length);
        int[] spiking = new int[stored];
        for (int i = 0; i < stored; i++) {
            spiking[i] = Arrays.binarySearch(logged, workers[spikeWorker[i]]);
        }
        return new WorkerLevels(
                channel,
                isRatio,
                steps,
                logged,
                kept,
                spread,
                centre,
                detail,
                deviations(detail, logged.length, columnOf),
                Arrays.copyOf(spikeStep, stored),
                spiking,
                Arrays.copyOf(spikeExcess, stored),
                spikes);
    }

    private void addRatios(int i) {
        double inverse = 1 / (median[i] + raise);
        int from = rows[i] * columns;
        for (int w = 0; w < width; w++) {
            double ratio = (cells[from + w] + raise) * inverse;
            // False for NaN, and the ratio of an infinite value is left out as well: both are told elsewhere.
            if (ratio < Double.POSITIVE_INFINITY) {
                ratio = Math.min(LARGEST_RATIO, Math.max(1 / LARGEST_RATIO, ratio));
                sum[w] *= ratio;
                low[w] = Math.min(low[w], ratio);
                high[w] = Math.max(high[w], ratio);
                n[w]++;
            }
        }
    }

    private void addDifferences(int i) {
        int from = rows[i] * columns;
        for (int w = 0; w < width; w++) {
            double difference = cells[from + w] - median[i];
            if (Math.abs(difference) < Double.POSITIVE_INFINITY) {
                sum[w] += difference;
                low[w] = Math.min(low[w], difference);
                high[w] = Math.max(high[w], difference);
                n[w]++;
            }
        }
    }

    private double level(int w) {
        int count = n[w];
        if (count == 0) {
            return Double.NaN;
        }
        if (isRatio) {
            return count < TRIMMED_FROM
                    ? Math.log(sum[w]) / count
                    : Math.log(sum[w] / (low[w] * high[w])) / (count - 2);
        }
        return count < TRIMMED_FROM ? sum[w] / count : (sum[w] - low[w] - high[w]) / (count - 2);
    }

    /** Middle over the steps of the robust standard deviation between workers. */
    private double spread(int from, int to) {
        double[] each = new double[to - from];
        for (int i = from; i < to; i++) {
            double scale = isRatio ? median[i] + raise : 1;
            each[i - from] = Robust.MAD_TO_SIGMA * Robust.madCorrection(counts[i]) * mad[i] / scale;
        }
        Arrays.sort(each);
        return (float) Robust.medianOfSorted(each, each.length);
    }

    /** Mean of the medians without an eighth on each side: a checkpoint and an evaluation are no level. */
    private double centre(int from, int to) {
        double[] sorted = Arrays.copyOfRange(median, from, to);
        Arrays.sort(sorted);
        int trimmed = sorted.length < TRIMMED_FROM ? 0 : (sorted.length + 4) / 8;
        double total = 0;
        for (int i = trimmed; i < sorted.length - trimmed; i++) {
            total += sorted[i];
        }
        return (float) (total / (sorted.length - 2 * trimmed));
    }

    private void findSpikes(int chunk, int from, int to) {
        double reach = isRatio
                ? Math.max(SPIKE_SIGMAS * spread[chunk], Math.log(SPIKE_RATIO))
                : Math.max(SPIKE_SIGMAS * spread[chunk], Double.MIN_NORMAL);
        double up = isRatio ? Math.exp(reach) : reach;
        for (int w = 0; w < width; w++) {
            if (n[w] < TRIMMED_FROM) {
                continue;
            }
            double own = level[chunk * width + w];
            double middle = isRatio ? Math.exp(own) : own;
            double top = isRatio ? middle * up : middle + up;
            double bottom = isRatio ? middle / up : middle - up;
            if (high[w] > top || low[w] < bottom) {
                for (int i = from; i < to; i++) {
                    double excess = deviation(i, w) - own;
                    if (Math.abs(excess) > reach) {
                        if (spikes < spikeStep.length) {
                            spikeStep[(int) spikes] = i;
                            spikeWorker[(int) spikes] = w;
                            spikeExcess[(int) spikes] = (float) excess;
                        }
                        spikes++;
                    }
                }
            }
        }
    }

    /** Deviation of a worker at a step, NaN without a finite value. */
    private double deviation(int i, int w) {
        double cell = cells[rows[i] * columns + w];
        if (!Double.isFinite(cell)) {
            return Double.NaN;
        }
        if (!isRatio) {
            return cell - median[i];
        }
        double ratio = (cell + raise) / (median[i] + raise);
        return Math.log(Math.min(LARGEST_RATIO, Math.max(1 / LARGEST_RATIO, ratio)));
    }

    /** Chunks next to a jump of their worker's level, the largest jumps first if there are too many. */
    private int[] details(double[] levels, int logged) {
        double[] jump = new double[levels.length];
        double usual = usualJump(levels, logged);
        int found = 0;
        for (int c = 0; c < spread.length; c++) {
            // Where a bad worker widens the spread, as one of two does, the narrower of both sides counts.
            double scale = Math.min(usual, c == 0 ? spread[0] : Math.min(spread[c - 1], spread[c]));
            double least = Math.max(JUMP_SIGMAS * scale, isRatio ? LEAST_JUMP : 0);
            for (int w = 0; w < logged; w++) {
                int at = c * logged + w;
                double distance = Math.abs(levels[at] - (c == 0 ? 0 : levels[at - logged]));
                if (distance > least) {
                    double strength = distance / (scale + LEAST_JUMP);
                    found += jump[at] == 0 ? 1 : 0;
                    jump[at] = Math.max(jump[at], strength);
                    if (c > 0) {
                        found += jump[at - logged] == 0 ? 1 : 0;
                        jump[at - logged] = Math.max(jump[at - logged], strength);
                    }
                }
            }
        }
        double bar = 0;
        if (found > MOST_DETAILS) {
            double[] sorted = jump.clone();
            Arrays.sort(sorted);
            bar = sorted[sorted.length - MOST_DETAILS];
        }
        int[] places = new int[Math.min(found, MOST_DETAILS)];
        int size = 0;
        for (int at = 0; at < jump.length && size < places.length; at++) {
            if (jump[at] > 0 && jump[at] >= bar) {
                places[size++] = at;
            }
        }
        return places;
    }

    /**
     * Standard deviation between like workers at a step, by what their levels usually jump; infinite where there is one chunk.
     * The spread over all workers is wider where these are of several kinds.
     */
    private static double usualJump(double[] levels, int logged) {
        double[] jumps = new double[levels.length - logged];
        int size = 0;
        for (int at = logged; at < levels.length; at++) {
            double distance = Math.abs(levels[at] - levels[at - logged]);
            if (!Double.isNaN(distance)) {
                jumps[size++] = distance;
            }
        }
        return size == 0
                ? Double.POSITIVE_INFINITY
                : Robust.MAD_TO_SIGMA * Selection.median(jumps, size) * Math.sqrt((WorkerLevels.CHUNK - 2) / 2.0);
    }

    private double[] deviations(int[] detail, int logged, int[] columnOf) {
        int total = 0;
        for (int place : detail) {
            int chunk = place / logged;
            total += WorkerLevels.chunkStart(chunk + 1, steps.length) - WorkerLevels.chunkStart(chunk, steps.length);
        }
        double[] deviations = new double[total];
        int at = 0;
        for (int place : detail) {
            int chunk = place / logged;
            int to = WorkerLevels.chunkStart(chunk + 1, steps.length);
            for (int i = WorkerLevels.chunkStart(chunk, steps.length); i < to; i++) {
                deviations[at++] = (float) deviation(i, columnOf[place % logged]);
            }
        }
        return deviations;
    }
}
