package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConflictingRowsDetectorTest {
    private final Detector detector = new ConflictingRowsDetector();

    @Test
    void tellsHowManyAndTheFirst() {
        Points points = Points.series(Metric.LOSS, 0, 1, 5, 4, 3, 2);
        points.attempt(1).at(2).set(Metric.LOSS, 3).from(7).conflicting(2);
        points.at(3).set(Metric.LOSS, 2).from(4).conflicting(1);

        assertThat(points.judge(detector).findings()).singleElement().satisfies(finding -> {
            assertThat(finding.severity()).isEqualTo(Severity.WARNING);
            assertThat(finding.cause()).isEqualTo(Cause.INFRASTRUCTURE);
            assertThat(finding.attempt()).isEqualTo(1);
            assertThat(finding.stepFrom()).isEqualTo(2);
            assertThat(finding.worker()).isEqualTo(7);
            assertThat(finding.score()).isEqualTo(3);
            assertThat(finding.threshold()).isEqualTo(1);
            assertThat(finding.evidence())
                    .startsWith("3 values came for")
                    .contains("step 2 of attempt 1, worker 7", "the one logged last was used");
        });
    }

    @Test
    void isSilentWithoutAConflict() {
        Detector.Assessment answer =
                Points.series(Metric.LEARNING_RATE, 0, 1, 1e-3).judge(detector);
        assertThat(answer.status()).isEqualTo(Coverage.Status.OBSERVED);
        assertThat(answer.findings()).isEmpty();
    }

    @Test
    void mayBeToldFromMoreCellsOn() {
        DetectorSettings settings = new DetectorSettings(true, Map.of("cells", 3.0));
        Detector.Tracker tracker = detector.track(new Detector.RunContext(Points.RUN), settings);
        Points points = Points.of();
        tracker.observe(points.at(1).set(Metric.LOSS, 3).conflicting(2));
        assertThat(tracker.assess().findings()).isEmpty();
        tracker.observe(points.at(2).set(Metric.LOSS, 3).conflicting(1));
        assertThat(tracker.assess().findings()).singleElement().satisfies(finding -> {
            assertThat(finding.worker()).isEqualTo(StepRecord.NO_WORKER);
            assertThat(finding.evidence()).contains("of the run as a whole");
        });
    }
}
