package io.tiltmeter.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.detect.Detectors;
import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunCost;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.TimeUse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

        // All 20 steps take 1.5 s, 0.5 s of it for the straggler; only ten of them are in the finding. Of the times
        // without
        // it, and without the first step of the start (10 of 1.0 s, 9 of 1.5 s), the median is 1 s.
        assertThat(cost.healthyStepSeconds()).isEqualTo(1);
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
    void aRowStandsForAllStepsSinceTheOneBefore() {
        CostTracker tracker = tracker(1, NO_EVENTS);
        // Every tenth step is logged, the step takes 1 s: of the first row only the step itself can be known.
        for (int step = 0; step <= 50; step += 10) {
            tracker.observe(Timed.at(0, step, step));
        }
        // It fell back to step 41 and starts at 60 s; the row of step 50 stands for ten steps, that of step 41 too.
        tracker.attempt(1, Optional.of(started(1, 60, 41L)), 0);
        for (int step = 50; step <= 100; step += 10) {
            tracker.observe(Timed.at(1, step, 70 + step - 50));
        }

        RunCost cost = tracker.cost(List.of());

        // 50 s to step 50, of which the last ten steps are lost; 20 s to step 50 again, ten of them in its steps; 50 s
        // more.
        assertThat(cost.seconds(TimeUse.REPLAY)).isCloseTo(10, within(1e-9));
        assertThat(cost.seconds(TimeUse.RESTART)).isCloseTo(10, within(1e-9));
        assertThat(cost.seconds(TimeUse.PRODUCTIVE)).isCloseTo(100, within(1e-9));
        assertThat(cost.allocated()).isCloseTo(120, within(1e-9));
        assertThat(cost.replayedSteps()).isEqualTo(10);
        assertThat(cost.steps()).isEqualTo(100);
    }

    @Test
    void workersAreNotHeldForeverBetweenTwoStarts() {
        CostTracker tracker = tracker(2, NO_EVENTS);
        for (int step = 0; step < 20; step++) {
            tracker.observe(Timed.at(0, step, step));
        }
        // A day later somebody goes on: the last step was at 19 s, the start is at 86,419 s, its first step 31 s later.
        tracker.attempt(1, Optional.of(started(1, 86_419, 20L)), 0);
        for (int step = 20; step < 40; step++) {
            tracker.observe(Timed.at(1, step, 86_450 + step - 20));
        }

        RunCost cost = tracker.cost(List.of());

        // One hour of the day counts, then 31 s to the first step, of which one is the step.
        assertThat(cost.seconds(TimeUse.RESTART)).isCloseTo(2 * (3600 + 30), within(1e-6));
        assertThat(cost.idleSeconds()).isCloseTo(86_400 - 3600, within(1e-6));
        assertThat(cost.seconds(TimeUse.PRODUCTIVE)).isCloseTo(2 * (19 + 1 + 19), within(1e-6));
    }

    @Test
    void whatTheFirstStepOfAStartTakesLongerIsRestart() {
        CostTracker tracker = tracker(2, NO_EVENTS);
        for (int step = 0; step < 50; step++) {
            // It compiles for eight seconds.
            tracker.observe(Timed.at(0, step, Double.NaN).with(Metric.STEP_SECONDS, step == 0 ? 9 : 1));
        }

        RunCost cost = tracker.cost(List.of());

        assertThat(cost.seconds(TimeUse.PRODUCTIVE)).isEqualTo(2 * 50);
        assertThat(cost.seconds(TimeUse.RESTART)).isEqualTo(2 * 8);
        assertThat(cost.seconds(TimeUse.STALL)).isZero();
    }

    @Test
    void aStartOfTheRunCountsAndALogThatBeginsLateDoesNot() {
        CostTracker whole = new CostTracker(RUN.withTimes(0L, 100_000_000L), NO_EVENTS, 3600);
        CostTracker late = new CostTracker(RUN.withTimes(0L, null), NO_EVENTS, 3600);
        for (int step = 0; step < 10; step++) {
            whole.observe(Timed.at(0, step, 60 + step));
            late.observe(Timed.at(0, 5_000 + step, 6_000 + step));
        }

        RunCost cost = whole.cost(List.of());
        RunCost cut = late.cost(List.of());

        // 60 s to the first step, one of them in it, 9 s of steps, and from 69 s to the end at 100 s nothing is known.
        assertThat(cost.seconds(TimeUse.RESTART)).isEqualTo(59);
        assertThat(cost.seconds(TimeUse.PRODUCTIVE)).isEqualTo(10);
        assertThat(cost.seconds(TimeUse.UNACCOUNTED)).isEqualTo(31);
        assertThat(cut.allocated()).isEqualTo(9);
        assertThat(cut.basis()).contains("begins late");
    }

    @Test
    void whatWasTrainedAfterADivergenceIsNotReplayThoughALaterStartOverwroteIt() {
        CostTracker tracker = tracker(1, NO_EVENTS);
        for (int step = 0; step < 40; step++) {
            tracker.observe(Timed.at(0, step, step).with(Metric.LOSS, 2));
        }
        // Diverged at step 30, noticed at 39, and went back to the checkpoint at step 20: 11 s for the way back.
        tracker.attempt(1, Optional.of(started(1, 45, 20L)), 0);
        for (int step = 20; step < 60; step++) {
            tracker.observe(Timed.at(1, step, 50 + step - 20).with(Metric.LOSS, 2));
        }

        RunCost cost = tracker.cost(List.of(finding("divergence", "loss", -1, 30, 39)));

        assertThat(cost.seconds(TimeUse.DIVERGENCE)).isEqualTo(10);
        assertThat(cost.seconds(TimeUse.REPLAY)).isEqualTo(10);
        assertThat(cost.seconds(TimeUse.RESTART)).isEqualTo(10);
        // From the second step on: the time of the very first is not known.
        assertThat(cost.seconds(TimeUse.PRODUCTIVE)).isEqualTo(59);
    }

    @Test
    void anErrorOfTheHeldOutLossAloneRuinsNothing() {
        CostTracker tracker = tracker(1, NO_EVENTS);
        for (int step = 0; step < 40; step++) {
            Timed point = Timed.at(0, step, step).with(Metric.LOSS, 2);
            tracker.observe(step % 20 == 19 ? point.with(Metric.EVAL_LOSS, Double.POSITIVE_INFINITY) : point);
        }

        RunCost cost = tracker.cost(List.of(finding("non-finite", "eval_loss", -1, 19, 39)));

        assertThat(cost.seconds(TimeUse.DIVERGENCE)).isZero();
    }

    @Test
    void evaluationsAreSeenInTheLogItself() {
        CostTracker tracker = tracker(1, NO_EVENTS);
        double time = 0;
        for (int step = 0; step < 40; step++) {
            // The evaluation takes 7 s after the step that tells of it.
            time += step % 10 == 0 && step > 0 ? 8 : 1;
            Timed point = Timed.at(0, step, time);
            tracker.observe(step % 10 == 9 ? point.with(Metric.EVAL_LOSS, 2) : point);
        }

        RunCost cost = tracker.cost(List.of());

        assertThat(cost.healthyStepSeconds()).isEqualTo(1);
        assertThat(cost.seconds(TimeUse.CHECKPOINT)).isEqualTo(3 * 7);
        assertThat(cost.seconds(TimeUse.STALL)).isZero();
    }

    @Test
    void whereEveryRowHasAnEvaluationTheirTimeIsThatOfSteps() {
        CostTracker tracker = tracker(1, NO_EVENTS);
        for (int step = 0; step < 10; step++) {
            tracker.observe(Timed.at(0, step, 5 * step + (step == 9 ? 20 : 0)).with(Metric.EVAL_LOSS, 2));
        }

        RunCost cost = tracker.cost(List.of());

        // What one of them took longer is not known to be for the evaluation.
        assertThat(cost.healthyStepSeconds()).isEqualTo(5);
        assertThat(cost.seconds(TimeUse.PRODUCTIVE)).isEqualTo(45);
        assertThat(cost.seconds(TimeUse.STALL)).isEqualTo(20);
        assertThat(cost.seconds(TimeUse.CHECKPOINT)).isZero();
    }

    @Test
    void stepsOfALargerBatchAreNoStallsThoughOnlyTheDataConsumedTellsOfIt() {
        CostTracker tracker = tracker(1, NO_EVENTS);
        double time = 0;
        double consumed = 0;
        for (int step = 0; step < 100; step++) {
            // From step 60 on four times the batch, and three times as long.
            time += step < 60 ? 1 : 3;
            consumed += step < 60 ? 256 : 1024;
            tracker.observe(Timed.at(0, step, time).with(Metric.CONSUMED_EXAMPLES, consumed));
        }

        RunCost cost = tracker.cost(List.of());

        assertThat(cost.healthyStepSeconds()).isEqualTo(1);
        assertThat(cost.seconds(TimeUse.PRODUCTIVE)).isEqualTo(59 + 40 * 3);
        assertThat(cost.goodput()).isEqualTo(1);
    }

    @Test
    void timeOfStepsWithoutATimeStampIsNotCountedAgain() {
        CostTracker tracker = tracker(1, NO_EVENTS);
        for (int step = 0; step <= 20; step++) {
            // Every second row has no time stamp; 2 s pass a step, 1.5 s of them in it.
            tracker.observe(
                    Timed.at(0, step, step % 2 == 0 ? 2 * step : Double.NaN).with(Metric.STEP_SECONDS, 1.5));
        }

        RunCost cost = tracker.cost(List.of());

        // 40 s from the first step to the last, and the first step's own 1.5 s.
        assertThat(cost.allocated()).isCloseTo(41.5, within(1e-9));
        assertThat(cost.seconds(TimeUse.PRODUCTIVE)).isCloseTo(21 * 1.5, within(1e-9));
        assertThat(cost.seconds(TimeUse.UNACCOUNTED)).isCloseTo(10, within(1e-9));
    }

    @Test
    void stepsCannotTakeLongerThanTheTimeThatPassed() {
        CostTracker tracker = tracker(1, NO_EVENTS);
        for (int step = 0; step <= 20; step++) {
            // Milliseconds taken for seconds.
            tracker.observe(Timed.at(0, step, step).with(Metric.STEP_SECONDS, 1000));
        }

        RunCost cost = tracker.cost(List.of());

        // 20 s passed; the first step adds itself at the same scale, 20,000 of 21,000 s and so on: 1,000 s remain
        // 1,000/21 s.
        assertThat(cost.basis()).contains("step_seconds add up to more than the logged times");
        assertThat(cost.goodput()).isEqualTo(1);
        assertThat(cost.allocated()).isCloseTo(21_000 * (21_000.0 - 19_980) / 21_000, within(1e-6));
    }

    @Test
    void severalRunsInOneLogDoNotOverwriteOneAnother() {
        CostTracker tracker = new CostTracker(RUN.withPlannedSteps(9L), NO_EVENTS, 3600);
        for (int attempt = 0; attempt < 3; attempt++) {
            for (int step = 0; step < 10; step++) {
                tracker.observe(Timed.at(attempt, step, 100_000 * attempt + step));
            }
        }

        RunCost cost = tracker.cost(List.of());

        assertThat(cost.seconds(TimeUse.PRODUCTIVE)).isEqualTo(3 * 9);
        assertThat(cost.goodput()).isEqualTo(1);
        assertThat(cost.replayedSteps()).isZero();
    }

    @Test
    void namesDetectorsOfSingleRuns() {
        List<String> ids = Detectors.ofRuns().stream()
                .map(detector -> detector.info().id())
                .toList();

        // Findings against siblings and in other metrics come after the account of a run is settled: none may count.
        assertThat(ids).contains(CostTracker.STRAGGLER).containsAll(Ruin.DETECTORS);
        assertThat(Ruin.DETECTORS).doesNotContain("worker-outlier");
        assertThat(CostTracker.STRAGGLER).isNotEqualTo("worker-outlier");
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

    private static AttemptRecord started(int number, double seconds, Long resumed) {
        return new AttemptRecord("run", number, Math.round(1e6 * seconds), resumed, null, null, null, null);
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
