package io.tiltmeter.stats;

/** Differences of shares. */
public final class Shares {
    private Shares() {}

    /**
     * How much larger the share k/n is than l/m, for independent trials: the difference of Agresti and Caffo (2000), who add
     * one success and one failure to each side so that the error is honest where counts are small or zero. The effect is
     * that of the plain shares.
     */
    public static Estimate increase(double k, double n, double l, double m) {
        double error = Math.sqrt(variance(k, n) + variance(l, m));
        return new Estimate(share(k, n) - share(l, m), error, Double.POSITIVE_INFINITY);
    }

    private static double share(double k, double n) {
        return n > 0 ? k / n : 0;
    }

    private static double variance(double k, double n) {
        double p = (k + 1) / (n + 2);
        return p * (1 - p) / (n + 2);
    }
}
