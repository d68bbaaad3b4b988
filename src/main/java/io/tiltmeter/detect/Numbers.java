package io.tiltmeter.detect;

/** Which logged numbers are numbers. */
final class Numbers {
    /**
     * Some trackers store infinity as the largest double (1.797e308) or float (3.403e38) for want of a JSON number; no
     * metric of a training step comes near either.
     */
    private static final double LARGEST = 3.4e38;

    private Numbers() {}

    /** Finite, and no stand-in for infinity. */
    static boolean isUsable(double value) {
        return Math.abs(value) < LARGEST;
    }
}
