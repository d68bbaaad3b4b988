package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.blocks.Digest;
import io.tiltmeter.blocks.DigestCursor;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import java.util.List;
import org.junit.jupiter.api.Test;

class NonFiniteDetectorTest {
    private static final Detector DETECTOR = new NonFiniteDetector();

    @Test
    void nanToTheEndIsAnError() {
        assertThat(Points.series(Metric.LOSS, 0, 1, 3, 2.9, Double.NaN, Double.NaN)
                        .judge(DETECTOR)
                        .findings())
                .singleElement()
                .satisfies(f -> {
                    assertThat(f.severity()).isEqualTo(Severity.ERROR);
                    assertThat(f.cause()).isEqualTo(Cause.NUMERICS);
                    assertThat(f.stepFrom()).isEqualTo(2);
                    assertThat(f.stepTo()).isEqualTo(3);
                    assertThat(f.evidence()).contains("to the end of the log");
                });
    }

    @Test
    void aStretchThatEndsIsAWarningEach() {
        List<Finding> findings = Points.series(Metric.LOSS, 0, 10, 3, Double.NaN, 3, 3, Double.POSITIVE_INFINITY, 3)
                .judge(DETECTOR)
                .findings();
        assertThat(findings).extracting(Finding::stepFrom).containsExactly(10L, 40L);
        assertThat(findings).allMatch(f -> f.severity() == Severity.WARNING);
    }

    @Test
    void anOverflowThatLossScalingSkipsIsInformation() {
        Points points = Points.of();
        for (int i = 0; i < 20; i++) {
            points.at(i)
                    .set(Metric.LOSS, 3)
                    .set(Metric.GRAD_NORM, i == 10 ? Double.POSITIVE_INFINITY : 1)
                    .set(Metric.LOSS_SCALE, i < 10 ? 65536 : 32768);
        }
        assertThat(points.judge(DETECTOR).findings()).singleElement().satisfies(f -> {
            assertThat(f.severity()).isEqualTo(Severity.INFO);
            assertThat(f.evidence()).contains("skipped by loss scaling");
        });
    }

    @Test
    void badInputsAreADataCauseAndNameTheWorker() {
        Points points = Points.of();
        for (int i = 0; i < 10; i++) {
            boolean bad = i >= 6;
            points.at(i).from(3).set(Metric.NAN_INPUTS, bad ? 12 : 0).set(Metric.LOSS, i >= 7 ? Double.NaN : 1);
        }
        List<Finding> findings = points.judge(DETECTOR).findings();
        assertThat(findings).hasSize(2);
        assertThat(findings.get(0)).satisfies(f -> {
            assertThat(f.metric()).isEqualTo("nan_inputs");
            assertThat(f.cause()).isEqualTo(Cause.DATA);
            assertThat(f.worker()).isEqualTo(3);
            assertThat(f.stepFrom()).isEqualTo(6);
        });
        assertThat(findings.get(1).stepFrom()).isEqualTo(7);
    }

    private static List<Finding> judge(Team team) {
        Detector.Tracker tracker =
                DETECTOR.track(new Detector.RunContext(Points.RUN), DetectorSettings.defaults(DETECTOR.info()));
        for (Digest digest : team.digests()) {
            DigestCursor cursor = new DigestCursor(0, digest);
            while (cursor.advance()) {
                tracker.observe(cursor);
            }
        }
        return tracker.assess().findings();
    }

    /** Four workers, of whom one has a bad gradient at step 5 and all have one from then on. */
    private static List<Finding> gradientsOf(double nanInputs) {
        Team team = Team.of(4, 10)
                .with(Metric.GRAD_NORM.ordinal(), (s, w) -> s > 5 || (s == 5 && w == 2) ? Double.NaN : 1)
                .with(Metric.NAN_INPUTS.ordinal(), (s, w) -> s == 5 && w == 2 ? nanInputs : 0);
        return judge(team).stream().filter(f -> f.metric().equals("grad_norm")).toList();
    }

    @Test
    void whoIsNonFiniteBeforeTheReductionIsTheCause() {
        assertThat(gradientsOf(0)).singleElement().satisfies(f -> {
            assertThat(f.worker()).isEqualTo(2);
            assertThat(f.stepFrom()).isEqualTo(5);
            assertThat(f.cause()).isEqualTo(Cause.WORKER);
            assertThat(f.evidence()).contains("on worker 2 while it was finite on others");
        });
    }

    @Test
    void orItsDataIsWhereThatWasBad() {
        assertThat(gradientsOf(7)).singleElement().satisfies(f -> {
            assertThat(f.worker()).isEqualTo(2);
            assertThat(f.cause()).isEqualTo(Cause.DATA);
        });
    }

    @Test
    void allWorkersAtOnceAreNobodysDoing() {
        Team team = Team.of(4, 10).with(Metric.GRAD_NORM.ordinal(), (s, w) -> s > 5 ? Double.NaN : 1);
        assertThat(judge(team)).singleElement().satisfies(f -> {
            assertThat(f.worker()).isEqualTo(-1);
            assertThat(f.cause()).isEqualTo(Cause.NUMERICS);
        });
    }

    @Test
    void theLargestDoubleStandsForInfinity() {
        assertThat(Points.series(Metric.GRAD_NORM, 0, 1, 1, Double.MAX_VALUE, 1)
                        .judge(DETECTOR)
                        .findings())
                .hasSize(1);
    }

    @Test
    void aLineWithoutTheUsualLossCountsWhenTheOptimizerStoodStill() {
        Points points = Points.of();
        for (int i = 0; i < 5; i++) {
            points.at(i).set(Metric.LOSS, 7).set(Metric.GRAD_NORM, 10 + i).set(Metric.LOSS_SCALE, 16384);
        }
        points.at(5).set(Metric.GRAD_NORM, 14).set(Metric.LOSS_SCALE, 8192);
        assertThat(points.judge(DETECTOR).findings()).singleElement().satisfies(f -> {
            assertThat(f.stepFrom()).isEqualTo(5);
            assertThat(f.severity()).isEqualTo(Severity.INFO);
            assertThat(f.evidence()).startsWith("loss was absent at step 5");
        });
    }

    @Test
    void aLossLoggedNowAndThenIsNotMissed() {
        Points points = Points.of();
        for (int i = 0; i < 100; i++) {
            Points.Point point = points.at(i).set(Metric.GRAD_NORM, 1 + i * 0.01);
            if (i % 10 < 5) {
                point.set(Metric.LOSS, 3);
            }
        }
        assertThat(points.judge(DETECTOR).findings()).isEmpty();
    }

    @Test
    void manyStretchesAreCapped() {
        assertThat(Points.series(Metric.LOSS, 5000, s -> s % 2 == 0 ? Double.NaN : 3)
                        .judge(DETECTOR)
                        .findings())
                .hasSize(Detector.Tracker.MAX_FINDINGS);
    }

    @Test
    void withoutAnyMetricItSeesNothing() {
        assertThat(Points.series(Metric.STEP_SECONDS, 0, 1, 1, 1)
                        .judge(DETECTOR)
                        .status())
                .isEqualTo(Coverage.Status.NOT_OBSERVABLE);
    }
}
