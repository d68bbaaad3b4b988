package io.tiltmeter.correlate;

import io.tiltmeter.stats.Tails;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Holds the rate of false discoveries over all axes at 5 %.
 *
 * <p>The families of axes that have anything to test share the 5 % equally; within a family p-values are adjusted by
 * Benjamini and Hochberg (1995). Tests of counts that could not become significant whatever happened, because too few runs
 * are exposed or affected, do not count among the tests (Tarone, 1990; for false discovery rates Gilbert, 2005). In a
 * fleet without any common cause the chance of any pattern is so at most 5 %.
 */
final class FalseDiscoveries {
    /** Largest rate of false discoveries. */
    static final double RATE = 0.05;

    private FalseDiscoveries() {}

    /** Whether a test can be significant at all, when it is the only one. */
    static boolean canTell(double leastP) {
        return leastP <= RATE;
    }

    /**
     * Adjusts the p-values of one family.
     *
     * @param p the p-values
     * @param least for each the smallest that its test can give
     * @param families how many families share the rate
     * @return q-values, to be compared with {@link #RATE}
     */
    static double[] adjust(double[] p, double[] least, int families) {
        double[] sorted = least.clone();
        Arrays.sort(sorted);
        int tests = 1;
        while (tests < sorted.length && countUpTo(sorted, RATE / families / tests) > tests) {
            tests++;
        }
        double limit = RATE / families / tests;
        int[] asked =
                IntStream.range(0, p.length).filter(i -> least[i] <= limit).toArray();
        double[] q = Tails.benjaminiHochberg(
                Arrays.stream(asked).mapToDouble(i -> p[i]).toArray(), tests);
        double[] adjusted = new double[p.length];
        Arrays.fill(adjusted, 1);
        for (int i = 0; i < asked.length; i++) {
            adjusted[asked[i]] = Math.min(1, families * q[i]);
        }
        return adjusted;
    }

    /**
     * Adjusts the p-values of a family that looked at so many places, of which only those worth it have one.
     *
     * @param families how many families share the rate
     */
    static double[] adjust(double[] p, long looked, int families) {
        double[] q = Tails.benjaminiHochberg(p, looked);
        return Arrays.stream(q).map(value -> Math.min(1, families * value)).toArray();
    }

    private static int countUpTo(double[] sorted, double limit) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] <= limit) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
