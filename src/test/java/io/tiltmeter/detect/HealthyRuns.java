package io.tiltmeter.detect;

import io.tiltmeter.model.Metric;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.LongFunction;

/**
 * Sound training runs of many kinds, made from a seed. They do what sound runs do: single bad batches within their noise,
 * evaluations, checkpoints, a loss scale that probes its limit, warm-ups that go up before they go down.
 */
final class HealthyRuns {
    /** Makers of runs by kind, each from a seed. */
    static final Map<String, LongFunction<Points>> KINDS = kinds();

    private HealthyRuns() {}

    private static Map<String, LongFunction<Points>> kinds() {
        Map<String, LongFunction<Points>> kinds = new LinkedHashMap<>();
        kinds.put("every metric", HealthyRuns::everyMetric);
        kinds.put("heavy tails", HealthyRuns::heavyTails);
        kinds.put("single sequences", seed -> loss(4000, 0.3, seed));
        kinds.put("means of ten steps", HealthyRuns::meansOfTen);
        kinds.put("excerpt", HealthyRuns::excerpt);
        kinds.put("thirty points", seed -> loss(30, 0.03, seed));
        kinds.put("held-out loss only", HealthyRuns::heldOutOnly);
        kinds.put("warm-up above the start", HealthyRuns::warmUp);
        kinds.put("grouped batches", HealthyRuns::grouped);
        kinds.put("restarts", HealthyRuns::restarts);
        kinds.put("fine-tuning", HealthyRuns::fineTuning);
        kinds.put("decaying noise", HealthyRuns::decayingNoise);
        return kinds;
    }

    private static Points loss(int n, double noise, long seed) {
        return Points.series(Metric.LOSS, 0, 1, Curves.sound(n, noise, seed));
    }

    private static Points everyMetric(long seed) {
        int n = 3000;
        Random random = new Random(seed);
        double[] loss = Curves.sound(n, 0.02, seed);
        Points points = Points.of();
        double scale = 65536;
        int sinceChange = 0;
        int halvings = 0;
        for (int i = 0; i < n; i++) {
            Points.Point point = points.at(i);
            // The first guess is too high by 8 halvings. Later the scale is doubled every 500 steps, which is too much
            // every other time: it is halved once or, with hysteresis, twice; such a step is skipped.
            boolean overflow = i < 8 || halvings > 0;
            scale = overflow ? scale / 2 : sinceChange == 500 ? scale * 2 : scale;
            halvings = sinceChange == 500 && random.nextBoolean() ? 1 + random.nextInt(2) : Math.max(0, halvings - 1);
            sinceChange = overflow || sinceChange == 500 ? 0 : sinceChange + 1;
            point.set(Metric.LOSS, loss[i])
                    .set(Metric.LOSS_SCALE, scale)
                    .set(Metric.SKIPPED, overflow ? 1 : 0)
                    .set(
                            Metric.GRAD_NORM,
                            overflow
                                    ? Double.POSITIVE_INFINITY
                                    : (0.3 + 3 * Math.exp(-i / 100.0)) * Math.exp(0.15 * random.nextGaussian()))
                    .set(Metric.LEARNING_RATE, 1e-3 * Math.min(1, i / 200.0));
            boolean checkpoint = i > 0 && i % 500 == 0;
            double seconds = 0.2 * Math.exp(0.05 * random.nextGaussian());
            point.set(Metric.STEP_SECONDS, i == 0 ? 20 : checkpoint ? 1.5 : seconds);
            if (i % 250 == 249) {
                point.set(Metric.EVAL_LOSS, loss[i] * 1.02).set(Metric.STEP_SECONDS, 4);
            }
        }
        return points;
    }

    private static Points heavyTails(long seed) {
        int n = 4000;
        Random random = new Random(seed);
        Points points = Points.of();
        for (int i = 0; i < n; i++) {
            double norm = 0.5 * Math.exp(0.3 * random.nextGaussian());
            points.at(i)
                    .set(
                            Metric.LOSS,
                            (2.5 + 7.5 * Math.pow(1 + i / 20.0, -0.6)) * Math.exp(0.03 * Curves.student5(random)))
                    .set(Metric.GRAD_NORM, random.nextInt(200) == 0 ? 4 * norm : norm)
                    .set(Metric.STEP_SECONDS, 0.5 * Math.exp(0.08 * Math.abs(Curves.student5(random))));
        }
        return points;
    }

    private static Points meansOfTen(long seed) {
        double[] loss = Curves.sound(400, 0.01, seed);
        Points points = Points.of();
        for (int i = 0; i < loss.length; i++) {
            points.at(10L * (i + 1)).span(10).set(Metric.LOSS, loss[i]);
        }
        return points;
    }

    private static Points excerpt(long seed) {
        double[] loss = Curves.steady(500, 2.2, 0.015, seed);
        return Points.series(Metric.LOSS, 50_000, 1, loss);
    }

    private static Points heldOutOnly(long seed) {
        double[] loss = Curves.sound(40, 0.004, seed);
        return Points.series(Metric.EVAL_LOSS, 125, 125, loss);
    }

    private static Points warmUp(long seed) {
        double[] fall = Curves.sound(600, 0.02, seed);
        double[] loss = new double[600];
        for (int i = 0; i < loss.length; i++) {
            // The first 15 steps at a growing learning rate go up by a fifth before they come down.
            double above = i < 15 ? 0.2 * i / 15 : Math.max(0, 0.2 - 0.013 * (i - 15));
            loss[i] = (i < 15 ? 10.0 : fall[i - 15]) * (1 + above);
        }
        return Points.series(Metric.LOSS, 0, 1, loss);
    }

    private static Points grouped(long seed) {
        double[] loss = Curves.steady(1000, 1, 0.03, seed);
        for (int i = 0; i < loss.length; i++) {
            loss[i] *= (0.7 + 0.3 * (i % 50) / 50.0) * Math.pow(1 + i / 20.0, -0.15);
        }
        return Points.series(Metric.LOSS, 0, 1, loss);
    }

    private static Points restarts(long seed) {
        double[] loss = Curves.sound(1500, 0.02, seed);
        double[] again = Curves.sound(1500, 0.02, seed + 1000);
        Points points = Points.of();
        for (int i = 0; i < 700; i++) {
            points.at(i).set(Metric.LOSS, loss[i]);
        }
        points.attempt(1);
        for (int i = 650; i < 1200; i++) {
            points.at(i).set(Metric.LOSS, again[i]);
        }
        points.attempt(2);
        for (int i = 1180; i < 1500; i++) {
            points.at(i).set(Metric.LOSS, loss[i]);
        }
        return points;
    }

    private static Points fineTuning(long seed) {
        Random random = new Random(seed);
        double[] loss = new double[800];
        for (int i = 0; i < loss.length; i++) {
            loss[i] = (1.0 + 0.3 * Math.exp(-i / 100.0)) * Math.exp(0.12 * random.nextGaussian());
        }
        return Points.series(Metric.LOSS, 0, 1, loss);
    }

    private static Points decayingNoise(long seed) {
        Random random = new Random(seed);
        double[] loss = new double[2000];
        for (int i = 0; i < loss.length; i++) {
            double noise = 0.01 + 0.09 * Math.exp(-i / 300.0);
            loss[i] = (2.5 + 7.5 * Math.pow(1 + i / 20.0, -0.6)) * Math.exp(noise * random.nextGaussian());
        }
        return Points.series(Metric.LOSS, 0, 1, loss);
    }
}
