package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import java.util.List;
import org.junit.jupiter.api.Test;

class LossScaleDetectorTest {
    private static final Detector DETECTOR = new LossScaleDetector();

    private static List<Finding> findings(double... scale) {
        return Points.series(Metric.LOSS_SCALE, 100, 1, scale).judge(DETECTOR).findings();
    }

    @Test
    void countsHalvingsFromTheLevelItHadHeld() {
        assertThat(findings(65536, 65536, 65536, 65536, 32768, 16384, 8192, 8192, 4096, 4096, 4096))
                .singleElement()
                .satisfies(f -> {
                    assertThat(f.stepFrom()).isEqualTo(104);
                    assertThat(f.stepTo()).isEqualTo(108);
                    // log2(65536 / 4096)
                    assertThat(f.score()).isEqualTo(4);
                    assertThat(f.severity()).isEqualTo(Severity.WARNING);
                    assertThat(f.cause()).isEqualTo(Cause.NUMERICS);
                    assertThat(f.evidence())
                            .isEqualTo("loss_scale fell from 65536 to 4096 (4 halvings) between steps 104 and 108");
                });
    }

    @Test
    void oneOrTwoHalvingsAreTheSchemeAtWork() {
        assertThat(findings(4096, 4096, 4096, 8192, 4096, 4096, 4096, 2048, 2048, 4096, 2048))
                .isEmpty();
    }

    @Test
    void theDescentFromTheFirstGuessIsCalibration() {
        assertThat(findings(4294967296.0, 2147483648.0, 1073741824, 536870912, 268435456, 134217728, 134217728))
                .isEmpty();
    }

    @Test
    void aScaleOfOneHoldsNothingAnyMore() {
        assertThat(findings(16, 16, 16, 16, 8, 4, 2, 1))
                .singleElement()
                .satisfies(f -> assertThat(f.severity()).isEqualTo(Severity.ERROR));
    }

    @Test
    void halvingsFarApartAreSeveralDescents() {
        double[] scale = new double[200];
        for (int i = 0; i < scale.length; i++) {
            scale[i] = 65536 / Math.pow(2, i / 30);
        }
        assertThat(findings(scale)).isEmpty();
    }

    @Test
    void whatHappenedInAPauseOfTheLogIsNotKnown() {
        Points points = Points.series(Metric.LOSS_SCALE, 0, 1, 65536, 65536, 65536, 65536, 65536, 65536, 65536);
        points.at(5000).set(Metric.LOSS_SCALE, 1024);
        points.at(5001).set(Metric.LOSS_SCALE, 1024);
        assertThat(points.judge(DETECTOR).findings()).isEmpty();
    }
}
