package io.tiltmeter.stats;

/**
 * Whether values that follow each other are more alike than after a shuffle. The null is that of permutations of the very
 * values: nothing is assumed of their distribution but that a few of them do not make up all of its spread.
 */
public final class Succession {
    private Succession() {}

    /**
     * The correlation of neighbours: Σ cᵢcᵢ₊₁ / Σ cᵢ² of deviations c from the mean, plus 1/n, so that it is exactly 0 on average
     * over all orders. Its error is √((n - 2) / ((n - 1)(n + 1))) over orders of values of a normal distribution, and of others
     * but for terms of order 1/n. Source: Wald and Wolfowitz, An exact test for randomness in the non-parametric case based on
     * serial correlation, Ann. Math. Stat. 14 (1943).
     *
     * @param differences sum of squared differences over all n - 1 pairs of neighbours
     * @param ends squared deviations of the first and the last value, which have one neighbour only, together
     * @param squares sum of squared deviations, greater than 0
     * @param n how many values, at least 3
     */
    public static Estimate correlation(double differences, double ends, double squares, long n) {
        double error = Math.sqrt((n - 2.0) / ((n - 1.0) * (n + 1.0)));
        double serial = 1 - (differences + ends) / (2 * squares);
        return new Estimate(serial + 1.0 / n, error, Double.POSITIVE_INFINITY);
    }

    /**
     * How many more neighbours are of one class than after a shuffle, as a share of those that then are not: 0 after a
     * shuffle, almost 1 where classes are sorted, below 0 where they take turns. The number of runs over all orders has the
     * mean n - Σ nₖ(nₖ - 1)/n and the variance of Mood (The distribution theory of runs, Ann. Math. Stat. 11, 1940); for two
     * classes it is the test of Wald and Wolfowitz.
     *
     * @param counts examples by class, of at least two classes
     * @param equal neighbours of one class
     */
    public static Estimate classes(long[] counts, long equal) {
        double n = 0;
        double squares = 0;
        double cubes = 0;
        for (long count : counts) {
            double size = count;
            n += size;
            squares += size * size;
            cubes += size * size * size;
        }
        double expected = (squares - n) / n;
        double unlike = n - 1 - expected;
        double variance = (squares * (squares + n * (n + 1)) - 2 * n * cubes - n * n * n) / (n * n * (n - 1));
        return new Estimate(
                (equal - expected) / unlike, Math.sqrt(Math.max(0, variance)) / unlike, Double.POSITIVE_INFINITY);
    }
}
