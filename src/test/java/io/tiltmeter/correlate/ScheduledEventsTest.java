package io.tiltmeter.correlate;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.correlate.ScheduledEvents.Coincidence;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.Severity;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScheduledEventsTest {
    private static Pattern pattern(String metric) {
        return new Pattern(
                "step",
                "500",
                "p",
                "step-stall",
                metric,
                Severity.WARNING,
                500,
                500,
                List.of("a", "b", "c", "d"),
                4,
                100,
                50,
                100,
                1e-6,
                8,
                "",
                List.of(),
                List.of(),
                "4 of 4",
                "");
    }

    private static List<Coincidence> all(String kind, double rate) {
        return Collections.nCopies(4, new Coincidence(kind, rate, true));
    }

    @Test
    void anEvaluationExplainsASlowStepAndMakesItInformation() {
        Pattern explained = ScheduledEvents.explain(pattern("step_seconds"), all("evaluation", 0.01));

        assertThat(explained.explanation()).isEqualTo("evaluation there in 4 of 4 runs");
        assertThat(explained.severity()).isEqualTo(Severity.INFO);
    }

    @Test
    void anEvaluationExplainsNoLossAndAnEventOfEveryStepNothing() {
        assertThat(ScheduledEvents.explain(pattern("loss"), all("evaluation", 0.01)))
                .isEqualTo(pattern("loss"));
        assertThat(ScheduledEvents.explain(pattern("step_seconds"), all("checkpoint", 0.5)))
                .isEqualTo(pattern("step_seconds"));
        assertThat(ScheduledEvents.explain(pattern("step_seconds"), List.of())).isEqualTo(pattern("step_seconds"));
    }

    @Test
    void aChangeOfTheLearningRateExplainsAJumpOfTheLoss() {
        assertThat(ScheduledEvents.explain(pattern("loss"), all("learning_rate_change", 0.001))
                        .explanation())
                .isEqualTo("learning rate change there in 4 of 4 runs");
    }
}
