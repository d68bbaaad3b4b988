package io.tiltmeter.detect;

import io.tiltmeter.model.GateStatus;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunRecord;
import java.util.LinkedHashMap;
import java.util.Map;

/** Runs with one fault each, named after the detector that must find it. */
final class FaultyRuns {
    private FaultyRuns() {}

    /** A run and what is known of it beside its points. */
    record Faulty(RunRecord run, Points points) {}

    /** One or more faulty runs by the id of the detector that finds them, with a word on each. */
    static Map<String, Faulty> all() {
        Map<String, Faulty> faults = new LinkedHashMap<>();
        put(faults, "loss-spike/one step", scaledLoss(900, 901, 2));
        put(faults, "loss-spike/stays", scaledLoss(900, 940, 2));
        put(faults, "divergence/stays", scaledLoss(800, 1200, 3));
        put(faults, "divergence/nan", endsNonFinite(Double.NaN));
        put(faults, "divergence/infinity", endsNonFinite(Double.POSITIVE_INFINITY));
        put(faults, "divergence/above the start", aboveStart());
        put(faults, "non-finite/loss", endsNonFinite(Double.NaN));
        put(faults, "non-finite/inputs", badInputs());
        put(faults, "grad-explosion/climb", climb());
        put(faults, "loss-scale-collapse/collapse", collapse());
        put(faults, "step-stall/stalls", stalls());
        put(faults, "no-learning/flat", Points.series(Metric.LOSS, 0, 1, Curves.steady(800, 10.8, 0.002, 4)));
        put(faults, "restart/one", restarted(380));
        put(faults, "restart/costly", restarted(150));
        put(faults, "replay-mismatch/other state", resumed(0.01, 0));
        put(faults, "resume-damage/lasts", resumed(0.5, 0));
        put(faults, "data-cursor/skips", resumed(0, 32 * 500));
        put(faults, "conflicting-rows/two writers", twoWriters());
        faults.put(
                "aborted-run/plan",
                new Faulty(
                        Points.RUN.withPlannedSteps(5000L),
                        Points.series(Metric.LOSS, 0, 1, Curves.sound(1200, 0.02, 5))));
        faults.put(
                "aborted-run/failed",
                new Faulty(
                        Points.RUN.withStatus("failed"),
                        Points.series(Metric.LOSS, 0, 1, Curves.sound(1200, 0.02, 6))));
        faults.put(
                "aborted-run/failed at its plan",
                new Faulty(
                        Points.RUN.withPlannedSteps(1200L).withStatus("failed"),
                        Points.series(Metric.LOSS, 0, 1, Curves.sound(1200, 0.02, 6))));
        faults.put("empty-run/empty", new Faulty(Points.RUN.withStatus("empty"), Points.of()));
        faults.put("empty-run/unknown", new Faulty(Points.RUN, Points.of()));
        faults.put(
                "refused-data/failed",
                new Faulty(
                        Points.RUN.withVerdict("5f2c", GateStatus.FAILED),
                        Points.series(Metric.LOSS, 0, 1, Curves.sound(100, 0.02, 6))));
        faults.put(
                "refused-data/changed",
                new Faulty(
                        Points.RUN.withVerdict("5f2c", GateStatus.CHANGED),
                        Points.series(Metric.LOSS, 0, 1, Curves.sound(100, 0.02, 6))));
        return faults;
    }

    /** A new copy of the faulty run of this name. */
    static Faulty named(String name) {
        Faulty faulty = all().get(name);
        if (faulty == null) {
            throw new IllegalArgumentException("No faulty run '" + name + "'");
        }
        return faulty;
    }

    private static void put(Map<String, Faulty> faults, String name, Points points) {
        faults.put(name, new Faulty(Points.RUN, points));
    }

    private static Points scaledLoss(int from, int to, double factor) {
        double[] loss = Curves.sound(1200, 0.02, 1);
        for (int i = from; i < to; i++) {
            loss[i] *= factor;
        }
        return Points.series(Metric.LOSS, 0, 1, loss);
    }

    private static Points endsNonFinite(double value) {
        double[] loss = Curves.sound(300, 0.02, 2);
        for (int i = 250; i < 300; i++) {
            loss[i] = value;
        }
        return Points.series(Metric.LOSS, 0, 1, loss);
    }

    private static Points aboveStart() {
        double[] loss = new double[60];
        for (int i = 0; i < loss.length; i++) {
            loss[i] = i < 3 ? 11 : i < 20 ? 10.2 + 0.02 * (i % 3) : 11.6 + 0.02 * (i % 3);
        }
        return Points.series(Metric.LOSS, 0, 1, loss);
    }

    private static Points badInputs() {
        Points points = Points.series(Metric.NAN_INPUTS, 0, 1, new double[100]);
        points.list().get(40).set(Metric.NAN_INPUTS, 3);
        return points;
    }

    private static Points climb() {
        double[] norm = Curves.steady(600, 0.25, 0.1, 3);
        double[] climb = {1, 2.4, 16, 145, 960, 353, 379, 650};
        System.arraycopy(climb, 0, norm, 400, climb.length);
        return Points.series(Metric.GRAD_NORM, 0, 1, norm);
    }

    private static Points collapse() {
        double[] scale = new double[200];
        for (int i = 0; i < scale.length; i++) {
            scale[i] = 65536 / Math.pow(2, Math.min(6, Math.max(0, i - 150)));
        }
        return Points.series(Metric.LOSS_SCALE, 0, 1, scale);
    }

    private static Points stalls() {
        double[] seconds = Curves.steady(1500, 0.2, 0.03, 7);
        seconds[900] = 1.2;
        seconds[903] = 1.4;
        return Points.series(Metric.STEP_SECONDS, 0, 1, seconds);
    }

    private static Points twoWriters() {
        Points points = Points.series(Metric.LOSS, 0, 1, Curves.sound(600, 0.02, 9));
        for (int i = 300; i < 420; i++) {
            points.list().get(i).conflicting(1 + i % 2);
        }
        return points;
    }

    private static Points restarted(int from) {
        double[] loss = Curves.sound(600, 0.02, 8);
        Points points = Points.of();
        for (int i = 0; i < 400; i++) {
            points.at(i).set(Metric.LOSS, loss[i]);
        }
        points.attempt(1);
        for (int i = from; i < 600; i++) {
            points.at(i).set(Metric.LOSS, loss[i]);
        }
        return points;
    }

    /** A restart that repeats twenty steps with higher losses and another data cursor. */
    private static Points resumed(double rise, double skipped) {
        double[] loss = Curves.sound(600, 0.02, 8);
        double[] noise = Curves.steady(600, 1, 1e-4, 9);
        Points points = Points.of();
        for (int i = 0; i < 400; i++) {
            points.at(i).set(Metric.LOSS, loss[i]).set(Metric.CONSUMED_EXAMPLES, 32.0 * (i + 1));
        }
        points.attempt(1);
        for (int i = 380; i < 600; i++) {
            points.at(i)
                    .set(Metric.LOSS, loss[i] * noise[i] * Math.exp(rise))
                    .set(Metric.CONSUMED_EXAMPLES, 32.0 * (i + 1) + skipped);
        }
        return points;
    }
}
