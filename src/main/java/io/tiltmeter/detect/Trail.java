package io.tiltmeter.detect;

import io.tiltmeter.blocks.WorkerLevels;
import io.tiltmeter.stats.Robust;
import java.util.Arrays;

/** Deviations of single steps about the beginning of an excursion. */
record Trail(long[] steps, double[] deviations) {
    static final Trail EMPTY = new Trail(new long[0], new double[0]);
    private static final int MOST = 96;
    /** Earlier steps from which it is known how quiet they are. */
    private static final int TELLING = 8;
    /** Standard deviations of them beyond which a step has left them. */
    private static final double LEFT = 4;

    Trail with(WorkerLevels levels, int chunk, int index, double shift) {
        int at = levels.detailAt(chunk, index);
        int from = levels.start(chunk);
        int n = levels.start(chunk + 1) - from;
        if (at < 0 || steps.length + n > MOST) {
            return this;
        }
        long[] moreSteps = Arrays.copyOf(steps, steps.length + n);
        double[] more = Arrays.copyOf(deviations, steps.length + n);
        for (int i = 0; i < n; i++) {
            moreSteps[steps.length + i] = levels.steps()[from + i];
            more[steps.length + i] = levels.detailDeviations()[at + i] - shift;
        }
        return new Trail(moreSteps, more);
    }

    /**
     * The likeliest step of a change from 0 to the level of the last steps (the maximum of the likelihood for equal Gaussian
     * noise on both sides), or another if nothing is known of single steps. The level is taken from the steps themselves:
     * against the median of two workers, one of them moves by half of their distance. A change that comes bit by bit has begun
     * before: at the first of the steps in a row just before that are beyond the noise of all the earlier ones.
     *
     * @param change the change as far as it is known, of which the sign counts if the steps' level has it as well
     */
    long onset(double change, long otherwise) {
        double level = last();
        double distance = level * change > 0 ? level : change;
        double best = 0;
        double after = 0;
        int first = -1;
        for (int i = steps.length - 1; i >= 0; i--) {
            // NaN is no value.
            double gain = Double.isNaN(deviations[i]) ? 0 : distance * (deviations[i] - distance / 2);
            after += gain;
            if (after > best) {
                best = after;
                first = i;
            }
        }
        return first < 0 ? otherwise : steps[ramp(first, Math.signum(distance))];
    }

    /** Where a ramp begins that reaches the level of the change at {@code first}. */
    private int ramp(int first, double sign) {
        double[] before = Arrays.stream(deviations, 0, first)
                .filter(deviation -> !Double.isNaN(deviation))
                .sorted()
                .toArray();
        if (before.length < TELLING) {
            return first;
        }
        double middle = Robust.medianOfSorted(before, before.length);
        double noise = Robust.MAD_TO_SIGMA * Robust.madOfSorted(before, before.length, middle);
        int begin = first;
        while (begin > 0 && sign * (deviations[begin - 1] - middle) > Math.max(LEFT * noise, LevelWatch.ROUNDING)) {
            begin--;
        }
        return begin;
    }

    /** Mean of the last steps, as many as a chunk has; NaN if there is none. */
    private double last() {
        double sum = 0;
        int n = 0;
        for (int i = Math.max(0, deviations.length - WorkerLevels.CHUNK); i < deviations.length; i++) {
            if (!Double.isNaN(deviations[i])) {
                sum += deviations[i];
                n++;
            }
        }
        return sum / n;
    }
}
