package io.tiltmeter.stats;

/**
 * How much rows and columns of a table of counts tell of each other, in nats: the statistic of the G-test divided by 2n, so
 * that it does not grow with the number of data. Where there is nothing to tell, 2n times the plug-in value is χ² with
 * (rows - 1)(columns - 1) degrees of freedom; its mean is taken off.
 */
public final class MutualInformation {
    private MutualInformation() {}

    /**
     * The estimate, its variance by the delta method with the term of second order. Cells must be able to hold five or so.
     *
     * @param counts rows of equal length
     */
    public static Estimate of(double[][] counts) {
        int columns = counts.length == 0 ? 0 : counts[0].length;
        double[] byRow = new double[counts.length];
        double[] byColumn = new double[columns];
        double n = 0;
        for (int r = 0; r < counts.length; r++) {
            for (int c = 0; c < columns; c++) {
                byRow[r] += counts[r][c];
                byColumn[c] += counts[r][c];
                n += counts[r][c];
            }
        }
        int degrees = Math.max(0, filled(byRow) - 1) * Math.max(0, filled(byColumn) - 1);
        if (degrees == 0) {
            return new Estimate(0, n > 0 ? 1 / Math.sqrt(n) : Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
        }
        double mean = 0;
        double square = 0;
        for (int r = 0; r < counts.length; r++) {
            for (int c = 0; c < columns; c++) {
                if (counts[r][c] > 0) {
                    double part = Math.log(counts[r][c] * n / (byRow[r] * byColumn[c]));
                    mean += counts[r][c] / n * part;
                    square += counts[r][c] / n * part * part;
                }
            }
        }
        // Of the squares, so much is noise even where there is nothing to tell.
        double first = Math.max(0, square - mean * mean - degrees / n) / n;
        double second = degrees / (2 * n * n);
        // χ² has a long tail, as Student's of as many degrees; the more the first term outweighs it, the more normal it
        // is.
        double normality = (first + second) / second;
        return new Estimate(mean - degrees / (2 * n), Math.sqrt(first + second), degrees * normality * normality);
    }

    private static int filled(double[] sums) {
        int filled = 0;
        for (double sum : sums) {
            filled += sum > 0 ? 1 : 0;
        }
        return filled;
    }
}
