package io.tiltmeter.validate.checks;

import io.tiltmeter.validate.Tokens;
import java.util.function.UnaryOperator;

/**
 * How far shares of the tokens scatter over documents, from the differences between their groups.
 *
 * @param variance of the share of each cell
 * @param pooled whether a cell's variance is that of as many independent draws times {@code inflation}: it is taken where the
 *     few groups of the cell itself scatter less
 * @param inflation the mean factor by which documents scatter more than independent draws, at least 1
 */
record DocumentScatter(double[] variance, boolean[] pooled, double inflation) {
    /** Variance of a sum of all groups from the squares of their residuals. */
    private static final double OF_GROUPS = Tokens.GROUPS / (Tokens.GROUPS - 1.0);

    /**
     * Of the cells of a text.
     *
     * @param cells what is counted, from the counts of each cell; as many cells
     * @param total what is counted in all groups
     * @param n number of all tokens
     */
    static DocumentScatter of(Tokens tokens, UnaryOperator<double[]> cells, double[] total, double n) {
        double[] variance = new double[total.length];
        for (int g = 0; g < Tokens.GROUPS; g++) {
            double[] counts = tokens.group(g);
            double size = sum(counts);
            double[] group = cells.apply(counts);
            for (int cell = 0; cell < total.length; cell++) {
                double residual = group[cell] - total[cell] / n * size;
                variance[cell] += residual * residual;
            }
        }
        double clustered = 0;
        double independent = 0;
        for (int cell = 0; cell < total.length; cell++) {
            variance[cell] *= OF_GROUPS / n / n;
            clustered += variance[cell];
            independent += draws(total[cell], n);
        }
        double inflation = Math.max(1, clustered / independent);
        boolean[] pooled = new boolean[total.length];
        for (int cell = 0; cell < total.length; cell++) {
            double least = inflation * draws(total[cell], n);
            pooled[cell] = variance[cell] <= least;
            variance[cell] = Math.max(variance[cell], least);
        }
        return new DocumentScatter(variance, pooled, inflation);
    }

    /** The mean factor by which the counts of cells scatter more over documents than independent draws. */
    static double inflation(Tokens tokens, double n) {
        return of(tokens, UnaryOperator.identity(), tokens.total(), n).inflation;
    }

    /**
     * The mean of a score that each token has by its cell, over some of the groups.
     *
     * @param value the mean
     * @param draws its variance if tokens were independent
     * @param factor by which groups scatter more than that, an estimate with a freedom of one less than their number
     */
    record MeanScore(double value, double draws, double factor) {
        static MeanScore of(double[][] groups, double[] score) {
            double n = 0;
            double sum = 0;
            double squares = 0;
            for (double[] counts : groups) {
                for (int cell = 0; cell < score.length; cell++) {
                    n += counts[cell];
                    sum += counts[cell] * score[cell];
                    squares += counts[cell] * score[cell] * score[cell];
                }
            }
            double mean = sum / n;
            double draws = Math.max(0, squares / n - mean * mean) / n;
            double between = 0;
            for (double[] counts : groups) {
                double residual = 0;
                for (int cell = 0; cell < score.length; cell++) {
                    residual += counts[cell] * (score[cell] - mean);
                }
                between += residual * residual;
            }
            between *= groups.length / (groups.length - 1.0) / n / n;
            // Where all tokens have one score nothing scatters.
            return new MeanScore(mean, draws, draws > 0 ? between / draws : 1);
        }
    }

    /** Variance of a share of independent draws, with one draw more for cells that are empty by chance. */
    private static double draws(double count, double n) {
        double p = Math.min(1, (count + 1) / (n + 1));
        return p * (1 - p) / n + 1 / n / n;
    }

    static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }
}
