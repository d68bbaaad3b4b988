package io.tiltmeter.stats;

import java.util.Arrays;
import java.util.List;

/**
 * Exact conditional test of association in 2×2 tables over strata: given all margins, the number of exposed cases of a
 * stratum is hypergeometric, and their sum over strata is the convolution. Of one stratum it is Fisher's exact test.
 * Strata in which all or none are exposed, or cases, say nothing and change nothing. Source: Gart, Point and interval
 * estimation of the common odds ratio in the combination of 2×2 tables, Biometrika 57 (1970).
 */
public final class ExactTest {
    private ExactTest() {}

    /**
     * One stratum.
     *
     * @param of all of it
     * @param cases those with the outcome
     * @param exposed those with the exposure
     * @param both those with both
     */
    public record Table(int of, int cases, int exposed, int both) {
        public Table {
            if (both < Math.max(0, cases + exposed - of)
                    || both > Math.min(cases, exposed)
                    || Math.max(cases, exposed) > of) {
                throw new IllegalArgumentException("There is no table of " + of + " with " + cases + " cases, "
                        + exposed + " exposed and " + both + " of both");
            }
        }

        double expected() {
            return of == 0 ? 0 : cases * (double) exposed / of;
        }

        private int least() {
            return Math.max(0, cases + exposed - of);
        }

        /** Probabilities of the exposed cases, from the least possible number up. */
        private double[] distribution() {
            double[] p = Hypergeometric.probabilities(of, cases, exposed);
            return Arrays.copyOfRange(p, least(), p.length);
        }
    }

    /** Probability of at least as many exposed cases, all strata together, if exposure made no difference. */
    public static double upper(List<Table> strata) {
        double[] sum = {1};
        int least = 0;
        int seen = 0;
        for (Table table : strata) {
            seen += table.both();
            least += table.least();
            double[] own = table.distribution();
            if (own.length > 1) {
                sum = convolve(sum, own);
            }
        }
        double tail = 0;
        for (int i = sum.length - 1; i >= Math.max(0, seen - least); i--) {
            tail += sum[i];
        }
        return Math.min(1, tail);
    }

    /** Exposed cases to expect, all strata together, if exposure made no difference. */
    public static double expected(List<Table> strata) {
        return strata.stream().mapToDouble(Table::expected).sum();
    }

    private static double[] convolve(double[] a, double[] b) {
        double[] sum = new double[a.length + b.length - 1];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < b.length; j++) {
                sum[i + j] += a[i] * b[j];
            }
        }
        return sum;
    }
}
