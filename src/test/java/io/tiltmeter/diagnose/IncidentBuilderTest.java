package io.tiltmeter.diagnose;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class IncidentBuilderTest {
    private static final IncidentBuilder BUILDER = new IncidentBuilder(
            Map.of("loss-spike", "Look at the batch.", "grad-explosion", "Clip gradients.", "non-finite", "Go back."));
    private static final RunSummary RUN =
            new RunSummary("run", "p", 1, 4, 10_000, 0, 9_999, 10_000, 10, 3, 3, Double.NaN, false, Double.NaN);

    private static Finding finding(
            String detector, String metric, int attempt, int worker, long from, Severity severity, Cause cause) {
        return new Finding(
                "run",
                detector,
                metric,
                attempt,
                worker,
                null,
                null,
                null,
                from,
                from,
                from,
                9,
                5,
                severity,
                cause,
                "it moved");
    }

    private static Finding finding(String detector, String metric, long from, Severity severity, Cause cause) {
        return finding(detector, metric, 0, StepRecord.NO_WORKER, from, severity, cause);
    }

    private static Finding spike(long from, Severity severity) {
        return finding("loss-spike", "loss", from, severity, Cause.UNKNOWN);
    }

    private static Incident ofWorkers(Finding... findings) {
        List<Incident> incidents = BUILDER.build(RUN, List.of(findings));
        assertThat(incidents).hasSize(1);
        return incidents.get(0);
    }

    @Test
    void anEstimatedStepOfAWorkerYieldsToWhatIsKnownToBeginThere() {
        Finding outlier = finding("worker-outlier", "grad_norm", 0, 3, 299, Severity.ERROR, Cause.WORKER);
        Finding drift = finding("replica-drift", "parameter_hash", 0, 3, 301, Severity.ERROR, Cause.WORKER);
        assertThat(ofWorkers(outlier, drift).why()).startsWith("parameter_hash of worker 3 showed first");
        Finding tokens = finding("token-drift", "tokens", 0, 3, 301, Severity.ERROR, Cause.DATA);
        assertThat(ofWorkers(outlier, tokens).cause()).isEqualTo(Cause.DATA);
    }

    @Test
    void butNotToThatOfAnotherWorkerOrToALaterOne() {
        Finding outlier = finding("worker-outlier", "grad_norm", 0, 3, 299, Severity.ERROR, Cause.WORKER);
        Finding later = finding("duplicated-data", "batch_hash", 0, 3, 302, Severity.ERROR, Cause.DATA);
        Finding other = finding("duplicated-data", "batch_hash", 0, 4, 301, Severity.ERROR, Cause.DATA);
        assertThat(ofWorkers(outlier, later).cause()).isEqualTo(Cause.WORKER);
        assertThat(ofWorkers(outlier, other).cause()).isEqualTo(Cause.WORKER);
    }

    @Test
    void aStragglerIsNoCauseOfWhatIsLearnt() {
        Finding straggler = finding("straggler", "compute_seconds", 0, 3, 300, Severity.ERROR, Cause.WORKER);
        Finding flipped = finding("gradient-direction", "grad_cosine", 0, 1, 301, Severity.ERROR, Cause.WORKER);
        assertThat(BUILDER.build(RUN, List.of(straggler, flipped))).hasSize(2);
    }

    @Test
    void badInputsOfOneWorkerComeBeforeTheGradientAndTheLossTheySpoil() {
        List<Incident> incidents = BUILDER.build(
                RUN,
                List.of(
                        finding("non-finite", "loss", 4813, Severity.ERROR, Cause.NUMERICS),
                        finding("non-finite", "grad_norm", 0, 3, 4812, Severity.WARNING, Cause.NUMERICS),
                        finding("non-finite", "nan_inputs", 0, 3, 4812, Severity.WARNING, Cause.DATA)));
        assertThat(incidents).singleElement().satisfies(i -> {
            assertThat(i.cause()).isEqualTo(Cause.DATA);
            assertThat(i.severity()).isEqualTo(Severity.ERROR);
            assertThat(i.firstStep()).isEqualTo(4812);
            assertThat(i.lastStep()).isEqualTo(4813);
            assertThat(i.findings()).extracting(Finding::metric).containsExactly("nan_inputs", "grad_norm", "loss");
            assertThat(i.why())
                    .isEqualTo(
                            "nan_inputs of worker 3 showed first (non-finite, step 4812); then grad_norm of worker 3 at"
                                    + " the same step (non-finite), then loss 1 step later (non-finite).");
        });
    }

    @Test
    void theGradientThatLeadsIsTheFirstCauseEvenAsInformation() {
        List<Incident> incidents = BUILDER.build(
                RUN,
                List.of(
                        spike(504, Severity.WARNING),
                        finding("grad-explosion", "grad_norm", 500, Severity.INFO, Cause.OPTIMIZER)));
        assertThat(incidents).singleElement().satisfies(i -> {
            assertThat(i.cause()).isEqualTo(Cause.OPTIMIZER);
            assertThat(i.firstStep()).isEqualTo(500);
            assertThat(i.severity()).isEqualTo(Severity.WARNING);
            assertThat(i.advice()).isEqualTo("Clip gradients. Look at the batch.");
        });
    }

    @Test
    void whatBeginsMoreThanSixteenStepsLaterIsAnotherIncident() {
        assertThat(BUILDER.build(RUN, List.of(spike(500, Severity.WARNING), spike(516, Severity.WARNING))))
                .hasSize(1);
        assertThat(BUILDER.build(RUN, List.of(spike(500, Severity.WARNING), spike(517, Severity.WARNING))))
                .extracting(Incident::firstStep)
                .containsExactly(500L, 517L);
    }

    @Test
    void attemptsAndFamiliesAreKeptApart() {
        List<Incident> incidents = BUILDER.build(
                RUN,
                List.of(
                        spike(500, Severity.WARNING),
                        finding("step-stall", "step_seconds", 500, Severity.WARNING, Cause.INFRASTRUCTURE),
                        finding("aborted-run", "", 500, Severity.WARNING, Cause.INFRASTRUCTURE),
                        finding("loss-spike", "loss", 1, StepRecord.NO_WORKER, 500, Severity.WARNING, Cause.UNKNOWN)));
        assertThat(incidents).hasSize(4);
        assertThat(incidents).extracting(Incident::id).doesNotHaveDuplicates();
        assertThat(incidents).extracting(Incident::attempt).containsExactly(0, 0, 0, 1);
    }

    @Test
    void allRestartsAreOneIncident() {
        List<Incident> incidents = BUILDER.build(
                RUN,
                List.of(
                        finding("restart", "", 1, StepRecord.NO_WORKER, 400, Severity.WARNING, Cause.INFRASTRUCTURE),
                        finding("restart", "", 2, StepRecord.NO_WORKER, 900, Severity.WARNING, Cause.INFRASTRUCTURE)));
        assertThat(incidents).singleElement().satisfies(i -> {
            assertThat(i.findings()).hasSize(2);
            assertThat(i.why()).startsWith("The run was started again 2 times");
        });
    }

    @Test
    void onlyRestartsAreCountedAsRestarts() {
        Finding restart = finding("restart", "", 1, StepRecord.NO_WORKER, 400, Severity.WARNING, Cause.INFRASTRUCTURE);
        Finding damage =
                finding("resume-damage", "loss", 1, StepRecord.NO_WORKER, 404, Severity.WARNING, Cause.INFRASTRUCTURE);
        Finding norm = finding(
                "resume-damage", "grad_norm", 1, StepRecord.NO_WORKER, 408, Severity.INFO, Cause.INFRASTRUCTURE);
        Finding data =
                finding("data-cursor", "consumed_tokens", 1, StepRecord.NO_WORKER, 400, Severity.WARNING, Cause.DATA);
        assertThat(ofWorkers(restart, damage).why())
                .isEqualTo("The run was started again once; why it stopped is not in its metrics. It did not go on as"
                        + " before: resume-damage (step 404).");
        assertThat(ofWorkers(restart, damage, norm, data).why())
                .isEqualTo("The run was started again once; why it stopped is not in its metrics. It did not go on as"
                        + " before: data-cursor (step 400), resume-damage (step 404).");
        // The restart itself was not judged.
        assertThat(ofWorkers(damage, data).why())
                .isEqualTo("consumed_tokens showed first (data-cursor, step 400); then loss 4 steps later"
                        + " (resume-damage).");
    }

    @Test
    void informationThatBelongsToNothingIsGatheredOnce() {
        List<Incident> incidents = BUILDER.build(
                RUN, List.of(spike(500, Severity.INFO), spike(2000, Severity.INFO), spike(5000, Severity.WARNING)));
        assertThat(incidents).hasSize(2);
        assertThat(incidents.get(0).findings()).hasSize(2);
        assertThat(incidents.get(0).why()).isEqualTo("2 marks between steps 500 and 2000, none of which led to more.");
        assertThat(incidents.get(1).why()).isEqualTo("Nothing else was found near step 5000.");
    }

    @Test
    void whatAPatternTellsIsNotToldAgainUnlessItDidHarm() {
        assertThat(BUILDER.build(RUN, List.of(spike(500, Severity.WARNING)), f -> true))
                .isEmpty();
        assertThat(BUILDER.build(RUN, List.of(spike(500, Severity.ERROR)), f -> true))
                .hasSize(1);
        assertThat(BUILDER.build(
                        RUN,
                        List.of(spike(500, Severity.WARNING), spike(501, Severity.WARNING)),
                        f -> f.stepFrom() == 500))
                .hasSize(1);
    }

    @Test
    void noFindingsMakeNoIncident() {
        assertThat(BUILDER.build(RUN, List.of())).isEmpty();
    }

    @Test
    void aLogOfTwoWritersIsNoCauseOfWhatTheTrainingDid() {
        List<Incident> incidents = BUILDER.build(
                RUN,
                List.of(
                        finding("conflicting-rows", "", 500, Severity.WARNING, Cause.INFRASTRUCTURE),
                        finding("loss-spike", "loss", 501, Severity.WARNING, Cause.UNKNOWN)));
        assertThat(incidents).hasSize(2);
        assertThat(incidents.get(0).why()).isEqualTo("It is about the log, not about the training that it tells of.");
        assertThat(incidents.get(1).cause()).isEqualTo(Cause.UNKNOWN);
    }
}
