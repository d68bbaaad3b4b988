package io.tiltmeter.detect;

import java.util.Random;

/**
 * Noise of sound workers: each has its own place, and about it deviations that remember the step before (autoregressive of
 * first order) and have heavy tails.
 */
final class WorkerNoise {
    private final double[][] deviation;

    /**
     * Draws it.
     *
     * @param scale standard deviation of a step
     * @param memory correlation from one step to the next
     * @param freedom degrees of freedom of Student's t; 0 for Gaussian noise
     * @param places standard deviation of the workers' places
     */
    WorkerNoise(int steps, int workers, double scale, double memory, int freedom, double places, long seed) {
        deviation = new double[steps][workers];
        Random random = new Random(seed);
        double innovation = Math.sqrt(1 - memory * memory);
        for (int w = 0; w < workers; w++) {
            double place = places * random.nextGaussian();
            double noise = draw(random, freedom);
            for (int s = 0; s < steps; s++) {
                noise = memory * noise + innovation * draw(random, freedom);
                deviation[s][w] = place + scale * noise;
            }
        }
    }

    private static double draw(Random random, int freedom) {
        double normal = random.nextGaussian();
        if (freedom == 0) {
            return normal;
        }
        double squares = 0;
        for (int i = 0; i < freedom; i++) {
            double one = random.nextGaussian();
            squares += one * one;
        }
        // Scaled to a variance of one.
        return normal / Math.sqrt(squares / freedom) * Math.sqrt((freedom - 2) / (double) freedom);
    }

    double at(int step, int worker) {
        return deviation[step][worker];
    }
}
