package io.tiltmeter.stats;

import java.util.Arrays;

/** Order statistics and robust estimates of location and scale. Non-finite input is the caller's to remove. */
public final class Robust {
    /**
     * Factor that makes the median absolute deviation estimate a Gaussian's standard deviation: 1 / Φ⁻¹(3/4). Source:
     * Rousseeuw and Croux, Alternatives to the Median Absolute Deviation, JASA 88 (1993).
     */
    public static final double MAD_TO_SIGMA = 1.4826022185056018;

    /** Factors for 2 to 9 values by which {@link #MAD_TO_SIGMA} falls short. */
    private static final double[] MAD_CORRECTIONS = {1.196, 1.495, 1.363, 1.206, 1.200, 1.140, 1.129, 1.107};

    private Robust() {}

    /**
     * Factor by which the median absolute deviation of few values, scaled by {@link #MAD_TO_SIGMA}, is to be multiplied to be
     * right on average for Gaussian ones. Source: Croux and Rousseeuw, Time-Efficient Algorithms for Two Highly Robust
     * Estimators of Scale (1992).
     *
     * @param n number of values
     */
    public static double madCorrection(int n) {
        if (n < 2) {
            return 1;
        }
        return n < 2 + MAD_CORRECTIONS.length ? MAD_CORRECTIONS[n - 2] : n / (n - 0.8);
    }

    /** Median of the values; NaN without any. The mean of the middle two for an even number. */
    public static double median(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return medianOfSorted(sorted, sorted.length);
    }

    /** Median of the first {@code n} values of an ascending array; NaN if {@code n} is 0. */
    public static double medianOfSorted(double[] sorted, int n) {
        if (n == 0) {
            return Double.NaN;
        }
        return (n & 1) == 1 ? sorted[n / 2] : sorted[n / 2 - 1] + (sorted[n / 2] - sorted[n / 2 - 1]) / 2;
    }

    /** Unscaled median absolute deviation from the median; NaN without values. */
    public static double mad(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return madOfSorted(sorted, sorted.length, medianOfSorted(sorted, sorted.length));
    }

    /**
     * Unscaled median absolute deviation of the first {@code n} values of an ascending array. Deviations grow away from
     * the centre on both sides, so the middle one is found by bisection: how many of the smallest half lie on the left.
     */
    public static double madOfSorted(double[] sorted, int n, double centre) {
        if (n == 0) {
            return Double.NaN;
        }
        int right = 0;
        int high = n;
        while (right < high) {
            int middle = (right + high) >>> 1;
            if (sorted[middle] < centre) {
                right = middle + 1;
            } else {
                high = middle;
            }
        }
        // Of the n / 2 smallest deviations, i are those of sorted[right - 1], sorted[right - 2], …, the others on the
        // right.
        int below = n / 2;
        int low = Math.max(0, below - (n - right));
        int most = Math.min(below, right);
        while (low < most) {
            int i = (low + most) >>> 1;
            if (centre - sorted[right - 1 - i] < sorted[right + below - i - 1] - centre) {
                low = i + 1;
            } else {
                most = i;
            }
        }
        int j = below - low;
        double current = Math.min(
                low < right ? centre - sorted[right - 1 - low] : Double.POSITIVE_INFINITY,
                right + j < n ? sorted[right + j] - centre : Double.POSITIVE_INFINITY);
        if ((n & 1) == 1) {
            return current;
        }
        double previous =
                Math.max(low > 0 ? centre - sorted[right - low] : 0, j > 0 ? sorted[right + j - 1] - centre : 0);
        return previous + (current - previous) / 2;
    }

    /** Middle and half-length of an interval. */
    public record Interval(double middle, double halfLength) {}

    /**
     * The shortest interval that holds half of the values: of n values the shortest one with ⌊n/2⌋ + 1. Its middle and
     * half-length / Φ⁻¹(3/4) are a location and a scale which bad values do not move while they are fewer than half, even
     * when all lie on one side. Source: Rousseeuw and Leroy, A robust scale estimator based on the shortest half (1988).
     *
     * @param n number of values, at least 1
     */
    public static Interval shortestHalf(double[] sorted, int n) {
        int half = n / 2 + 1;
        int best = 0;
        for (int i = 1; i + half <= n; i++) {
            if (sorted[i + half - 1] - sorted[i] < sorted[best + half - 1] - sorted[best]) {
                best = i;
            }
        }
        double length = sorted[best + half - 1] - sorted[best];
        return new Interval(sorted[best] + length / 2, length / 2);
    }

    /**
     * Quantile of an ascending array by linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996,
     * the default of R and NumPy); NaN without values.
     *
     * @param q from 0 to 1
     */
    public static double quantileOfSorted(double[] sorted, int n, double q) {
        if (n == 0) {
            return Double.NaN;
        }
        double position = q * (n - 1);
        int below = (int) Math.floor(position);
        int above = Math.min(below + 1, n - 1);
        return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    }
}
