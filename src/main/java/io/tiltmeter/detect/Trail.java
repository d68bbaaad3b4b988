package io.tiltmeter.detect;

import io.tiltmeter.blocks.WorkerLevels;
import java.util.Arrays;

/** Deviations of single steps about the beginning of an excursion. */
record Trail(long[] steps, double[] deviations) {
    static final Trail EMPTY = new Trail(new long[0], new double[0]);
    private static final int MOST = 96;

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
     * The likeliest step of a change from 0 to a distance (the maximum of the likelihood for equal Gaussian noise on both
     * sides), or another if nothing is known of single steps.
     */
    long onset(double distance, long otherwise) {
        double best = 0;
        double after = 0;
        long step = otherwise;
        for (int i = steps.length - 1; i >= 0; i--) {
            // NaN is no value.
            double gain = Double.isNaN(deviations[i]) ? 0 : distance * (deviations[i] - distance / 2);
            after += gain;
            if (after > best) {
                best = after;
                step = steps[i];
            }
        }
        return step;
    }
}
