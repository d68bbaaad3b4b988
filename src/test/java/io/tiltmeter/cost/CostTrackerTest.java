package io.tiltmeter.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunCost;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.TimeUse;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Runs short enough to add up by hand. */
class CostTrackerTest {
    private static final RunRecord RUN = RunRecord.of("run", "project", Map.of());
    private static final long[] NO_EVENTS = {};

    @Test
    void soundStepsAreProductiveAltogether() {
        CostTracker tracker = tracker(4, NO_EVENTS);
        for (int step = 0; step <= 10; step++) {
            tracker.observe(Timed.at(0, step, 2 * step).with(Metric.STEP_SECONDS, 2));
        }

        RunCost cost = tracker.cost(List.of());

        // The first step has no step before it: its 2 s are its own word. 11 steps of 2 s on 4 workers.
        assertThat(cost.seconds(TimeUse.PRODUCTIVE)).isEqualTo(11 * 2 * 4.0);
        assertThat(cost.goodput()).isEqualTo(1);
        assertThat(cost.steps()).isEqualTo(11);
        assertThat(cost.healthyStepSeconds()).isEqualTo(2);
    }

    @Test
    void whatARestartOverwritesIsReplayAndTheGapBeforeItRestart() {
        CostTracker tracker = tracker(2, NO_EVENTS);
        for (int step = 0; step < 20; step++) {
            tracker.observe(Timed.at(0, step, step).with(Metric.STEP_SECONDS, 1));
        }
        // Back to step 12: 8 steps of 1 s are lost. 31 s pass from the last step of the first start to the first of the
        // second, one of them in the step.
        tracker.attempt(1, Optional.of(attempt(1, 2)), 0);
        for (int step = 12; step < 30; step++) {
            tracker.observe(Timed.at(1, step, 50 + step - 12).with(Metric.STEP_SECONDS, 1));
        }

        RunCost cost = tracker.cost(List.of());

        assertThat(cost.seconds(TimeUse.PRODUCTIVE)).isEqualTo(2 * 30.0);
        assertThat(cost.seconds(TimeUse.REPLAY)).isEqualTo(2 * 8.0);
        assertThat(cost.seconds(TimeUse.RESTART)).isEqualTo(2 * 30.0);
        assertThat(cost.allocated()).isEqualTo(2 * 68.0);
        assertThat(cost.replayedSteps()).isEqualTo(8);
    }

    @Test
    void slowStepsAreStallsUnlessAnEventExplainsThem() {
        CostTracker tracker = tracker(1, new long[] {10});
        double time = 0;
        for (int step = 0; step < 30; step++) {
            time += step == 10 ? 6 : step == 20 ? 9 : 1;
            tracker.observe(Timed.at(0, step, time));
        }

        RunCost cost = tracker.cost(List.of());

        assertThat(cost.seconds(TimeUse.CHECKPOINT)).isEqualTo(5);
        assertThat(cost.seconds(TimeUse.STALL)).isEqualTo(8);
        assertThat(cost.seconds(TimeUse.PRODUCTIVE)).isEqualTo(29);
    }

    @Test
    void timeBetweenMeasuredStepsIsUnaccounted() {
        CostTracker tracker = tracker(1, NO_EVENTS);
        for (int step = 0; step < 10; step++) {
            tracker.observe(Timed.at(0, step, 3 * step).with(Metric.STEP_SECONDS, 2));
        }

        RunCost cost = tracker.cost(List.of());

        assertThat(cost.seconds(TimeUse.PRODUCTIVE)).isEqualTo(20);
        assertThat(cost.seconds(TimeUse.UNACCOUNTED)).isEqualTo(9);
    }

    @Test
    void whatTheSlowestWorkerAddsCountsWhereAStragglerWasFound() {
        CostTracker tracker = tracker(8, NO_EVENTS);
        for (int step = 0; step < 20; step++) {
            tracker.observe(
                    Timed.at(0, step, Double.NaN).with(Metric.STEP_SECONDS, 1.5).computing(8, 1.4, 0.9));
        }

        RunCost cost = tracker.cost(List.of(finding("straggler", "compute_seconds", 3, 10, 19)));

        // All 20 steps take 1.5 s, 0.5 s of it for the straggler; only ten of them are in the finding, and of all times
        // without it (10 of 1.0 s, 10 of 1.5 s) the median is 1.25 s.
        assertThat(cost.healthyStepSeconds()).isEqualTo(1.25);
        assertThat(cost.seconds(TimeUse.STRAGGLER)).isCloseTo(8 * 10 * 0.5, within(1e-9));
        assertThat(tracker.cost(List.of()).seconds(TimeUse.STRAGGLER)).isZero();
    }

    @Test
    void stepsAfterAnErrorToTheEndAreLost() {
        CostTracker tracker = tracker(1, NO_EVENTS);
        for (int step = 0; step < 40; step++) {
            tracker.observe(
                    Timed.at(0, step, Double.NaN).with(Metric.STEP_SECONDS, 1).with(Metric.LOSS, 2));
        }

        RunCost cost = tracker.cost(List.of(finding("divergence", "loss", -1, 25, 39)));
        RunCost recovered = tracker.cost(List.of(finding("divergence", "loss", -1, 25, 30)));

        assertThat(cost.seconds(TimeUse.DIVERGENCE)).isEqualTo(15);
        assertThat(cost.seconds(TimeUse.PRODUCTIVE)).isEqualTo(25);
        assertThat(recovered.seconds(TimeUse.DIVERGENCE)).isZero();
    }

    @Test
    void saysWhenNoTimeWasLogged() {
        CostTracker tracker = tracker(1, NO_EVENTS);
        tracker.observe(Timed.at(0, 0, Double.NaN).with(Metric.LOSS, 1));

        assertThat(tracker.cost(List.of()).isObserved()).isFalse();
    }

    @Test
    void everySecondIsBookedOnceHoweverLongTheRunAndHoweverOftenItStarts() {
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            CostTracker tracker = tracker(3, new long[] {50, 500, 5_000});
            double time = 0;
            double begin = Double.NaN;
            double lastTime = 0;
            long step = 0;
            for (int attempt = 0; attempt < 8; attempt++) {
                tracker.attempt(attempt, Optional.of(attempt(attempt, 3)), 0);
                int length = 1 + random.nextInt(3_000);
                for (int i = 0; i < length; i++) {
                    time += 0.5 + random.nextDouble();
                    begin = Double.isNaN(begin) ? time : begin;
                    tracker.observe(Timed.at(attempt, step++, time));
                    lastTime = time;
                }
                time += 100 * random.nextDouble();
                step = Math.max(0, step - random.nextInt(400));
            }
            RunCost cost = tracker.cost(List.of(finding("divergence", "loss", -1, 300, step)));

            double shares =
                    Arrays.stream(TimeUse.values()).mapToDouble(cost::share).sum();
            assertThat(shares).as("seed %d", seed).isCloseTo(1, within(1e-12));
            assertThat(cost.allocated()).as("seed %d", seed).isCloseTo(3 * (lastTime - begin), within(1e-3));
            assertThat(Arrays.stream(cost.workerSeconds()).min().orElseThrow())
                    .as("seed %d", seed)
                    .isNotNegative();
        }
    }

    @Test
    void sumsUpByOwnerWithTheGreatestLossFirst() {
        double[] some = new double[TimeUse.values().length];
        some[TimeUse.PRODUCTIVE.ordinal()] = 3600;
        some[TimeUse.REPLAY.ordinal()] = 7200;
        RunCost cost = new RunCost("a", "", "", 1, 1, 2, 1, 0, some);
        FleetCost fleet = FleetCost.of(
                List.of(
                        new FleetCost.Entry(RunRecord.of("a", "p", Map.of()), cost),
                        new FleetCost.Entry(RunRecord.of("b", "q", Map.of()), RunCost.notObservable("b", "none"))),
                2.5,
                "EUR");

        assertThat(fleet.notObserved()).isEqualTo(1);
        assertThat(fleet.total().goodput()).isEqualTo(1 / 3.0);
        assertThat(fleet.money(fleet.projects().get(0).lost())).isEqualTo(5);
    }

    private static CostTracker tracker(int workers, long[] events) {
        CostTracker tracker = new CostTracker(RUN, events, 3600);
        tracker.attempt(0, Optional.of(attempt(0, workers)), 0);
        return tracker;
    }

    private static AttemptRecord attempt(int number, int workers) {
        return new AttemptRecord("run", number, null, null, null, workers, null, null);
    }

    private static Finding finding(String detector, String metric, int worker, long from, long to) {
        return new Finding(
                "run",
                detector,
                metric,
                0,
                worker,
                null,
                null,
                null,
                from,
                to,
                from,
                2,
                1,
                Severity.ERROR,
                Cause.OPTIMIZER,
                "");
    }
}
