package io.tiltmeter.stats;

/**
 * A share of counted things with its uncertainty.
 *
 * @param hits those that have it
 * @param of all of them
 */
public record Proportion(int hits, int of) {
    /** 97.5 % quantile of the standard normal distribution. */
    private static final double Z = 1.959963984540054;

    public Proportion {
        if (hits < 0 || hits > of) {
            throw new IllegalArgumentException("There is no share of " + hits + " in " + of);
        }
    }

    /** The share itself, NaN of nothing. */
    public double share() {
        return hits / (double) of;
    }

    /** Lower end of its 95 % interval. Source: Wilson, JASA 22 (1927). */
    public double low() {
        return hits == 0 ? 0 : Math.max(0, centre() - half());
    }

    /** Upper end of its 95 % interval. */
    public double high() {
        return hits == of ? 1 : Math.min(1, centre() + half());
    }

    private double centre() {
        return of == 0 ? 0.5 : (hits + Z * Z / 2) / (of + Z * Z);
    }

    private double half() {
        return of == 0 ? 0.5 : Z / (of + Z * Z) * Math.sqrt(hits * (double) (of - hits) / of + Z * Z / 4);
    }
}
