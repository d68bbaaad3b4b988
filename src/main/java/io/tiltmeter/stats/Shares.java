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

    /**
     * The same where trials come in groups of independent documents: the variance is that between groups (of a ratio,
     * linearised), and at least that of independent trials.
     *
     * @param k successes by group
     * @param n trials by group
     */
    public static Estimate increase(double[] k, double[] n, double[] l, double[] m) {
        double here = sum(k) / sum(n);
        double there = sum(l) / sum(m);
        double variance =
                Math.max(variance(sum(k), sum(n)), between(k, n)) + Math.max(variance(sum(l), sum(m)), between(l, m));
        return new Estimate(here - there, Math.sqrt(variance), Math.max(1, Math.min(used(n), used(m)) - 1));
    }

    private static double between(double[] k, double[] n) {
        double all = sum(n);
        double share = sum(k) / all;
        double squares = 0;
        for (int g = 0; g < k.length; g++) {
            double residual = k[g] - share * n[g];
            squares += residual * residual;
        }
        int used = used(n);
        return used < 2 ? Double.POSITIVE_INFINITY : squares * used / (used - 1.0) / all / all;
    }

    private static int used(double[] n) {
        int used = 0;
        for (double each : n) {
            used += each > 0 ? 1 : 0;
        }
        return used;
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }

    private static double share(double k, double n) {
        return n > 0 ? k / n : 0;
    }

    private static double variance(double k, double n) {
        double p = (k + 1) / (n + 2);
        return p * (1 - p) / (n + 2);
    }
}
