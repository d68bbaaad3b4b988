package io.tiltmeter.stats;

/** Student's t distribution. */
public final class StudentT {
    private static final int MOST_TERMS = 1_000;
    private static final double PRECISION = 1e-15;
    private static final double TINY = 1e-300;

    private StudentT() {}

    /**
     * Chance that a t variable lies at least as far from 0 as {@code t} on either side: the regularised incomplete beta
     * function I(df / (df + t²); df / 2, 1 / 2).
     *
     * @param df degrees of freedom, above 0
     */
    public static double twoSided(double t, double df) {
        if (!(df > 0)) {
            throw new IllegalArgumentException("Degrees of freedom are " + df + ", expected more than 0");
        }
        if (Double.isNaN(t)) {
            return Double.NaN;
        }
        return Double.isInfinite(t) ? 0 : incompleteBeta(df / (df + t * t), df / 2, 0.5);
    }

    /** The t that lies so far out that {@link #twoSided} is {@code p}, by bisection; {@code p} above 0 and below 1. */
    public static double quantile(double p, double df) {
        double high = 1;
        while (twoSided(high, df) > p) {
            high *= 2;
        }
        double low = 0;
        for (int i = 0; i < 200 && high - low > high * 1e-14; i++) {
            double middle = low + (high - low) / 2;
            if (twoSided(middle, df) > p) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }

    private static double incompleteBeta(double x, double a, double b) {
        if (x <= 0 || x >= 1) {
            return x <= 0 ? 0 : 1;
        }
        double front = Math.exp(
                Tails.logGamma(a + b) - Tails.logGamma(a) - Tails.logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
        return x < (a + 1) / (a + b + 2) ? front * fraction(x, a, b) / a : 1 - front * fraction(1 - x, b, a) / b;
    }

    /** Continued fraction of the incomplete beta function by Lentz's method. Source: Abramowitz and Stegun, 26.5.8. */
    private static double fraction(double x, double a, double b) {
        double c = 1;
        double d = 1 / notZero(1 - (a + b) * x / (a + 1));
        double h = d;
        for (int m = 1; m < MOST_TERMS; m++) {
            double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / notZero(1 + even * d);
            c = notZero(1 + even / c);
            h *= d * c;
            double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / notZero(1 + odd * d);
            c = notZero(1 + odd / c);
            h *= d * c;
            if (Math.abs(d * c - 1) < PRECISION) {
                break;
            }
        }
        return h;
    }

    private static double notZero(double value) {
        return Math.abs(value) < TINY ? TINY : value;
    }
}
