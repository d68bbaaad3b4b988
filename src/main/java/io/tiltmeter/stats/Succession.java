package io.tiltmeter.stats;

/**
 * Whether values that follow each other are more alike than after a shuffle. The null is that of permutations of the very
 * values: nothing is assumed of their distribution but that a few of them do not make up all of its spread.
 */
public final class Succession {
    private Succession() {}

    /**
     * The correlation of neighbours: 1 - D / 2S with D the sum of squared differences of neighbours and S the sum of squared
     * deviations, von Neumann's ratio turned so that it is 0 on average over all orders, and 1 where neighbours are equal.
     * Its variance over all orders is (n - 2) / ((n - 1)(n + 1)) for values of a normal distribution, and for others too but
     * for terms of order 1/n². Source: von Neumann, Distribution of the ratio of the mean square successive difference to
     * the variance, Ann. Math. Stat. 12 (1941).
     *
     * @param differences D, over all n - 1 pairs of neighbours
     * @param squares S, greater than 0
     * @param n how many values, at least 3
     */
    public static Estimate correlation(double differences, double squares, long n) {
        double error = Math.sqrt((n - 2.0) / ((n - 1.0) * (n + 1.0)));
        return new Estimate(1 - differences / (2 * squares), error, Double.POSITIVE_INFINITY);
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
