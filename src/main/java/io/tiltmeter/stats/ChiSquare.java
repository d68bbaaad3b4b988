package io.tiltmeter.stats;

/**
 * Pearson's test of whether rows of a table of counts have the same distribution over its columns, with the size of the
 * effect. Empty rows and columns count for nothing.
 *
 * @param statistic Pearson's χ²
 * @param degrees degrees of freedom; 0 where fewer than two rows or columns hold anything
 * @param pValue chance of a statistic at least as large when all rows have one distribution; 1 at 0 degrees
 * @param cramersV √(χ² / (n·min(rows − 1, columns − 1))), from 0 (same) to 1 (each column decides the row)
 * @param correctedV Cramér's V without its bias in small tables. Source: Bergsma, A bias-correction for Cramér's V and
 *     Tschuprow's T, J. Korean Stat. Soc. 42 (2013)
 */
public record ChiSquare(double statistic, int degrees, double pValue, double cramersV, double correctedV) {
    private static final int MOST_TERMS = 10_000;
    private static final double PRECISION = 1e-15;

    /**
     * Tests a table of counts.
     *
     * @param counts rows of equal length, none negative
     */
    public static ChiSquare of(long[][] counts) {
        int columns = counts.length == 0 ? 0 : counts[0].length;
        double[] byRow = new double[counts.length];
        double[] byColumn = new double[columns];
        double n = 0;
        for (int r = 0; r < counts.length; r++) {
            if (counts[r].length != columns) {
                throw new IllegalArgumentException(
                        "Row " + r + " has " + counts[r].length + " columns, expected " + columns);
            }
            for (int c = 0; c < columns; c++) {
                byRow[r] += counts[r][c];
                byColumn[c] += counts[r][c];
                n += counts[r][c];
            }
        }
        int rows = filled(byRow);
        int kinds = filled(byColumn);
        if (rows < 2 || kinds < 2) {
            return new ChiSquare(0, 0, 1, 0, 0);
        }
        double statistic = 0;
        for (int r = 0; r < counts.length; r++) {
            for (int c = 0; c < columns; c++) {
                double expected = byRow[r] * byColumn[c] / n;
                if (expected > 0) {
                    statistic += (counts[r][c] - expected) * (counts[r][c] - expected) / expected;
                }
            }
        }
        int degrees = (rows - 1) * (kinds - 1);
        double v = Math.sqrt(statistic / (n * Math.min(rows - 1, kinds - 1)));
        return new ChiSquare(
                statistic, degrees, upperTail(statistic, degrees), v, corrected(statistic, n, rows, kinds));
    }

    private static double corrected(double statistic, double n, int rows, int columns) {
        if (n < 2) {
            return 0;
        }
        double phi = Math.max(0, statistic / n - (rows - 1.0) * (columns - 1.0) / (n - 1));
        double r = rows - (rows - 1.0) * (rows - 1.0) / (n - 1);
        double c = columns - (columns - 1.0) * (columns - 1.0) / (n - 1);
        double most = Math.min(r - 1, c - 1);
        return most <= 0 ? 0 : Math.min(1, Math.sqrt(phi / most));
    }

    private static int filled(double[] sums) {
        int filled = 0;
        for (double sum : sums) {
            filled += sum > 0 ? 1 : 0;
        }
        return filled;
    }

    /** Chance that a χ² variable of so many degrees of freedom, at least 1, is at least {@code x}. */
    public static double upperTail(double x, int degrees) {
        if (degrees < 1) {
            throw new IllegalArgumentException("Degrees of freedom are " + degrees + ", expected at least 1");
        }
        return x <= 0 ? 1 : upperGamma(degrees / 2.0, x / 2);
    }

    /** Regularised upper incomplete gamma function: by its series below a + 1, by Lentz's continued fraction above. */
    private static double upperGamma(double a, double x) {
        double front = Math.exp(a * Math.log(x) - x - Tails.logGamma(a));
        if (x < a + 1) {
            double term = 1 / a;
            double sum = term;
            for (int k = 1; k < MOST_TERMS && term > sum * PRECISION; k++) {
                term *= x / (a + k);
                sum += term;
            }
            return Math.max(0, 1 - front * sum);
        }
        double tiny = 1e-300;
        double b = x + 1 - a;
        double c = 1 / tiny;
        double d = 1 / b;
        double h = d;
        for (int k = 1; k < MOST_TERMS; k++) {
            double an = -k * (k - a);
            b += 2;
            d = an * d + b;
            d = 1 / (Math.abs(d) < tiny ? tiny : d);
            c = b + an / c;
            c = Math.abs(c) < tiny ? tiny : c;
            h *= d * c;
            if (Math.abs(d * c - 1) < PRECISION) {
                break;
            }
        }
        return Math.min(1, front * h);
    }
}
