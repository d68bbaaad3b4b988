package io.tiltmeter.stats;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Tail probabilities and the control of false discoveries. */
public final class Tails {
    private static final double[] LANCZOS = {
        0.99999999999980993,
        676.5203681218851,
        -1259.1392167224028,
        771.32342877765313,
        -176.61502916214059,
        12.507343278686905,
        -0.13857109526572012,
        9.9843695780195716e-6,
        1.5056327351493116e-7
    };

    private Tails() {}

    /** ln Γ(x) for x &gt; 0, by Lanczos' series (g = 7, n = 9; relative error about 1e-15). */
    public static double logGamma(double x) {
        if (x < 0.5) {
            return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
        }
        double z = x - 1;
        double sum = LANCZOS[0];
        for (int i = 1; i < LANCZOS.length; i++) {
            sum += LANCZOS[i] / (z + i);
        }
        double t = z + 7.5;
        return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
    }

    /**
     * P(X ≥ k) for X binomial with n trials of probability p: terms summed from the largest down, none cancelling. For
     * trials of unequal probability with mean p it is an upper bound where k ≥ np + 1 (Hoeffding, 1956).
     */
    public static double binomialUpper(int n, double p, int k) {
        if (k <= 0) {
            return 1;
        }
        if (k > n || p <= 0) {
            return 0;
        }
        if (p >= 1) {
            return 1;
        }
        double logTerm = logGamma(n + 1.0)
                - logGamma(k + 1.0)
                - logGamma(n - k + 1.0)
                + k * Math.log(p)
                + (n - k) * Math.log1p(-p);
        double sum = 0;
        double odds = p / (1 - p);
        double ratio = 1;
        for (int i = k; i <= n; i++) {
            sum += ratio;
            ratio *= (n - i) / (i + 1.0) * odds;
            if (ratio < sum * 1e-17) {
                break;
            }
        }
        return Math.min(1, Math.exp(logTerm + Math.log(sum)));
    }

    /**
     * Interval of Clopper and Pearson (1934) for the probability behind k successes of n trials: each end is the
     * probability that makes so extreme a count have half the chance that is left.
     *
     * @param confidence chance that the interval holds the probability, at least; 0.95 is usual
     * @return lower and upper end; 0 and 1 without any trial
     */
    public static double[] clopperPearson(int n, int k, double confidence) {
        double tail = (1 - confidence) / 2;
        double low = k == 0 ? 0 : whereUpperIs(n, k, tail);
        double high = k >= n ? 1 : whereUpperIs(n, k + 1, 1 - tail);
        return new double[] {low, high};
    }

    /** The probability p at which P(X ≥ k) reaches a value: it grows with p, so halving finds it. */
    private static double whereUpperIs(int n, int k, double value) {
        double low = 0;
        double high = 1;
        for (int i = 0; i < 60; i++) {
            double middle = (low + high) / 2;
            if (binomialUpper(n, middle, k) < value) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return (low + high) / 2;
    }

    /**
     * False-discovery-adjusted p-values (q-values) of Benjamini and Hochberg (1995).
     *
     * @param p the p-values that are worth adjusting
     * @param tests how many hypotheses were tested in all; those not in {@code p} count as p = 1
     * @return q-values in the order of {@code p}
     */
    public static double[] benjaminiHochberg(double[] p, long tests) {
        int n = p.length;
        long m = Math.max(tests, n);
        Integer[] order = IntStream.range(0, n).boxed().toArray(Integer[]::new);
        Arrays.sort(order, Comparator.comparingDouble(i -> p[i]));
        double[] q = new double[n];
        double lowest = 1;
        for (int rank = n; rank >= 1; rank--) {
            int i = order[rank - 1];
            lowest = Math.min(lowest, p[i] * m / rank);
            q[i] = lowest;
        }
        return q;
    }
}
