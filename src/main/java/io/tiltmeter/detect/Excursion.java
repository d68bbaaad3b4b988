package io.tiltmeter.detect;

/**
 * A stretch in which a series lies far above what its past let expect. Values are on the scale the series is judged on
 * (logarithms where the metric is positive).
 *
 * @param from first abnormal step
 * @param last last abnormal step
 * @param recovered first step back to normal, or {@link #OPEN}
 * @param peakScore largest deviation in robust standard deviations
 * @param level what was expected at {@code from}
 * @param peak highest value
 * @param sigma robust standard deviation at {@code from}
 * @param points abnormal points
 * @param longestHigh most points in a row above the level by the harmful rise
 * @param logarithmic whether values are logarithms
 */
record Excursion(
        int attempt,
        long from,
        long last,
        long recovered,
        long peakStep,
        double peakScore,
        double level,
        double peak,
        double sigma,
        int points,
        int longestHigh,
        boolean logarithmic) {
    static final long OPEN = Long.MIN_VALUE;

    boolean isOpen() {
        return recovered == OPEN;
    }

    double rise() {
        return peak - level;
    }

    /** Expected value in the metric's unit. */
    double levelValue() {
        return logarithmic ? Math.exp(level) : level;
    }

    /** Highest value in the metric's unit. */
    double peakValue() {
        return logarithmic ? Math.exp(peak) : peak;
    }
}
