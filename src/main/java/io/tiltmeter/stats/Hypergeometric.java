package io.tiltmeter.stats;

import java.util.Arrays;

/** Number of marked ones among those drawn without replacement. */
public final class Hypergeometric {
    /** Logarithms of the first factorials, for speed; the rest by {@link Tails#logGamma}. */
    private static final double[] LOG_FACTORIALS = logFactorials(4096);

    private Hypergeometric() {}

    /**
     * Probabilities of 0 to min(drawn, marked) marked ones among those drawn.
     *
     * @param all how many there are
     * @param marked how many of them are marked, 0 to {@code all}
     * @param drawn how many are drawn, 0 to {@code all}
     */
    public static double[] probabilities(int all, int marked, int drawn) {
        double[] p = new double[Math.min(drawn, marked) + 1];
        Arrays.setAll(p, hits -> probability(all, marked, drawn, hits));
        return p;
    }

    /** Probability of exactly so many marked ones among those drawn. */
    public static double probability(int all, int marked, int drawn, int hits) {
        if (marked < 0 || marked > all || drawn < 0 || drawn > all) {
            throw new IllegalArgumentException(
                    "Marked " + marked + " and drawn " + drawn + " must be 0 to " + all + ", the number of all");
        }
        if (hits < Math.max(0, marked + drawn - all) || hits > Math.min(marked, drawn)) {
            return 0;
        }
        return Math.exp(logChoose(marked, hits) + logChoose(all - marked, drawn - hits) - logChoose(all, drawn));
    }

    /** P(X ≥ hits): terms summed from the smallest up. */
    public static double upper(int all, int marked, int drawn, int hits) {
        double sum = 0;
        for (int i = Math.min(marked, drawn); i >= hits && i >= 0; i--) {
            sum += probability(all, marked, drawn, i);
        }
        return Math.min(1, sum);
    }

    private static double logChoose(int n, int k) {
        return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
    }

    private static double logFactorial(int n) {
        return n < LOG_FACTORIALS.length ? LOG_FACTORIALS[n] : Tails.logGamma(n + 1.0);
    }

    private static double[] logFactorials(int size) {
        double[] logs = new double[size];
        for (int n = 2; n < size; n++) {
            logs[n] = Tails.logGamma(n + 1.0);
        }
        return logs;
    }
}
