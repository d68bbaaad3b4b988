package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.stats.Robust;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The loss runs away and stays away: for several points in a row it lies far above the lowest level the run had reached
 * and at least half of what was learned is lost; or it climbs above where it began; or it rises and then ends in NaN. A
 * spike that recovers, and noise that swings between bounds, are none.
 */
@AutoService(Detector.class)
public final class DivergenceDetector implements Detector {
    static final String ID = "divergence";
    private static final int SWINGS = 4;
    private static final double SWING_SPREAD = 0.1;
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Divergence",
            "The loss ran away from the level it had reached and stayed there, giving back what was learned.",
            List.of(Metric.LOSS.column(), Metric.EVAL_LOSS.column()),
            List.of(
                    new Parameter(
                            "rise",
                            0.3,
                            "ln",
                            "Rise of log loss above its best level that counts as running away",
                            new Derived(
                                    "A loss a third above its best; four standard deviations of the prior noise of a loss"
                                            + " (see loss-spike) are as much")),
                    new Parameter(
                            "noise-sigmas",
                            4,
                            "σ",
                            "Standard deviations of the run's own noise the rise must exceed as well",
                            new Derived("The best level is the lowest of many, so it lies 3–4σ below the typical one")),
                    new Parameter(
                            "lost-share",
                            0.5,
                            "1",
                            "Share of the loss's fall that must be lost again",
                            new Derived(
                                    "Noise and a learning rate's restart give back less than a quarter in sound runs")),
                    new Parameter(
                            "hold-share",
                            0.01,
                            "1",
                            "Share of the points so far for which it must last (2 to 50 points)",
                            new Derived(
                                    "A lone bad batch, or two, is a spike; LLM Foundry's KillLossSpike asks for half of a"
                                            + " window of 5 % of the run")),
                    new Parameter(
                            "above-start",
                            0.01,
                            "ln",
                            "Rise of log loss above the first losses that counts, where it lasts for 20 points and a quarter"
                                    + " of the run",
                            new Published("AutoTrainer (ICSE 2021): a change below 0.01 is no change")),
                    new Parameter(
                            "non-finite-points",
                            2,
                            "points",
                            "Non-finite losses in a row at the end of an attempt that count as running away",
                            new Derived("One may be a step that loss scaling skipped; a loss that stays NaN is lost"))),
            "Stop the run and go back to a checkpoint before the first abnormal step. Lower the learning rate or lengthen"
                    + " the warm-up, check gradient clipping and precision, skip the batches just before it.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new DivergenceTracker(run, settings);
    }

    private static final class DivergenceTracker extends RunTracker {
        private final Runaway loss;
        private final Runaway evalLoss;

        DivergenceTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
            loss = new Runaway(settings);
            evalLoss = new Runaway(settings);
        }

        @Override
        void restart(int number) {
            loss.restart();
            evalLoss.restart();
        }

        @Override
        void step(StepPoint point) {
            if (point.has(Metric.LOSS)) {
                loss.observe(point.attempt(), point.step(), point.value(Metric.LOSS));
            }
            if (point.has(Metric.EVAL_LOSS)) {
                evalLoss.observe(point.attempt(), point.step(), point.value(Metric.EVAL_LOSS));
            }
        }

        @Override
        public Assessment assess() {
            boolean training = loss.count() > 0;
            Runaway runaway = training ? loss : evalLoss;
            Metric metric = training ? Metric.LOSS : Metric.EVAL_LOSS;
            if (runaway.count() == 0) {
                return Assessment.notObservable("no finite loss was logged");
            }
            if (!runaway.isPositive()) {
                return Assessment.inconclusive("needs a positive loss, got values of 0 or less");
            }
            List<Runaway.Flight> flights = runaway.flights();
            double swing = swing(flights);
            List<Finding> findings = new ArrayList<>();
            for (Runaway.Flight flight : flights) {
                findings.add(describe(flight, metric, runaway, swing));
            }
            if (findings.isEmpty() && runaway.count() < Runaway.FEWEST) {
                return Assessment.inconclusive("needs " + Runaway.FEWEST + " finite losses, got " + runaway.count());
            }
            return Assessment.observed(FindingList.capped(findings));
        }

        /**
         * The largest rise of a loss that swings between bounds, as it does where every epoch goes from easy to hard: at
         * least four flights came back, and their rises agree to within a tenth. Otherwise none.
         */
        private static double swing(List<Runaway.Flight> flights) {
            double[] rises = flights.stream()
                    .filter(f -> f.recovered() != Excursion.OPEN)
                    .mapToDouble(DivergenceTracker::rise)
                    .toArray();
            boolean swings = rises.length >= SWINGS
                    && Robust.MAD_TO_SIGMA * Robust.mad(rises) <= SWING_SPREAD * Robust.median(rises);
            return swings ? Arrays.stream(rises).max().orElseThrow() : Double.NEGATIVE_INFINITY;
        }

        private static double rise(Runaway.Flight flight) {
            return Math.log(flight.peak() / flight.best());
        }

        private Finding describe(Runaway.Flight f, Metric metric, Runaway runaway, double swing) {
            // All of a good deal that was learned is lost, for more than a moment: harm even where the run found back.
            boolean everything = f.worst() > runaway.start()
                    && Math.log(runaway.start() / f.best()) >= settings.get("rise")
                    && f.points() >= Math.max(10, runaway.count() / 50);
            boolean stays = f.recovered() == Excursion.OPEN;
            Evidence finding = Evidence.of(runId, ID)
                    .metric(metric)
                    .steps(f.attempt(), f.from(), f.last(), f.peakStep())
                    .verdict(
                            rise(f) <= swing ? Severity.INFO : stays || everything ? Severity.ERROR : Severity.WARNING,
                            Cause.OPTIMIZER)
                    .text(
                            "%s had come down to %s%s%s",
                            metric.column(), Evidence.number(f.best()), course(f), sequel(f));
            double rise = rise(f);
            double aboveStart = Math.log(f.peak() / runaway.start());
            if (rise >= settings.get("rise")) {
                return finding.score(rise, settings.get("rise")).finding();
            }
            // It never rose that far, but it stayed above where it began, or was lost altogether.
            return aboveStart >= settings.get("above-start")
                    ? finding.score(aboveStart, settings.get("above-start"), "above-start")
                            .append("; it began at " + Evidence.number(runaway.start()))
                            .finding()
                    : finding.score(f.nonFinite(), settings.get("non-finite-points"), "non-finite-points")
                            .finding();
        }

        private static String course(Runaway.Flight f) {
            if (Double.isNaN(f.peak())) {
                return ", was at " + Evidence.number(f.lastValue()) + " just before step " + f.from();
            }
            return String.format(
                    Locale.ROOT,
                    ", then rose from step %d on to %s at step %d",
                    f.from(),
                    Evidence.number(f.peak()),
                    f.peakStep());
        }

        private static String sequel(Runaway.Flight f) {
            if (f.nonFinite() > 0) {
                return " and then was NaN or infinite to the end (" + Evidence.plural(f.nonFinite(), "logged point")
                        + ")";
            }
            if (f.recovered() != Excursion.OPEN) {
                return " and was back at step " + f.recovered() + ", after "
                        + Evidence.plural(f.points(), "logged point");
            }
            String still = " and was still at " + Evidence.number(f.lastValue()) + " at step " + f.last();
            return f.pausedUntil() == Excursion.OPEN
                    ? still + ", the last of this attempt"
                    : still + "; the log goes on at step " + f.pausedUntil() + " with "
                            + Evidence.number(f.afterPause());
        }
    }
}
