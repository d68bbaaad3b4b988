package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.blocks.Slice;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Layout;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Faults of workers planted into noise, whose truth is the planting: who, and since which step. */
class WorkerFaultsTest {
    private static final int STEPS = 600;
    private static final int ONSET = 301;

    /** Gradient norms of sound workers with some memory. */
    private static WorkerNoise noise(int workers, long seed) {
        return new WorkerNoise(STEPS, workers, 0.12, 0.5, 5, 0.05, seed);
    }

    private static Team.Value scaled(WorkerNoise noise, Set<Integer> bad, double factor) {
        return (s, w) -> Math.exp(noise.at(s, w)) * (bad.contains(w) && s >= ONSET ? factor : 1);
    }

    private static List<Finding> errors(List<Finding> findings) {
        return findings.stream().filter(f -> f.severity() == Severity.ERROR).toList();
    }

    @ParameterizedTest
    @CsvSource({"2, 1, 8", "2, 0, 0.125", "3, 2, 8", "4, 1, 8", "4, 3, 2", "16, 5, 2", "16, 9, 0.25", "64, 63, 2"})
    void aGradientOfTheWrongScaleIsFoundOnItsWorkerAndFromItsFirstStep(int workers, int bad, double factor) {
        int right = 0;
        for (long seed = 0; seed < 10; seed++) {
            List<Finding> errors = errors(Team.of(workers, STEPS)
                    .with(Metric.GRAD_NORM.ordinal(), scaled(noise(workers, seed), Set.of(bad), factor))
                    .judge(new WorkerOutlierDetector())
                    .findings());
            boolean hit = errors.size() == 1
                    && errors.get(0).worker() == bad
                    && Math.abs(errors.get(0).stepFrom() - ONSET) <= 2;
            right += hit ? 1 : 0;
        }
        assertThat(right).isGreaterThanOrEqualTo(9);
    }

    @Test
    void threeBadWorkersOfSixteenAreAllFoundAndNoOther() {
        Set<Integer> bad = Set.of(2, 7, 11);
        for (long seed = 0; seed < 10; seed++) {
            List<Finding> errors = errors(Team.of(16, STEPS)
                    .with(Metric.GRAD_NORM.ordinal(), scaled(noise(16, 50 + seed), bad, 4))
                    .judge(new WorkerOutlierDetector())
                    .findings());
            assertThat(errors).extracting(Finding::worker).containsExactlyInAnyOrderElementsOf(bad);
            assertThat(errors).allMatch(f -> Math.abs(f.stepFrom() - ONSET) <= 2);
        }
    }

    /** Four stages of four, each with a norm of its own. */
    private static Layout stages(int workers) {
        return Layout.of(IntStream.range(0, workers)
                .mapToObj(w -> new TopologyRecord("run", 0, w, "host-" + w / 8, null, w % 4, 0, w / 4, 0, 0))
                .toList());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void stagesOfDifferentKindAreNoFindingAndABadWorkerAmongThemIs(boolean isKnown) {
        Layout layout = isKnown ? stages(16) : Layout.UNKNOWN;
        WorkerNoise noise = noise(16, 3);
        Team.Value sound = (s, w) -> Math.pow(3, w / 4) * Math.exp(noise.at(s, w));
        assertThat(Team.of(16, STEPS)
                        .layout(layout)
                        .with(Metric.GRAD_NORM.ordinal(), sound)
                        .judge(new WorkerOutlierDetector())
                        .findings())
                .isEmpty();
        List<Finding> errors = errors(Team.of(16, STEPS)
                .layout(layout)
                .with(Metric.GRAD_NORM.ordinal(), (s, w) -> sound.at(s, w) * (w == 6 && s >= ONSET ? 4 : 1))
                .judge(new WorkerOutlierDetector())
                .findings());
        assertThat(errors).extracting(Finding::worker).containsExactly(6);
        assertThat(errors.get(0).stepFrom()).isBetween(ONSET - 2L, ONSET + 2L);
    }

    @Test
    void whatTheNumberOfTokensExplainsIsNotTheWorkersDoing() {
        WorkerNoise noise = noise(8, 4);
        Team.Value tokens = (s, w) -> w == 3 && s >= ONSET ? 1024 : 8192;
        // An eighth of the tokens: the norm of pure noise is √8 times as large.
        Team.Value norms = (s, w) -> Math.exp(noise.at(s, w)) * (w == 3 && s >= ONSET ? Math.sqrt(8) : 1);
        Team team = Team.of(8, STEPS).with(Metric.GRAD_NORM.ordinal(), norms);
        assertThat(errors(team.judge(new WorkerOutlierDetector()).findings())).hasSize(1);
        team.with(Metric.TOKENS.ordinal(), tokens);
        assertThat(team.judge(new WorkerOutlierDetector()).findings()).isEmpty();
        List<Finding> drift = team.judge(new TokenDriftDetector()).findings();
        assertThat(drift).extracting(Finding::worker).containsExactly(3);
        assertThat(drift.get(0).stepFrom()).isBetween(ONSET - 2L, ONSET + 2L);
        assertThat(drift.get(0).severity()).isEqualTo(Severity.ERROR);
    }

    /** Gradient norms and tokens logged at steps of their own: every so many. */
    @ParameterizedTest
    @CsvSource({"10, 1", "5, 1", "7, 3", "1, 10"})
    void tokensExplainNormsThatAreLoggedAtOtherSteps(int everyNorm, int everyTokens) {
        int steps = 6000;
        int onset = 3000;
        WorkerNoise noise = new WorkerNoise(steps, 8, 0.12, 0.5, 5, 0.05, 4);
        Team.Value tokens = (s, w) -> s % everyTokens != 0 ? Slice.ABSENT : w == 3 && s >= onset ? 1024 : 8192;
        for (double factor : new double[] {Math.sqrt(8), 40}) {
            Team team = Team.of(8, steps)
                    .with(
                            Metric.GRAD_NORM.ordinal(),
                            (s, w) -> s % everyNorm != 0
                                    ? Slice.ABSENT
                                    : Math.exp(noise.at(s, w)) * (w == 3 && s >= onset ? factor : 1));
            assertThat(errors(team.judge(new WorkerOutlierDetector()).findings()))
                    .extracting(Finding::worker)
                    .containsExactly(3);
            List<Finding> explained = errors(team.with(Metric.TOKENS.ordinal(), tokens)
                    .judge(new WorkerOutlierDetector())
                    .findings());
            // Forty times is more than any number of tokens explains.
            assertThat(explained).extracting(Finding::worker).isEqualTo(factor == 40 ? List.of(3) : List.of());
        }
    }

    @Test
    void whoAgreesLessIsAsideAndWhomOthersLeaveByAgreeingMoreIsNot() {
        WorkerNoise noise = new WorkerNoise(STEPS, 4, 0.1, 0.2, 0, 0, 15);
        Team.Value fallen = (s, w) -> (w == 1 && s >= ONSET ? 0.05 : 0.4) + noise.at(s, w);
        List<Finding> findings = Team.of(4, STEPS)
                .with(Metric.GRAD_COSINE.ordinal(), fallen)
                .judge(new GradientDirectionDetector())
                .findings();
        assertThat(findings).extracting(Finding::worker).containsExactly(1);
        assertThat(findings.get(0).severity()).isEqualTo(Severity.WARNING);
        // Two read the same data from a step on: they agree more, and all others a little less with the mean of the
        // rest.
        Team.Value pair = (s, w) -> (s < ONSET ? 0.3 : w < 2 ? 0.45 : 0.2) + noise.at(s, w);
        assertThat(Team.of(4, STEPS)
                        .with(Metric.GRAD_COSINE.ordinal(), pair)
                        .judge(new GradientDirectionDetector())
                        .findings())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"1.6, ERROR", "0.6, WARNING", "0.4, ERROR"})
    void aLowerLossIsAnErrorOnlyIfItIsFarLower(double factor, Severity severity) {
        WorkerNoise noise = noise(8, 14);
        List<Finding> findings = Team.of(8, STEPS)
                .with(Metric.LOSS.ordinal(), (s, w) -> Math.exp(noise.at(s, w)) * (w == 3 && s >= ONSET ? factor : 1))
                .judge(new WorkerOutlierDetector())
                .findings();
        assertThat(findings).hasSize(1);
        assertThat(findings.get(0).worker()).isEqualTo(3);
        assertThat(findings.get(0).severity()).isEqualTo(severity);
    }

    @Test
    void oneBadStepIsInformation() {
        WorkerNoise noise = noise(8, 5);
        List<Finding> findings = Team.of(8, STEPS)
                .with(Metric.GRAD_NORM.ordinal(), (s, w) -> Math.exp(noise.at(s, w)) * (w == 2 && s == ONSET ? 50 : 1))
                .judge(new WorkerOutlierDetector())
                .findings();
        assertThat(findings).hasSize(1);
        assertThat(findings.get(0).severity()).isEqualTo(Severity.INFO);
        assertThat(findings.get(0).worker()).isEqualTo(2);
        assertThat(findings.get(0).stepFrom()).isEqualTo(ONSET);
    }

    @Test
    void aFlippedGradientIsAnError() {
        WorkerNoise noise = new WorkerNoise(STEPS, 4, 0.1, 0.2, 0, 0, 6);
        List<Finding> errors = errors(Team.of(4, STEPS)
                .with(Metric.GRAD_COSINE.ordinal(), (s, w) -> (w == 1 && s >= ONSET ? -1 : 1) * (0.25 + noise.at(s, w)))
                .judge(new GradientDirectionDetector())
                .findings());
        assertThat(errors).extracting(Finding::worker).containsExactly(1);
        assertThat(errors.get(0).stepFrom()).isBetween(ONSET - 2L, ONSET + 2L);
    }

    /** Small batches: cosines scatter more than a flipped gradient moves them, and hundreds of steps tell it all the same. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void aFlippedGradientIsToldWhereOneStepCouldNot(long seed) {
        WorkerNoise noise = new WorkerNoise(1200, 8, 0.25, 0.1, 0, 0, seed);
        List<Finding> findings = cosines(1200, 8, (s, w) -> (w == 3 && s >= 400 ? -0.1 : 0.1) + noise.at(s, w));

        assertThat(findings).isNotEmpty().allSatisfy(finding -> {
            assertThat(finding.worker()).isEqualTo(3);
            assertThat(finding.severity()).isEqualTo(Severity.ERROR);
        });
        // Chunks of 16 steps scatter by a quarter of the fall: it takes some of them.
        assertThat(findings.get(0).stepFrom()).isBetween(400 - 32L, 400 + 240L);
    }

    /** From 0.25 to 0.05 among cosines that scatter by 0.3: that undoes nothing. From 0.5 to 0.1 is more than they scatter. */
    @Test
    void aGradientThatPointsAsideMustFallByMore() {
        WorkerNoise noise = new WorkerNoise(1200, 8, 0.3, 0.1, 0, 0, 9);

        assertThat(cosines(1200, 8, (s, w) -> (w == 3 && s >= 400 ? 0.05 : 0.25) + noise.at(s, w)))
                .isEmpty();
        assertThat(cosines(1200, 8, (s, w) -> (w == 3 && s >= 400 ? 0.1 : 0.5) + noise.at(s, w)))
                .extracting(Finding::worker, Finding::severity)
                .containsExactly(org.assertj.core.groups.Tuple.tuple(3, Severity.WARNING));
    }

    private static List<Finding> cosines(int steps, int workers, Team.Value values) {
        return Team.of(workers, steps)
                .with(Metric.GRAD_COSINE.ordinal(), values)
                .judge(new GradientDirectionDetector())
                .findings();
    }

    private static Team busy(int workers, Team.Value factor, long seed) {
        WorkerNoise noise = new WorkerNoise(STEPS, workers, 0.03, 0.3, 5, 0.01, seed);
        Team.Value own = (s, w) -> 0.4 * Math.exp(noise.at(s, w)) * factor.at(s, w);
        // All steps end together: who is slow waits least.
        return Team.of(workers, STEPS)
                .with(Metric.STEP_SECONDS.ordinal(), (s, w) -> slowest(own, workers, s) + 0.02)
                .with(
                        Metric.COLLECTIVE_WAIT_SECONDS.ordinal(),
                        (s, w) -> slowest(own, workers, s) + 0.02 - own.at(s, w));
    }

    private static double slowest(Team.Value own, int workers, int step) {
        return IntStream.range(0, workers)
                .mapToDouble(w -> own.at(step, w))
                .max()
                .orElse(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 16})
    void theOneThatWaitsLeastIsTheStraggler(int workers) {
        List<Finding> errors = errors(busy(workers, (s, w) -> w == 1 && s >= ONSET ? 1.5 : 1, 10)
                .judge(new StragglerDetector())
                .findings());
        assertThat(errors).extracting(Finding::worker).containsExactly(1);
        assertThat(errors.get(0).stepFrom()).isBetween(ONSET - 2L, ONSET + 2L);
    }

    @Test
    void aWorkerThatIsSlowFromTheStartIsAStragglerToo() {
        List<Finding> errors = errors(busy(8, (s, w) -> w == 5 ? 1.3 : 1, 11)
                .judge(new StragglerDetector())
                .findings());
        assertThat(errors).extracting(Finding::worker).containsExactly(5);
        assertThat(errors.get(0).stepFrom()).isZero();
    }

    /** Steps of half a millisecond: a third of that is what threads happen to wait for a core. */
    @Test
    void whatIsShorterThanATimeSliceIsOnlyNoted() {
        WorkerNoise noise = new WorkerNoise(STEPS, 8, 0.03, 0.3, 5, 0.01, 11);
        for (Team.Value factor : List.<Team.Value>of(
                (s, w) -> w == 5 ? 1.3 : 1,
                (s, w) -> w == 5 && s >= ONSET ? 1.3 : 1,
                (s, w) -> w == 5 && s % 3 == 0 ? 1.5 : 1,
                (s, w) -> s % 2 == 0 && (s * 7 / 2) % 8 == w ? 2 : 1)) {
            List<Finding> findings = Team.of(8, STEPS)
                    .with(Metric.COMPUTE_SECONDS.ordinal(), (s, w) -> 5e-4 * Math.exp(noise.at(s, w)) * factor.at(s, w))
                    .judge(new StragglerDetector())
                    .findings();
            assertThat(findings).isNotEmpty().extracting(Finding::severity).containsOnly(Severity.INFO);
        }
    }

    @Test
    void aWorkerThatIsSlowAtEveryThirdStepIsOne() {
        List<Finding> errors = errors(busy(8, (s, w) -> w == 5 && s % 3 == 0 ? 1.5 : 1, 12)
                .judge(new StragglerDetector())
                .findings());
        assertThat(errors).extracting(Finding::worker).containsExactly(5);
    }

    @Test
    void stragglersInTurnAreNoWorkersFault() {
        List<Finding> findings = busy(8, (s, w) -> s % 2 == 0 && (s * 7 / 2) % 8 == w ? 2 : 1, 13)
                .judge(new StragglerDetector())
                .findings();
        assertThat(findings).hasSize(1);
        assertThat(findings.get(0).worker()).isEqualTo(StepRecord.NO_WORKER);
        assertThat(findings.get(0).severity()).isEqualTo(Severity.WARNING);
    }

    @Test
    void aNodeIsToldAsOne() {
        List<Finding> findings = busy(24, (s, w) -> w >= 16 && s >= ONSET ? 2 : 1, 14)
                .judge(new StragglerDetector())
                .findings();
        assertThat(findings).hasSize(1);
        assertThat(findings.get(0).group()).isEqualTo("workers 16 to 23");
        assertThat(findings.get(0).severity()).isEqualTo(Severity.ERROR);
    }

    @Test
    void tenThousandWorkersKeepToNumbersPerWorker() {
        List<Finding> errors = new ArrayList<>(errors(Team.of(10_000, 160)
                .window(40)
                .with(
                        Metric.GRAD_NORM.ordinal(),
                        (s, w) -> (w == 4321 && s >= 100 ? 8 : 1)
                                * (1 + 0.1 * ((s * 7919L + w * 104_729L) % 101 - 50) / 50.0))
                .judge(new WorkerOutlierDetector())
                .findings()));
        assertThat(errors).extracting(Finding::worker).containsExactly(4321);
        assertThat(errors.get(0).stepFrom()).isBetween(98L, 102L);
    }

    @Test
    void whoIsSlowNowAndThenIsToldThoughAnotherIsALittleSlowToo() {
        List<Finding> findings = busy(16, (s, w) -> s % 8 != 0 ? 1 : w == 9 ? 3 : w == 2 ? 1.3 : 1, 33)
                .judge(new StragglerDetector())
                .findings();
        assertThat(findings).extracting(Finding::worker).containsExactly(9);
        assertThat(findings.get(0).evidence()).contains("every 8 steps");
    }

    @Test
    void aSlowPipelineStageIsAnErrorOfAllItsWorkers() {
        // Worker 4 d + p is stage p of replica d, each replica on a host of its own.
        Layout layout = Layout.of(IntStream.range(0, 16)
                .mapToObj(w -> new TopologyRecord("run", 0, w, "host-" + w / 4, null, w / 4, 0, w % 4, 0, 0))
                .toList());
        List<Finding> findings = busy(16, (s, w) -> w % 4 == 2 && s >= ONSET ? 2 : 1, 34)
                .layout(layout)
                .judge(new StragglerDetector())
                .findings();
        assertThat(findings).hasSize(1);
        assertThat(findings.get(0).severity()).isEqualTo(Severity.ERROR);
        assertThat(findings.get(0).worker()).isEqualTo(StepRecord.NO_WORKER);
        assertThat(findings.get(0).evidence()).startsWith("all 4 workers of pipeline stage 2 took");
        assertThat(findings.get(0).stepFrom()).isBetween(ONSET - 2L, ONSET + 2L);
    }

    @Test
    void aTimeThatNoWorkerLoggedDoesNotHideWhatTheyDid() {
        // As in a file in which other rows have the step's time.
        List<Finding> findings = Team.of(4, STEPS)
                .with(Metric.COMPUTE_SECONDS.ordinal(), (s, w) -> 0.4 * (w == 1 && s >= ONSET ? 2 : 1))
                .with(Metric.COLLECTIVE_WAIT_SECONDS.ordinal(), (s, w) -> 0.02)
                .with(Metric.STEP_SECONDS.ordinal(), (s, w) -> Slice.ABSENT)
                .judge(new StragglerDetector())
                .findings();
        assertThat(errors(findings)).extracting(Finding::worker).containsExactly(1);
    }
}
