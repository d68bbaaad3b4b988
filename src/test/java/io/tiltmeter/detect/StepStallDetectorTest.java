package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class StepStallDetectorTest {
    private static final Detector DETECTOR = new StepStallDetector();
    private static final int STALL = 200;

    private static double[] usual(int n) {
        return Curves.steady(n, 0.06, 0.02, 1);
    }

    private static List<Finding> findings(double... seconds) {
        return Points.series(Metric.STEP_SECONDS, 0, 1, seconds).judge(DETECTOR).findings();
    }

    @Test
    void countsWhatTheStallsCost() {
        double[] seconds = usual(2400);
        seconds[2383] = 0.43;
        seconds[2387] = 0.30;
        assertThat(findings(seconds)).singleElement().satisfies(f -> {
            assertThat(f.stepFrom()).isEqualTo(2383);
            assertThat(f.stepTo()).isEqualTo(2387);
            assertThat(f.peakStep()).isEqualTo(2383);
            // .43 / .06
            assertThat(f.score()).isCloseTo(7.17, within(0.1));
            assertThat(f.severity()).isEqualTo(Severity.WARNING);
            // (.37 + .24) s of 2400 · .06 s + .61 s = .42 %
            assertThat(f.evidence()).contains("2 steps took up to 0.4300 s at step 2383", "0.42 % of the run");
        });
    }

    @Test
    void aLoneStallIsInformation() {
        double[] seconds = usual(2400);
        seconds[2000] = 0.5;
        assertThat(findings(seconds))
                .singleElement()
                .satisfies(f -> assertThat(f.severity()).isEqualTo(Severity.INFO));
    }

    @Test
    void inAShortRunAFewTenthsOfASecondAreInformationAndMinutesAreNot() {
        double[] seconds = usual(100);
        seconds[50] = 0.5;
        seconds[70] = 0.5;
        assertThat(findings(seconds))
                .allMatch(f -> f.severity() == Severity.INFO)
                .hasSize(2);
        seconds[50] = 45;
        seconds[70] = 45;
        assertThat(findings(seconds))
                .allMatch(f -> f.severity() == Severity.WARNING)
                .hasSize(2);
    }

    @Test
    void checkpointsAtRegularDistancesAreNone() {
        double[] seconds = usual(2000);
        for (int i = 250; i < 2000; i += 250) {
            seconds[i] = 1;
        }
        assertThat(findings(seconds)).isEmpty();
    }

    @Test
    void stallsBesideCheckpointsRemain() {
        double[] seconds = usual(2000);
        for (int i = 250; i < 2000; i += 250) {
            seconds[i] = 1;
        }
        seconds[1111] = 0.9;
        assertThat(findings(seconds))
                .singleElement()
                .satisfies(f -> assertThat(f.stepFrom()).isEqualTo(1111));
    }

    @Test
    void compilationAndEvaluationsAreNone() {
        double[] seconds = usual(1000);
        for (int i = 0; i < 10; i++) {
            seconds[i] = 8;
        }
        seconds[400] = 2;
        seconds[401] = 2;
        Points points = Points.series(Metric.STEP_SECONDS, 0, 1, seconds);
        points.list().get(400).set(Metric.EVAL_LOSS, 3);
        assertThat(points.judge(DETECTOR).findings()).isEmpty();
    }

    @Test
    void aNewLevelIsNoStall() {
        double[] seconds = usual(1000);
        for (int i = 500; i < 1000; i++) {
            seconds[i] *= 4;
        }
        assertThat(findings(seconds)).isEmpty();
    }

    /** Workers whose steps usually take a second, and what each logs at the one step that stalls. */
    private static Team stalled(int workers, Map<Metric, IntToDoubleFunction> atTheStall) {
        Team team = Team.of(workers, 300);
        Map<Metric, Double> usual = Map.of(
                Metric.STEP_SECONDS, 1.0,
                Metric.COMPUTE_SECONDS, 0.8,
                Metric.COLLECTIVE_WAIT_SECONDS, 0.1,
                Metric.DATA_WAIT_SECONDS, 0.05);
        atTheStall.forEach((metric, value) -> team.with(
                metric.ordinal(),
                (s, w) -> s == STALL
                        ? value.applyAsDouble(w)
                        : usual.getOrDefault(metric, 1.0) * (1 + 0.01 * ((s * 7 + w * 3) % 5))));
        return team;
    }

    private static int named(Team team) {
        List<Finding> findings = team.judge(DETECTOR).findings();
        assertThat(findings)
                .singleElement()
                .satisfies(f -> assertThat(f.stepFrom()).isEqualTo(STALL));
        return findings.get(0).worker();
    }

    @Test
    void aWorkerThatIsFasterThanTheOthersIsNotToBlame() {
        assertThat(named(stalled(8, Map.of(Metric.STEP_SECONDS, w -> w == 5 ? 25 : 30))))
                .isEqualTo(StepRecord.NO_WORKER);
    }

    @Test
    void aWorkerWhoseOwnStepIsTheLongOneIsNamed() {
        assertThat(named(stalled(8, Map.of(Metric.STEP_SECONDS, w -> w == 5 ? 30 : 1.1))))
                .isEqualTo(5);
    }

    @Test
    void whereAllStallOneThatIsSomewhatSlowerIsNotToBlame() {
        assertThat(named(stalled(8, Map.of(Metric.STEP_SECONDS, w -> w == 5 ? 33 : 30))))
                .isEqualTo(StepRecord.NO_WORKER);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 8})
    void ofStepsThatEndTogetherTheOneThatWaitedLeastWasLate(int workers) {
        assertThat(named(stalled(
                        workers,
                        Map.of(
                                Metric.STEP_SECONDS, w -> 30,
                                Metric.COLLECTIVE_WAIT_SECONDS, w -> w == 1 ? 0.1 : 29.1))))
                .isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void ofTwoWorkersEitherMayBeTheLateOne(int late) {
        assertThat(named(stalled(
                        2,
                        Map.of(
                                Metric.STEP_SECONDS, w -> 30,
                                Metric.COLLECTIVE_WAIT_SECONDS, w -> w == late ? 0.1 : 29.1))))
                .isEqualTo(late);
    }

    @Test
    void whoLogsAShorterStepByAShorterWaitIsNotLate() {
        assertThat(named(stalled(
                        8,
                        Map.of(
                                Metric.STEP_SECONDS, w -> w == 5 ? 1 : 30,
                                Metric.COLLECTIVE_WAIT_SECONDS, w -> w == 5 ? 0.1 : 29.1))))
                .isEqualTo(StepRecord.NO_WORKER);
    }

    @Test
    void whereAllWaitInACollectiveNobodyIsLate() {
        assertThat(named(stalled(
                        8,
                        Map.of(
                                Metric.STEP_SECONDS, w -> 30,
                                Metric.COLLECTIVE_WAIT_SECONDS, w -> 29 + 0.01 * w))))
                .isEqualTo(StepRecord.NO_WORKER);
    }

    @Test
    void whereHalfOfTheWorkersAreLateNoneOfThemIs() {
        assertThat(named(stalled(
                        8,
                        Map.of(
                                Metric.STEP_SECONDS, w -> 30,
                                Metric.COLLECTIVE_WAIT_SECONDS, w -> w < 4 ? 0.01 * w : 29))))
                .isEqualTo(StepRecord.NO_WORKER);
    }

    @ParameterizedTest
    @EnumSource(names = {"DATA_WAIT_SECONDS", "COMPUTE_SECONDS"})
    void withoutWaitsInCollectivesTheOneThatComputesOrLoadsLongerIsNamed(Metric longer) {
        assertThat(named(stalled(8, Map.of(Metric.STEP_SECONDS, w -> 30, longer, w -> w == 6 ? 29 : 0.9))))
                .isEqualTo(6);
    }

    @Test
    void saysWhatItLacks() {
        assertThat(Points.series(Metric.STEP_SECONDS, 20, i -> 1)
                        .judge(DETECTOR)
                        .reason())
                .isEqualTo("needs 26 step times, got 20");
    }
}
