package io.tiltmeter.stats;

/**
 * The Jensen-Shannon divergence between two distributions over the same cells, in nats (0 to ln 2), estimated from counts
 * without the bias that plugging in shares has: about (K - 1)(1/n + 1/m)/8, which for n → ∞ vanishes but for few data is
 * larger than any real drift.
 */
public final class JensenShannon {
    private JensenShannon() {}

    /** The divergence of the shares, biased; 0 where a side is empty. */
    public static double plugIn(double[] a, double[] b) {
        double n = sum(a);
        double m = sum(b);
        if (n == 0 || m == 0) {
            return 0;
        }
        double divergence = 0;
        for (int i = 0; i < a.length; i++) {
            double p = a[i] / n;
            double q = b[i] / m;
            divergence += part(p, p + q) + part(q, p + q);
        }
        return Math.max(0, divergence / 2);
    }

    private static double part(double p, double sum) {
        return p > 0 ? p * Math.log(2 * p / sum) : 0;
    }

    /**
     * Between counts of independent draws: bias and variance of the plug-in by the delta method, the variance with the term
     * of second order, which is all there is where the distributions are equal. Cells must hold five or so.
     */
    public static Estimate ofCounts(double[] a, double[] b) {
        double n = sum(a);
        double m = sum(b);
        if (n == 0 || m == 0) {
            return new Estimate(0, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
        }
        int cells = 0;
        for (int i = 0; i < a.length; i++) {
            cells += a[i] + b[i] > 0 ? 1 : 0;
        }
        double rate = 1 / n + 1 / m;
        double variance = slope(a, b, n, m) / n + slope(b, a, m, n) / m + 2.0 * (cells - 1) * rate * rate / 64;
        return new Estimate(plugIn(a, b) - (cells - 1) * rate / 8, Math.sqrt(variance), Double.POSITIVE_INFINITY);
    }

    /** Variance over draws from {@code a} of the derivative of the divergence by a cell's share. */
    private static double slope(double[] a, double[] b, double n, double m) {
        double mean = 0;
        double square = 0;
        for (int i = 0; i < a.length; i++) {
            double p = a[i] / n;
            if (p > 0) {
                double derivative = Math.log(2 * p / (p + b[i] / m)) / 2;
                mean += p * derivative;
                square += p * derivative * derivative;
            }
        }
        return Math.max(0, square - mean * mean);
    }

    /**
     * Between counts that come in groups of independent documents, by the delete-a-group jackknife of both sides (Quenouille,
     * 1956; Tukey, 1958). It needs no model of how words cluster in documents: both the bias it takes off and the standard
     * error it gives are those of documents, not of words.
     *
     * @param a counts by group and cell
     * @param b the same of the other side; groups and cells as many
     */
    public static Estimate ofGroups(double[][] a, double[][] b) {
        double[] all = total(a);
        double[] other = total(b);
        double whole = plugIn(all, other);
        double[] left = withoutEach(a, all, other);
        double[] right = withoutEach(b, other, all);
        double effect = whole - bias(left, whole) - bias(right, whole);
        return new Estimate(
                effect,
                Math.sqrt(variance(left) + variance(right)),
                Math.max(1, Math.min(left.length, right.length) - 1));
    }

    private static double[] withoutEach(double[][] groups, double[] total, double[] other) {
        double[] without = new double[groups.length];
        double[] rest = new double[total.length];
        for (int g = 0; g < groups.length; g++) {
            for (int i = 0; i < rest.length; i++) {
                rest[i] = total[i] - groups[g][i];
            }
            without[g] = plugIn(rest, other);
        }
        return without;
    }

    private static double bias(double[] without, double whole) {
        return (without.length - 1) * (mean(without) - whole);
    }

    private static double variance(double[] without) {
        double mean = mean(without);
        double squares = 0;
        for (double each : without) {
            squares += (each - mean) * (each - mean);
        }
        return squares * (without.length - 1) / without.length;
    }

    private static double[] total(double[][] groups) {
        double[] total = new double[groups[0].length];
        for (double[] group : groups) {
            for (int i = 0; i < total.length; i++) {
                total[i] += group[i];
            }
        }
        return total;
    }

    private static double mean(double[] values) {
        return sum(values) / values.length;
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }
}
