package io.tiltmeter.stats;

/** Number of successes among independent trials that each have a chance of their own. */
public final class PoissonBinomial {
    private PoissonBinomial() {}

    /**
     * P(X ≥ successes), exact: the distribution is folded in trial by trial (Chen and Liu, Statistica Sinica 7, 1997), with all
     * that reached the number in one cell, so that small tails are sums of positive terms.
     *
     * @param chances of each trial, 0 to 1
     */
    public static double upper(double[] chances, int successes) {
        if (successes <= 0) {
            return 1;
        }
        double[] p = new double[successes + 1];
        p[0] = 1;
        for (double chance : chances) {
            if (!(chance >= 0 && chance <= 1)) {
                throw new IllegalArgumentException("A chance is " + chance + " but must be 0 to 1");
            }
            p[successes] += p[successes - 1] * chance;
            for (int i = successes - 1; i > 0; i--) {
                p[i] = p[i] * (1 - chance) + p[i - 1] * chance;
            }
            p[0] *= 1 - chance;
        }
        return Math.min(1, p[successes]);
    }
}
