package io.tiltmeter.detect;

/**
 * What an alarm of {@link LevelWatch} asks for besides its being no chance.
 *
 * @param ratio least ratio to the peers beyond the usual one, where values are ratios
 * @param sigmas least deviation beyond the usual, in standard deviations between workers at one step
 * @param difference least difference beyond the usual, where values are differences
 */
record Effect(double ratio, double sigmas, double difference) {
    /**
     * How far a level must be from its place.
     *
     * @param spread standard deviation between workers at one step
     * @param isRatio whether levels are logarithms of ratios
     */
    double least(double spread, boolean isRatio) {
        return Math.max(sigmas * spread, isRatio ? Math.log(ratio) : difference);
    }
}
