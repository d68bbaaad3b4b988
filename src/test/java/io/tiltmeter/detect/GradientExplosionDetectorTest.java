package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import java.util.List;
import org.junit.jupiter.api.Test;

class GradientExplosionDetectorTest {
    private static final Detector DETECTOR = new GradientExplosionDetector();

    @Test
    void findsTheClimbAndByHowMuchItLedTheLoss() {
        double[] norm = Curves.steady(600, 0.25, 0.1, 1);
        double[] loss = Curves.steady(600, 2.2, 0.01, 2);
        double[] climb = {1, 2.4, 16, 145, 960, 353, 379, 650};
        System.arraycopy(climb, 0, norm, 400, climb.length);
        loss[404] = 5.1;
        loss[405] = 3.5;
        Points points = Points.series(Metric.GRAD_NORM, 0, 1, norm).with(Metric.LOSS, s -> loss[(int) s]);
        assertThat(points.judge(DETECTOR).findings())
                .filteredOn(f -> f.severity() != Severity.INFO)
                .singleElement()
                .satisfies(f -> {
                    assertThat(f.stepFrom()).isEqualTo(400);
                    assertThat(f.peakStep()).isEqualTo(404);
                    assertThat(f.stepTo()).isEqualTo(407);
                    assertThat(f.severity()).isEqualTo(Severity.WARNING);
                    assertThat(f.cause()).isEqualTo(Cause.OPTIMIZER);
                    assertThat(f.evidence()).contains("the gradient norm led the loss by 4 steps");
                });
    }

    @Test
    void aPeakOfOneStepIsInformation() {
        double[] norm = Curves.steady(600, 0.25, 0.1, 3);
        norm[300] = 40;
        assertThat(Points.series(Metric.GRAD_NORM, 0, 1, norm).judge(DETECTOR).findings())
                .singleElement()
                .satisfies(f -> assertThat(f.severity()).isEqualTo(Severity.INFO));
    }

    @Test
    void findsItAfterTwoLinesOfAnExcerpt() {
        List<Finding> findings = Points.series(
                        Metric.GRAD_NORM, 31213, 1, 0.174, 0.242, 0.947, 2.39, 15.886, 145.1, 960.4)
                .judge(DETECTOR)
                .findings();
        assertThat(findings).singleElement().satisfies(f -> {
            assertThat(f.stepFrom()).isEqualTo(31215);
            assertThat(f.severity()).isEqualTo(Severity.WARNING);
        });
    }

    @Test
    void aNormThatGrowsSlowlyAllAlongIsNone() {
        double[] norm = Curves.steady(2000, 1, 0.15, 4);
        for (int i = 0; i < norm.length; i++) {
            norm[i] *= 1 + i / 100.0;
        }
        assertThat(Points.series(Metric.GRAD_NORM, 0, 1, norm).judge(DETECTOR).findings())
                .isEmpty();
    }

    @Test
    void aNormOfZeroMeansThatNoneWasComputed() {
        Detector.Assessment assessment =
                Points.series(Metric.GRAD_NORM, 100, s -> 0).judge(DETECTOR);
        assertThat(assessment.status()).isEqualTo(Coverage.Status.NOT_OBSERVABLE);
    }
}
