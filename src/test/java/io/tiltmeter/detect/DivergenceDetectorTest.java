package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import java.util.List;
import org.junit.jupiter.api.Test;

class DivergenceDetectorTest {
    private static final Detector DETECTOR = new DivergenceDetector();

    private static List<Finding> findings(double... loss) {
        return Points.series(Metric.LOSS, 0, 1, loss).judge(DETECTOR).findings();
    }

    @Test
    void findsALossThatRunsAwayAndStays() {
        double[] loss = Curves.sound(1000, 0.03, 1);
        for (int i = 700; i < 1000; i++) {
            loss[i] = 8 + 0.1 * Math.sin(i);
        }
        assertThat(findings(loss)).singleElement().satisfies(f -> {
            assertThat(f.stepFrom()).isEqualTo(700);
            assertThat(f.stepTo()).isEqualTo(999);
            assertThat(f.severity()).isEqualTo(Severity.ERROR);
            assertThat(f.evidence()).contains("was still at 7.9", "at step 999, the last of this attempt");
        });
    }

    @Test
    void aSpikeThatRecoversIsNone() {
        double[] loss = Curves.sound(1000, 0.03, 2);
        loss[700] *= 3;
        loss[701] *= 2;
        assertThat(findings(loss)).isEmpty();
    }

    @Test
    void boundedOscillationIsNone() {
        double[] loss = Curves.sound(1000, 0.03, 3);
        for (int i = 0; i < loss.length; i++) {
            loss[i] *= 1 + 0.2 * Math.sin(i / 15.0);
        }
        assertThat(findings(loss)).isEmpty();
    }

    @Test
    void singleSequenceNoiseIsNone() {
        assertThat(findings(Curves.sound(5000, 0.3, 4))).isEmpty();
    }

    @Test
    void aDetourThatLosesLittleIsAtMostAWarning() {
        double[] loss = Curves.sound(2000, 0.02, 5);
        for (int i = 1000; i < 1030; i++) {
            loss[i] = 7.5;
        }
        assertThat(findings(loss)).singleElement().satisfies(f -> {
            assertThat(f.severity()).isEqualTo(Severity.WARNING);
            assertThat(f.evidence()).contains("was back at step 1031");
        });
    }

    @Test
    void endingInNaNIsDivergence() {
        double[] loss = Curves.sound(60, 0.02, 6);
        for (int i = 40; i < 60; i++) {
            loss[i] = Double.NaN;
        }
        assertThat(findings(loss)).singleElement().satisfies(f -> {
            assertThat(f.stepFrom()).isEqualTo(40);
            assertThat(f.severity()).isEqualTo(Severity.ERROR);
            assertThat(f.evidence()).contains("NaN or infinite to the end (20 logged points)");
        });
    }

    @Test
    void findsARunThatEndsAboveWhereItBeganHoweverLittleItHadLearned() {
        // The shape of a real regression run: 11.08 at first, down to 10, then at 11.4 for good.
        double[] loss = new double[50];
        for (int i = 0; i < 50; i++) {
            loss[i] = i < 2 ? 11.08 : i < 14 ? 10 + 0.1 * (i % 3) : 11.4 + 0.1 * (i % 3);
        }
        assertThat(findings(loss)).singleElement().satisfies(f -> {
            assertThat(f.stepFrom()).isEqualTo(14);
            assertThat(f.severity()).isEqualTo(Severity.ERROR);
        });
    }

    @Test
    void findsItInAnExcerptOfNineLines() {
        List<Finding> findings = Points.series(
                        Metric.LOSS, 17060, 1, 2.665, 2.667, 4.374, 4.366, 4.391, 4.405, 4.398, 4.096, 4.137)
                .judge(DETECTOR)
                .findings();
        assertThat(findings).singleElement().satisfies(f -> {
            assertThat(f.stepFrom()).isEqualTo(17062);
            assertThat(f.severity()).isEqualTo(Severity.ERROR);
        });
    }

    @Test
    void aPauseOfTheLogIsToldAsOne() {
        Points points = Points.series(Metric.LOSS, 29000, 10, 2.78, 2.77, 2.77, 2.76, 7.3, 8.7, 7.6, 7.1, 6.8);
        points.at(33240).set(Metric.LOSS, 2.7);
        assertThat(points.judge(DETECTOR).findings()).singleElement().satisfies(f -> {
            assertThat(f.stepFrom()).isEqualTo(29040);
            assertThat(f.stepTo()).isEqualTo(29080);
            assertThat(f.evidence())
                    .contains("was still at 6.800 at step 29080; the log goes on at step 33240 with 2.700");
        });
    }

    @Test
    void swingsBetweenTheSameBoundsAreInformation() {
        double[] loss = Curves.steady(1000, 2, 0.01, 9);
        for (int i = 0; i < loss.length; i++) {
            // Ever since step 300, 12 of 100 steps lie far above the level.
            loss[i] *= i < 300 ? 3 - i / 150.0 : i % 100 < 12 ? 2.6 : 1;
        }
        assertThat(findings(loss)).hasSize(7).allMatch(f -> f.severity() == Severity.INFO);
        for (int i = 950; i < 1000; i++) {
            loss[i] = 9;
        }
        assertThat(findings(loss))
                .last()
                .satisfies(f -> assertThat(f.severity()).isEqualTo(Severity.ERROR));
    }

    @Test
    void anAttemptThatEndsInNaNIsToldThoughTheNextOneIsSound() {
        Points points = Points.series(Metric.LOSS, 0, 1, 3, 2.9, 2.8, 2.7, 2.6, Double.NaN, Double.NaN, Double.NaN);
        points.attempt(1);
        for (int i = 4; i < 12; i++) {
            points.at(i).set(Metric.LOSS, 2.6 - 0.05 * i);
        }
        assertThat(points.judge(DETECTOR).findings()).singleElement().satisfies(f -> {
            assertThat(f.attempt()).isZero();
            assertThat(f.stepFrom()).isEqualTo(5);
            assertThat(f.score()).isEqualTo(3);
            assertThat(f.threshold()).isEqualTo(2);
        });
    }

    @Test
    void warmingUpIsNone() {
        double[] loss = Curves.sound(200, 0.02, 7);
        for (int i = 3; i < 12; i++) {
            loss[i] = 35 - i;
        }
        assertThat(findings(loss)).isEmpty();
    }

    @Test
    void anAttemptThatEndsAboveIsReportedForThatAttempt() {
        double[] loss = Curves.sound(600, 0.02, 8);
        Points points = Points.of();
        for (int i = 0; i < 400; i++) {
            points.at(i).set(Metric.LOSS, i < 380 ? loss[i] : 9);
        }
        points.attempt(1);
        for (int i = 300; i < 600; i++) {
            points.at(i).set(Metric.LOSS, loss[i]);
        }
        assertThat(points.judge(DETECTOR).findings()).singleElement().satisfies(f -> {
            assertThat(f.attempt()).isZero();
            assertThat(f.stepFrom()).isEqualTo(380);
        });
    }

    @Test
    void doesNotJudgeALossThatCrossesZero() {
        Detector.Assessment assessment =
                Points.series(Metric.LOSS, 0, 1, 0.01, -0.003, 0, 0.002).judge(DETECTOR);
        assertThat(assessment.status()).isEqualTo(Coverage.Status.INCONCLUSIVE);
        assertThat(assessment.reason()).isEqualTo("needs a positive loss, got values of 0 or less");
    }

    @Test
    void saysWhatItLacks() {
        assertThat(Points.series(Metric.LOSS, 0, 1, 3, 2).judge(DETECTOR).reason())
                .isEqualTo("needs 5 finite losses, got 2");
    }
}
