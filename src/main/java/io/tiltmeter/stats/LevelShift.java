package io.tiltmeter.stats;

/**
 * Where the level of a series shifts, if it does: the CUSUM test against a constant level, with the noise measured so that
 * neither the shift itself nor dependence between neighbours passes for it.
 *
 * <p>The statistic is max |S_k − k/n S_n| / (σ √n); under a constant level it has Kolmogorov's distribution. Source:
 * Ploberger and Krämer, The CUSUM test with OLS residuals, Econometrica 60 (1992). σ² is the long-run variance, from
 * medians of differences of means of neighbouring blocks of m values. Source: Wu and Zhao, Inference of trends in time
 * series, J. R. Stat. Soc. B 69 (2007), with their m of order n^(1/3); the largest σ of m = 1, n^(1/3) and n^(1/2) is
 * taken, which errs on the side of silence.
 *
 * @param at index of the first value of the new level
 * @param before mean before it
 * @param after mean from it on
 * @param statistic NaN for fewer than {@value #FEWEST} values
 * @param pValue chance of a statistic at least as large if the level is constant; 1 for fewer values
 */
public record LevelShift(int at, double before, double after, double statistic, double pValue) {
    /** Fewest values for which the limit distribution is taken. */
    public static final int FEWEST = 32;

    private static final int TERMS = 100;

    /** Tests finite values in their order. */
    public static LevelShift of(double[] values) {
        int n = values.length;
        if (n < FEWEST) {
            return new LevelShift(0, Double.NaN, Double.NaN, Double.NaN, 1);
        }
        double total = 0;
        for (double value : values) {
            total += value;
        }
        double mean = total / n;
        double sum = 0;
        double farthest = 0;
        int at = 0;
        double sumAt = 0;
        for (int i = 0; i < n - 1; i++) {
            sum += values[i] - mean;
            if (Math.abs(sum) > farthest) {
                farthest = Math.abs(sum);
                at = i + 1;
                sumAt = sum + (i + 1) * mean;
            }
        }
        double before = at == 0 ? mean : sumAt / at;
        double after = (total - sumAt) / (n - at);
        double sigma = noise(values);
        double statistic = farthest == 0 ? 0 : farthest / (sigma * Math.sqrt(n));
        return new LevelShift(at, before, after, statistic, kolmogorovUpper(statistic));
    }

    private static double noise(double[] values) {
        double largest = 0;
        for (double exponent : new double[] {0, 1.0 / 3, 0.5}) {
            largest = Math.max(largest, longRunDeviation(values, (int) Math.round(Math.pow(values.length, exponent))));
        }
        return largest;
    }

    private static double longRunDeviation(double[] values, int block) {
        int blocks = values.length / block;
        double[] steps = new double[blocks - 1];
        double previous = 0;
        for (int b = 0; b < blocks; b++) {
            double sum = 0;
            for (int i = b * block; i < (b + 1) * block; i++) {
                sum += values[i];
            }
            double mean = sum / block;
            if (b > 0) {
                steps[b - 1] = Math.abs(mean - previous);
            }
            previous = mean;
        }
        return Math.sqrt(block / 2.0) * Robust.MAD_TO_SIGMA * Robust.median(steps);
    }

    /** Chance that the greatest distance of a Brownian bridge from 0 is at least {@code x}. */
    static double kolmogorovUpper(double x) {
        if (x < 0.2) {
            return 1;
        }
        double sum = 0;
        for (int k = 1; k <= TERMS; k++) {
            sum += (k % 2 == 1 ? 2 : -2) * Math.exp(-2.0 * k * k * x * x);
        }
        return Math.max(0, Math.min(1, sum));
    }
}
