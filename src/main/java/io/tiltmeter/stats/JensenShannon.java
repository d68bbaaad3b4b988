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
        // The derivative by noisy shares varies so much even where there is nothing.
        double noise = (cells - 1) * rate / 16;
        double first = Math.max(0, slope(a, b, n, m) - noise) / n + Math.max(0, slope(b, a, m, n) - noise) / m;
        double variance = first + 2.0 * (cells - 1) * rate * rate / 64;
        // Without a drift it is a χ² in disguise, which has a long tail: Student's of as many degrees has about the
        // same.
        return new Estimate(plugIn(a, b) - (cells - 1) * rate / 8, Math.sqrt(variance), Math.max(1, cells - 1));
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
     * Between counts that come in groups of independent documents, by the delete-a-group jackknife of both sides, for groups of
     * unequal size (Busing, Meijer and van der Leeden, 1999). It needs no model of how words cluster in documents: both the
     * bias it takes off and the standard error it gives are those of documents, not of words.
     *
     * @param a counts by group and cell
     * @param b the same of the other side
     */
    public static Estimate ofGroups(double[][] a, double[][] b) {
        double[] all = total(a);
        double[] other = total(b);
        double whole = plugIn(all, other);
        Jackknife left = jackknife(a, all, other, whole);
        Jackknife right = jackknife(b, other, all, whole);
        return new Estimate(
                whole - left.bias - right.bias,
                Math.sqrt(left.variance + right.variance),
                Math.max(1, Math.min(left.groups, right.groups) - 1));
    }

    private record Jackknife(double bias, double variance, int groups) {}

    private static Jackknife jackknife(double[][] groups, double[] total, double[] other, double whole) {
        double n = sum(total);
        double[] rest = new double[total.length];
        double[] without = new double[groups.length];
        double[] times = new double[groups.length];
        int used = 0;
        double kept = 0;
        for (double[] group : groups) {
            double size = sum(group);
            if (size > 0 && size < n) {
                for (int i = 0; i < rest.length; i++) {
                    rest[i] = total[i] - group[i];
                }
                without[used] = plugIn(rest, other);
                times[used] = n / size;
                kept += (1 - size / n) * without[used];
                used++;
            }
        }
        if (used < 2) {
            return new Jackknife(0, Double.POSITIVE_INFINITY, used);
        }
        double corrected = used * whole - kept;
        double variance = 0;
        for (int g = 0; g < used; g++) {
            double pseudo = times[g] * whole - (times[g] - 1) * without[g];
            variance += (pseudo - corrected) * (pseudo - corrected) / (times[g] - 1);
        }
        return new Jackknife(whole - corrected, variance / used, used);
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

    private static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }
}
