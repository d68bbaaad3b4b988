package io.tiltmeter.stats;

/** The Wasserstein distance of first order between two distributions on a line: how far numbers have moved on average. */
public final class Wasserstein {
    /** Mean of |Z| for a standard normal Z. */
    private static final double MEAN_SIZE = Math.sqrt(2 / Math.PI);

    private Wasserstein() {}

    /**
     * The distance between two samples given as weights at ascending values, in units of {@code scale}. What sampling alone
     * would give, the integral of √(2/π · F(1-F)(1/n + 1/m)), is taken off. The error is an upper bound: as if the whole
     * empirical distribution function erred in one direction together, with noise that is largest where F is 1/2.
     */
    public static Estimate distance(double[] x, double[] countX, double[] y, double[] countY, double scale) {
        double n = sum(countX);
        double m = sum(countY);
        if (n == 0 || m == 0 || !(scale > 0)) {
            return new Estimate(0, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
        }
        double distance = 0;
        double noise = 0;
        double f = 0;
        double g = 0;
        int i = 0;
        int j = 0;
        double at = Double.NaN;
        while (i < x.length || j < y.length) {
            double next = j >= y.length || (i < x.length && x[i] <= y[j]) ? x[i] : y[j];
            if (!Double.isNaN(at)) {
                double pooled = (f * n + g * m) / (n + m);
                distance += Math.abs(f - g) * (next - at);
                noise += Math.sqrt(pooled * (1 - pooled)) * (next - at);
            }
            while (i < x.length && x[i] == next) {
                f = Math.min(1, f + countX[i++] / n);
            }
            while (j < y.length && y[j] == next) {
                g = Math.min(1, g + countY[j++] / m);
            }
            at = next;
        }
        double one = noise * Math.sqrt(1 / n + 1 / m) / scale;
        return new Estimate(distance / scale - MEAN_SIZE * one, one, Double.POSITIVE_INFINITY);
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }
}
