package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.Severity;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Detectors that judge a run as a whole: how it ended, whether it began, whether it learned, how often it started. */
class RunOutcomeDetectorsTest {
    private static final RunRecord PLANNED = Points.RUN.withPlannedSteps(1000L);

    private static Points steps(int n) {
        return Points.series(Metric.LOSS, n, i -> 5 - 0.002 * i);
    }

    @Nested
    class AbortedRun {
        private final Detector detector = new AbortedRunDetector();

        @Test
        void aWholeLogThatEndsEarlyIsAWarning() {
            assertThat(steps(400).judge(detector, PLANNED).findings())
                    .singleElement()
                    .satisfies(f -> {
                        assertThat(f.severity()).isEqualTo(Severity.WARNING);
                        assertThat(f.stepFrom()).isEqualTo(399);
                        assertThat(f.score()).isCloseTo(0.399, within(1e-9));
                        assertThat(f.evidence()).isEqualTo("the log ends at step 399 of 1000 planned (40 %)");
                    });
        }

        @Test
        void anExcerptIsInformation() {
            Points late = Points.series(Metric.LOSS, 300, 1, Curves.sound(200, 0.02, 1));
            assertThat(late.judge(detector, PLANNED).findings()).singleElement().satisfies(f -> {
                assertThat(f.severity()).isEqualTo(Severity.INFO);
                assertThat(f.evidence()).contains("may be an excerpt");
            });
        }

        @Test
        void theLastTenthMayBeMissing() {
            assertThat(steps(905).judge(detector, PLANNED).findings()).isEmpty();
        }

        @Test
        void aFailedRunIsAnErrorWithAndWithoutAPlan() {
            assertThat(steps(400).judge(detector, PLANNED.withStatus("failed")).findings())
                    .singleElement()
                    .satisfies(f -> assertThat(f.severity()).isEqualTo(Severity.ERROR));
            assertThat(steps(400)
                            .judge(detector, Points.RUN.withStatus("failed"))
                            .findings())
                    .singleElement()
                    .satisfies(f -> {
                        assertThat(f.severity()).isEqualTo(Severity.ERROR);
                        assertThat(f.score()).isEqualTo(1);
                    });
        }

        @Test
        void theStatusAloneIsNotToldWhereItDoesNotCount() {
            DetectorSettings settings = new DetectorSettings(true, Map.of("share", 0.9, "failed", 2.0));
            for (RunRecord run : List.of(Points.RUN, PLANNED.withPlannedSteps(400L))) {
                assertThat(steps(400)
                                .judge(detector, run.withStatus("failed"), settings)
                                .findings())
                        .isEmpty();
            }
            // That it ended early is told all the same, and by a run that failed it is an error.
            assertThat(steps(400)
                            .judge(detector, PLANNED.withStatus("failed"), settings)
                            .findings())
                    .singleElement()
                    .satisfies(f -> assertThat(f.severity()).isEqualTo(Severity.ERROR));
        }

        @Test
        void aFinishedRunMayStopEarlyAndARunningOneIsNotJudged() {
            assertThat(steps(400)
                            .judge(detector, PLANNED.withStatus("finished"))
                            .findings())
                    .isEmpty();
            assertThat(steps(400).judge(detector, PLANNED.withStatus("running")).status())
                    .isEqualTo(Coverage.Status.INCONCLUSIVE);
        }

        @Test
        void withoutPlanAndStatusItCannotTell() {
            assertThat(steps(400).judge(detector).status()).isEqualTo(Coverage.Status.NOT_OBSERVABLE);
        }
    }

    @Nested
    class EmptyRun {
        private final Detector detector = new EmptyRunDetector();

        @Test
        void isAnErrorWhereItIsKnownToHaveEnded() {
            for (String status : List.of("empty", "failed")) {
                assertThat(Points.of()
                                .judge(detector, Points.RUN.withStatus(status))
                                .findings())
                        .singleElement()
                        .satisfies(f -> assertThat(f.severity()).isEqualTo(Severity.ERROR));
            }
        }

        @Test
        void isAWarningWhereItsEndIsNotKnownAndNothingWhileItRuns() {
            assertThat(Points.of().judge(detector).findings())
                    .singleElement()
                    .satisfies(f -> assertThat(f.severity()).isEqualTo(Severity.WARNING));
            for (String underWay : new String[] {"running", "planned"}) {
                assertThat(Points.of()
                                .judge(detector, Points.RUN.withStatus(underWay))
                                .status())
                        .isEqualTo(Coverage.Status.INCONCLUSIVE);
            }
        }

        @Test
        void stepsWithoutALossCountForARunThatFailed() {
            Points points = Points.series(Metric.LEARNING_RATE, 3, i -> 0);
            assertThat(points.judge(detector, Points.RUN.withStatus("failed")).findings())
                    .singleElement()
                    .satisfies(f -> assertThat(f.evidence()).isEqualTo("3 steps, but no loss, logged"));
            assertThat(points.judge(detector).findings()).isEmpty();
        }
    }

    @Nested
    class NoLearning {
        private final Detector detector = new NoLearningDetector();

        private List<Finding> findings(double... loss) {
            return Points.series(Metric.LOSS, 0, 1, loss).judge(detector).findings();
        }

        @Test
        void aLossThatStaysWhereItBeganIsAnError() {
            assertThat(findings(Curves.steady(500, Math.log(50257), 0.001, 1)))
                    .singleElement()
                    .satisfies(f -> {
                        assertThat(f.severity()).isEqualTo(Severity.ERROR);
                        assertThat(f.score()).isLessThan(0.01);
                    });
        }

        @Test
        void oneThatFallsByTwoPercentIsNone() {
            double[] loss = Curves.steady(500, 10, 0.001, 2);
            for (int i = 0; i < loss.length; i++) {
                loss[i] *= 1 - 0.02 * Math.min(1, i / 300.0);
            }
            assertThat(findings(loss)).isEmpty();
        }

        @Test
        void aLogThatBeginsLateMayHaveConverged() {
            Detector.Assessment answer = Points.series(Metric.LOSS, 40_000, 1, Curves.steady(500, 2, 0.01, 3))
                    .judge(detector);
            assertThat(answer.status()).isEqualTo(Coverage.Status.INCONCLUSIVE);
            assertThat(answer.reason()).isEqualTo("needs the run's beginning, got its log from step 40000 on");
        }

        @Test
        void saysWhatItLacks() {
            assertThat(Points.series(Metric.LOSS, 199, i -> 3).judge(detector).reason())
                    .isEqualTo("needs 200 finite losses, got 199");
        }
    }

    @Nested
    class Restart {
        private final Detector detector = new RestartDetector();

        private Points attempts(int count, int length, int back) {
            Points points = Points.of();
            int from = 0;
            for (int a = 0; a < count; a++) {
                points.attempt(a);
                for (int i = from; i < from + length; i++) {
                    points.at(i).set(Metric.LOSS, 3);
                }
                from += length - back;
            }
            return points;
        }

        @Test
        void countsTheStepsPaidForTwice() {
            assertThat(attempts(2, 1000, 50).judge(detector).findings())
                    .singleElement()
                    .satisfies(f -> {
                        assertThat(f.attempt()).isEqualTo(1);
                        assertThat(f.stepFrom()).isEqualTo(950);
                        assertThat(f.severity()).isEqualTo(Severity.INFO);
                        // 50 of 2,000 points
                        assertThat(f.evidence())
                                .contains("50 steps repeated", "1 restart", "2.5 % of the logged points");
                    });
        }

        @Test
        void fiveRestartsOrATenthOfTheCostAreAWarning() {
            assertThat(attempts(6, 1000, 0).judge(detector).findings())
                    .hasSize(5)
                    .allSatisfy(f -> assertThat(f.severity()).isEqualTo(Severity.WARNING));
            assertThat(attempts(2, 1000, 250).judge(detector).findings())
                    .singleElement()
                    .satisfies(f -> {
                        assertThat(f.severity()).isEqualTo(Severity.WARNING);
                        // 250 of 2,000 points
                        assertThat(f.score()).isCloseTo(0.125, within(1e-9));
                        assertThat(f.threshold()).isEqualTo(0.1);
                    });
        }

        @Test
        void aFinishedRunThatBeginsAnewIsAnotherRun() {
            assertThat(attempts(7, 1001, 1001).judge(detector, PLANNED).findings())
                    .hasSize(6)
                    .allSatisfy(f -> {
                        assertThat(f.severity()).isEqualTo(Severity.INFO);
                        assertThat(f.evidence()).contains("began anew", "several runs");
                    });
        }
    }
}
