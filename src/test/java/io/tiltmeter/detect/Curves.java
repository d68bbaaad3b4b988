package io.tiltmeter.detect;

import java.util.Random;

/** Synthetic training curves with known truth; all randomness from a named seed. */
final class Curves {
    private Curves() {}

    /**
     * A sound loss: power law from 10 towards 2.5, proportional noise that is partly autocorrelated (AR 0.3) and has
     * Student-t tails of 5 degrees of freedom.
     */
    static double[] sound(int n, double noise, long seed) {
        Random random = new Random(seed);
        double[] loss = new double[n];
        double ar = 0;
        for (int i = 0; i < n; i++) {
            ar = 0.3 * ar + noise * student5(random);
            loss[i] = (2.5 + 7.5 * Math.pow(1 + i / 20.0, -0.6)) * Math.exp(ar);
        }
        return loss;
    }

    /** Log-normal values around a level. */
    static double[] steady(int n, double level, double noise, long seed) {
        Random random = new Random(seed);
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = level * Math.exp(noise * random.nextGaussian());
        }
        return values;
    }

    /** Student's t of 5 degrees of freedom, scaled to a variance of 1. */
    static double student5(Random random) {
        return student(5, random);
    }

    private static double student(int freedom, Random random) {
        double chi = 0;
        for (int i = 0; i < freedom; i++) {
            double g = random.nextGaussian();
            chi += g * g;
        }
        return random.nextGaussian() / Math.sqrt(chi / freedom) / Math.sqrt(freedom / (freedom - 2.0));
    }
}
