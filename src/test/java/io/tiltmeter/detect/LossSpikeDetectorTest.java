package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import java.util.List;
import org.junit.jupiter.api.Test;

class LossSpikeDetectorTest {
    private static final Detector DETECTOR = new LossSpikeDetector();

    private static List<Finding> findings(double[] loss) {
        return Points.series(Metric.LOSS, 0, 1, loss).judge(DETECTOR).findings();
    }

    @Test
    void findsTheOneStepItIsAt() {
        double[] loss = Curves.sound(1500, 0.02, 1);
        loss[900] *= 1.6;
        List<Finding> findings = findings(loss);
        assertThat(findings)
                .filteredOn(f -> f.stepFrom() == 900)
                .singleElement()
                .satisfies(f -> {
                    assertThat(f.stepTo()).isEqualTo(900);
                    assertThat(f.peakStep()).isEqualTo(900);
                    assertThat(f.severity()).isEqualTo(Severity.WARNING);
                    assertThat(f.evidence()).contains("back to normal at step 901");
                });
    }

    @Test
    void scoresInRobustStandardDeviationsOfTheInnovation() {
        double[] loss = Curves.steady(1000, 3, 0.02, 2);
        loss[800] = 3 * Math.exp(0.2);
        // 0.2 / 0.02 = 10σ; the level's own variance and the MAD's error allow for a fifth.
        assertThat(findings(loss))
                .singleElement()
                .satisfies(f -> assertThat(f.score()).isCloseTo(10, within(2.0)));
    }

    @Test
    void aStrongJumpOfOneStepIsInformationWhileItIsSmall() {
        double[] once = Curves.steady(1000, 3, 0.01, 12);
        double[] lasting = once.clone();
        once[800] *= 1.2;
        for (int i = 800; i < 803; i++) {
            lasting[i] *= 1.2;
        }
        assertThat(findings(once)).singleElement().satisfies(f -> {
            assertThat(f.score()).isGreaterThan(14);
            assertThat(f.severity()).isEqualTo(Severity.INFO);
        });
        assertThat(findings(lasting))
                .singleElement()
                .satisfies(f -> assertThat(f.severity()).isEqualTo(Severity.WARNING));
    }

    @Test
    void marksAWeakJumpAsInformation() {
        double[] loss = Curves.steady(1000, 3, 0.02, 3);
        loss[700] = 3 * Math.exp(0.115);
        assertThat(findings(loss))
                .filteredOn(f -> f.stepFrom() == 700)
                .singleElement()
                .satisfies(f -> assertThat(f.severity()).isEqualTo(Severity.INFO));
    }

    @Test
    void callsAJumpThatStaysAnError() {
        double[] loss = Curves.sound(1000, 0.02, 4);
        for (int i = 600; i < 660; i++) {
            loss[i] *= 2;
        }
        assertThat(findings(loss))
                .filteredOn(f -> f.stepFrom() == 600)
                .singleElement()
                .satisfies(f -> {
                    assertThat(f.severity()).isEqualTo(Severity.ERROR);
                    assertThat(f.stepTo()).isEqualTo(659);
                });
    }

    @Test
    void anOpenExcursionIsReportedWhileItLasts() {
        double[] loss = Curves.sound(500, 0.02, 5);
        loss[499] *= 3;
        assertThat(findings(loss)).last().satisfies(f -> {
            assertThat(f.stepFrom()).isEqualTo(499);
            assertThat(f.evidence()).contains("not back to normal by step 499");
        });
    }

    @Test
    void leavesTheFirstTenStepsAlone() {
        double[] loss = Curves.sound(200, 0.02, 6);
        loss[5] *= 4;
        assertThat(findings(loss)).noneMatch(f -> f.stepFrom() < 10);
    }

    @Test
    void findsAJumpInAnExcerptOfNineLines() {
        double[] loss = {2.78, 2.77, 2.77, 7.34, 8.72, 7.65, 7.19, 6.85, 6.5};
        assertThat(Points.series(Metric.LOSS, 29020, 10, loss).judge(DETECTOR).findings())
                .singleElement()
                .satisfies(f -> {
                    assertThat(f.stepFrom()).isEqualTo(29050);
                    assertThat(f.severity()).isEqualTo(Severity.ERROR);
                });
    }

    @Test
    void aSawtoothOfGroupedBatchesIsNoSpike() {
        double[] loss = Curves.steady(1000, 1, 0.02, 7);
        for (int i = 0; i < loss.length; i++) {
            loss[i] *= 0.5 + (i % 50) / 50.0;
        }
        assertThat(findings(loss)).noneMatch(f -> f.severity() != Severity.INFO);
    }

    @Test
    void heavyTailsRaiseTheBarForWarnings() {
        double[] loss = Curves.steady(4000, 3, 0.02, 8);
        // Forty jumps of 8 to 16σ: they are this run's nature, and none is a warning.
        for (int i = 0; i < 40; i++) {
            loss[300 + 90 * i] *= Math.exp(0.16 + 0.004 * i);
        }
        assertThat(findings(loss)).hasSizeGreaterThan(30).allMatch(f -> f.severity() == Severity.INFO);
    }

    @Test
    void fallsBackToHeldOutLoss() {
        double[] loss = Curves.steady(100, 3, 0.01, 9);
        loss[60] *= 1.5;
        assertThat(Points.series(Metric.EVAL_LOSS, 0, 125, loss).judge(DETECTOR).findings())
                .singleElement()
                .satisfies(f -> {
                    assertThat(f.metric()).isEqualTo("eval_loss");
                    assertThat(f.stepFrom()).isEqualTo(60 * 125);
                });
    }

    @Test
    void judgesALossThatCrossesZeroByItsOwnScale() {
        double[] loss = Curves.steady(600, 1, 0.1, 10);
        for (int i = 0; i < loss.length; i++) {
            loss[i] -= 1;
        }
        loss[400] = 5;
        assertThat(findings(loss))
                .filteredOn(f -> f.stepFrom() == 400)
                .singleElement()
                .satisfies(f -> assertThat(f.severity()).isEqualTo(Severity.INFO));
    }

    @Test
    void aRestartFromACheckpointIsNoSpike() {
        double[] loss = Curves.sound(800, 0.02, 11);
        Points points = Points.of();
        for (int i = 0; i < 600; i++) {
            points.at(i).set(Metric.LOSS, loss[i]);
        }
        points.attempt(1);
        for (int i = 20; i < 800; i++) {
            points.at(i).set(Metric.LOSS, loss[i]);
        }
        assertThat(points.judge(DETECTOR).findings()).noneMatch(f -> f.severity() != Severity.INFO);
    }

    @Test
    void isInconclusiveOnAFewPointsAndBlindWithoutAny() {
        Detector.Assessment few = Points.series(Metric.LOSS, 0, 1, 3, 2.9, 2.8).judge(DETECTOR);
        assertThat(few.status()).isEqualTo(Coverage.Status.INCONCLUSIVE);
        assertThat(few.reason()).isEqualTo("needs more than 10 logged losses, got 3");
        assertThat(Points.series(Metric.GRAD_NORM, 0, 1, 1, 1).judge(DETECTOR).status())
                .isEqualTo(Coverage.Status.NOT_OBSERVABLE);
    }

    @Test
    void keepsTheStrongestOfTooMany() {
        double[] loss = Curves.steady(20_000, 3, 0.01, 12);
        for (int i = 100; i < loss.length; i += 40) {
            loss[i] *= 1.5;
        }
        loss[10_005] *= 4;
        List<Finding> findings = findings(loss);
        assertThat(findings).hasSize(Detector.Tracker.MAX_FINDINGS).anyMatch(f -> f.stepFrom() == 10_005);
        assertThat(findings.get(findings.size() - 1).evidence()).contains("weaker findings left out");
    }
}
