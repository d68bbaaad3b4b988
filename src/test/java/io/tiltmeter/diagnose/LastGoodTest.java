package io.tiltmeter.diagnose;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.Cause;
import io.tiltmeter.model.DataTrail.Checkpoint;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LastGoodTest {

    private static Incident incident(String detector, int attempt, long from, long to) {
        Finding finding = new Finding(
                "r",
                detector,
                "loss",
                attempt,
                StepRecord.NO_WORKER,
                null,
                null,
                null,
                from,
                to,
                from,
                2,
                1,
                Severity.ERROR,
                Cause.NUMERICS,
                "");
        return new Incident(
                "r/" + attempt + "/" + from,
                "r",
                Cause.NUMERICS,
                "",
                Severity.ERROR,
                attempt,
                from,
                to,
                "",
                List.of(finding));
    }

    private static Checkpoint checkpoint(int attempt, long step) {
        return new Checkpoint(attempt, step, null);
    }

    @Test
    void isTheLastBeforeTheFirstStepAndNotThatStepItself() {
        Incident spike = incident("loss-spike", 0, 300, 340);

        assertThat(LastGood.of(
                        spike,
                        List.of(checkpoint(0, 100), checkpoint(0, 200), checkpoint(0, 300), checkpoint(0, 400)),
                        Map.of(),
                        List.of(spike)))
                .isEqualTo(new LastGood.Choice(java.util.Optional.of(checkpoint(0, 200)), 0));
    }

    @Test
    void ofAnEarlierStartOnlyWhatTheLaterOnesBeganFromCounts() {
        Incident spike = incident("loss-spike", 2, 520, 540);
        List<Checkpoint> written = List.of(
                checkpoint(0, 300), checkpoint(0, 400), checkpoint(1, 450), checkpoint(1, 510), checkpoint(2, 530));

        // The second start began at 350, the third at 500: of the first only 300 leads on, of the second 450.
        assertThat(LastGood.of(spike, written, Map.of(1, 350L, 2, 500L), List.of(spike))
                        .checkpoint())
                .contains(checkpoint(1, 450));
        // The third start began before 450 was written.
        assertThat(LastGood.of(spike, written, Map.of(1, 350L, 2, 420L), List.of(spike))
                        .checkpoint())
                .contains(checkpoint(0, 300));
        // Where the third start began is not known.
        assertThat(LastGood.of(spike, written, Map.of(1, 350L), List.of(spike)).checkpoint())
                .isEmpty();
    }

    @Test
    void oneThatWasWrittenInOtherTroubleIsPassedOver() {
        Incident spike = incident("loss-spike", 0, 300, 340);
        Incident drift = incident("replica-drift", 0, 150, 900);
        Incident slow = incident("straggler", 0, 50, 900);

        LastGood.Choice choice = LastGood.of(
                spike,
                List.of(checkpoint(0, 100), checkpoint(0, 200), checkpoint(0, 250)),
                Map.of(),
                List.of(spike, drift, slow));

        assertThat(choice.checkpoint()).contains(checkpoint(0, 100));
        assertThat(choice.passedOver()).isEqualTo(2);
    }
}
