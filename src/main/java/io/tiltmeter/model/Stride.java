package io.tiltmeter.model;

/** The usual distance from one logged step to the next. */
public final class Stride {
    private Stride() {}

    /**
     * The mean distance between logged steps, at least 1: a restart logs some of them again.
     *
     * @param points how many were logged; a single one tells no distance, and 1 is taken
     */
    public static double of(long firstStep, long lastStep, long points) {
        return points < 2 ? 1 : Math.max(1, (lastStep - firstStep) / (double) (points - 1));
    }
}
