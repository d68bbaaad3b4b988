package io.tiltmeter.stats;

/**
 * An effect measured on a sample.
 *
 * @param effect unbiased to first order, so it may fall below zero where there is none
 * @param error its standard error
 * @param freedom degrees of freedom of the error, {@code Double.POSITIVE_INFINITY} where it is known
 * @param family among how many effects it was chosen as the strongest; its p-value is that of all of them (Bonferroni)
 */
public record Estimate(double effect, double error, double freedom, int family) {
    /** z beyond which lie 1 % of a normal distribution, and 20 %. */
    private static final double Z_99 = 2.326;

    private static final double Z_80 = 0.842;

    /** An effect that was not chosen among others. */
    public Estimate(double effect, double error, double freedom) {
        this(effect, error, freedom, 1);
    }

    /** The same, as the strongest of so many. */
    public Estimate strongestOf(int many) {
        return new Estimate(effect, error, freedom, many);
    }

    /**
     * The p-value of the hypothesis that the true effect is at most {@code bound} (a minimum-effect test: with any number of
     * data, an effect below the bound is no finding).
     */
    public double pAbove(double bound) {
        if (error == 0) {
            return effect > bound ? 0 : 1;
        }
        return Math.min(1, family * normalUpper(toZ((effect - bound) / error, freedom)));
    }

    /** The effect is below this with 99 % confidence. */
    public double upper() {
        return effect + Z_99 * error * widening();
    }

    /** Smallest excess over a bound that a test at 1 % finds 4 times of 5. */
    public double detectable() {
        return (Z_99 + Z_80) * error * widening();
    }

    /** How much further out than a normal distribution's the 99 % point lies (Cornish-Fisher, first order). */
    private double widening() {
        return 1 + (Z_99 * Z_99 + 1) / (4 * freedom);
    }

    /** Student's t as a normal deviate of the same tail, within about 0.02 (Wallace, 1959). */
    static double toZ(double t, double freedom) {
        if (Double.isInfinite(freedom)) {
            return t;
        }
        double z = Math.sqrt(freedom * Math.log1p(t * t / freedom)) * (8 * freedom + 1) / (8 * freedom + 3);
        return Math.copySign(z, t);
    }

    /** P(Z > z) of a standard normal Z. */
    static double normalUpper(double z) {
        double half = ChiSquare.upperTail(z * z, 1) / 2;
        return z >= 0 ? half : 1 - half;
    }
}
