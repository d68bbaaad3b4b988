package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

/** What is told of a run that went on from a checkpoint, and what is not told of sound ones. */
class RestartsTest {
    private static final Detector REPLAY = new ReplayMismatchDetector();
    private static final Detector DAMAGE = new ResumeDamageDetector();
    private static final Detector CURSOR = new DataCursorDetector();

    /** 500 steps, then again from step 400 on up to 700, with other losses by these log differences. */
    private static Points replayed(IntToDoubleFunction difference, long seed) {
        double[] loss = Curves.sound(700, 0.02, seed);
        Points points = Points.of();
        for (int i = 0; i < 500; i++) {
            points.at(i).set(Metric.LOSS, loss[i]);
        }
        points.attempt(1);
        for (int i = 400; i < 700; i++) {
            points.at(i).set(Metric.LOSS, loss[i] * Math.exp(difference.applyAsDouble(i)));
        }
        return points;
    }

    @Test
    void isSilentOnAReplayThatIsTheSame() {
        Detector.Assessment answer = replayed(i -> 0, 1).judge(REPLAY);

        assertThat(answer.status()).isEqualTo(Coverage.Status.OBSERVED);
        assertThat(answer.findings()).isEmpty();
    }

    /** The batches are the same, for losses go up and down together; all of them are 1 % higher, half of a batch's noise. */
    @Test
    void tellsAStateThatWasRestoredWrongly() {
        Random random = new Random(2);
        Finding finding =
                only(replayed(i -> 0.01 + 0.001 * random.nextGaussian(), 2).judge(REPLAY));

        assertThat(finding.severity()).isEqualTo(Severity.WARNING);
        assertThat(finding.cause()).isEqualTo(Cause.INFRASTRUCTURE);
        assertThat(finding.attempt()).isEqualTo(1);
        assertThat(finding.stepFrom()).isEqualTo(400);
        assertThat(finding.stepTo()).isEqualTo(499);
        assertThat(finding.evidence()).contains("attempt 1 repeats 100 logged steps from step 400");
    }

    @Test
    void tellsACorruptionAfterEqualSteps() {
        Finding finding = only(replayed(i -> i < 437 ? 0 : 0.005, 3).judge(REPLAY));

        assertThat(finding.severity()).isEqualTo(Severity.WARNING);
        assertThat(finding.parameter()).isEqualTo("sudden");
        assertThat(finding.stepFrom()).isEqualTo(437);
    }

    /** A difference that begins in the last of five logged digits and grows is no corruption. */
    @Test
    void takesGrowingRoundingForWhatItIs() {
        Points points = replayed(i -> 1e-6 * Math.exp((i - 400) / 20.0), 4);
        for (Points.Point point : points.list()) {
            point.set(Metric.LOSS, Math.round(point.value(Metric.LOSS) * 1e4) / 1e4);
        }
        Finding finding = only(points.judge(REPLAY));

        assertThat(finding.severity()).isEqualTo(Severity.INFO);
        assertThat(finding.cause()).isEqualTo(Cause.NUMERICS);
        assertThat(finding.stepFrom()).isGreaterThanOrEqualTo(408);
    }

    /** Neighbouring losses of these curves depend on one another by 0.3 and so differ by √0.7 of what others do. */
    @Test
    void tellsOtherDataFromAnotherState() {
        double[] other = Curves.sound(700, 0.02, 50);
        double[] loss = Curves.sound(700, 0.02, 5);
        Finding finding = only(replayed(i -> Math.log(other[i] / loss[i]), 5).judge(REPLAY));

        assertThat(finding.severity()).isEqualTo(Severity.INFO);
        assertThat(finding.cause()).isEqualTo(Cause.DATA);
        assertThat(finding.score()).isCloseTo(1 / Math.sqrt(0.7), within(0.3));
    }

    @Test
    void doesNotCompareStepsWhoseLearningRateWasChanged() {
        Points points = replayed(i -> 0.01, 6);
        points.list().forEach(point -> point.set(Metric.LEARNING_RATE, point.attempt() == 0 ? 1e-3 : 5e-4));

        assertThat(points.judge(REPLAY).status()).isEqualTo(Coverage.Status.INCONCLUSIVE);
    }

    @Test
    void seesNothingToRestoreWhereTheLogBeginsAnew() {
        double[] loss = Curves.sound(200, 0.02, 7);
        double[] other = Curves.sound(200, 0.02, 8);
        Points points = Points.of();
        for (int attempt = 0; attempt < 2; attempt++) {
            points.attempt(attempt);
            for (int i = 0; i < 200; i++) {
                points.at(i)
                        .set(Metric.LOSS, attempt == 0 ? loss[i] : 1.5 * other[i])
                        .set(Metric.CONSUMED_EXAMPLES, 32.0 * (i + 1));
            }
        }
        for (Detector detector : List.of(REPLAY, DAMAGE, CURSOR)) {
            assertThat(points.judge(detector).findings()).isEmpty();
        }
    }

    /** Sound replays of both kinds: batches in the same order with numeric noise of heavy tails, and in another order. */
    @Test
    void warnsOfNoSoundReplay() {
        int warnings = 0;
        for (long seed = 0; seed < 400; seed++) {
            Random random = new Random(seed);
            double[] other = Curves.sound(700, 0.02, seed + 1000);
            double[] loss = Curves.sound(700, 0.02, seed);
            Points points = seed % 2 == 0
                    ? replayed(i -> 0.003 * Curves.student5(random), seed)
                    : replayed(i -> Math.log(other[i] / loss[i]), seed);
            warnings += (int) points.judge(REPLAY).findings().stream()
                    .filter(finding -> finding.severity() != Severity.INFO)
                    .count();
        }
        assertThat(warnings).isZero();
    }

    @Test
    void tellsALossThatLiesHigherAfterTheResumeAndWhenItComesBack() {
        Points points = replayed(i -> 0.08 * Math.exp((400 - i) / 60.0), 9);

        Finding finding = only(points.judge(DAMAGE));

        assertThat(finding.severity()).isEqualTo(Severity.WARNING);
        assertThat(finding.stepFrom()).isEqualTo(400);
        assertThat(finding.stepTo()).isBetween(431L, 520L);
        assertThat(finding.score()).isCloseTo(0.06, within(0.02));
        assertThat(finding.evidence()).contains("came back after step");
    }

    @Test
    void saysThatItHasNotComeBack() {
        Finding finding = only(replayed(i -> 0.5, 10).judge(DAMAGE));

        assertThat(finding.stepTo()).isGreaterThan(690);
        assertThat(finding.evidence()).contains("has not come back by step " + finding.stepTo());
    }

    @Test
    void tellsAGradientNormThatLiesHigherForInformation() {
        double[] norm = Curves.steady(700, 0.5, 0.1, 11);
        Points points = replayed(i -> 0, 11);
        points.list()
                .forEach(point ->
                        point.set(Metric.GRAD_NORM, norm[(int) point.step()] * (point.attempt() == 1 ? 2 : 1)));

        Finding finding = only(points.judge(DAMAGE));

        assertThat(finding.metric()).isEqualTo("grad_norm");
        assertThat(finding.severity()).isEqualTo(Severity.INFO);
        assertThat(finding.score()).isCloseTo(Math.log(2), within(0.1));
    }

    /**
     * Where nothing changes, four blocks exceed sixteen with chance 1 / (20 choose 4) = 1 / 4845. Noise from step to step
     * that depends on the last by 0.3 makes it a little more.
     */
    @Test
    void findsNoDamageInSoundResumes() {
        int found = 0;
        for (long seed = 0; seed < 2000; seed++) {
            Random random = new Random(seed);
            Points points = Points.of();
            double noise = 0;
            for (int i = 0; i < 240; i++) {
                points.attempt(i < 160 ? 0 : 1);
                noise = 0.3 * noise + 0.1 * Curves.student5(random);
                points.at(i).set(Metric.LOSS, 2 * Math.exp(noise));
            }
            found += points.judge(DAMAGE).findings().size();
        }
        assertThat(found).isLessThanOrEqualTo(3);
    }

    private static Points cursors(IntToDoubleFunction consumed) {
        Points points = Points.of();
        for (int i = 0; i < 500; i++) {
            points.at(i).set(Metric.CONSUMED_EXAMPLES, 64.0 * (i + 1));
        }
        points.attempt(1);
        for (int i = 300; i < 700; i++) {
            points.at(i).set(Metric.CONSUMED_EXAMPLES, consumed.applyAsDouble(i));
        }
        return points;
    }

    @Test
    void tellsDataThatAreSkippedOrReadAgain() {
        assertThat(cursors(i -> 64.0 * (i + 1)).judge(CURSOR).findings()).isEmpty();
        // Whether the step at hand is counted is the logger's choice.
        assertThat(cursors(i -> 64.0 * i).judge(CURSOR).findings()).isEmpty();

        Finding skipped = only(cursors(i -> 64.0 * (i + 201)).judge(CURSOR));
        assertThat(skipped.score()).isEqualTo(200);
        assertThat(skipped.severity()).isEqualTo(Severity.WARNING);
        assertThat(skipped.stepFrom()).isEqualTo(300);
        assertThat(skipped.evidence()).endsWith("data of 200 steps skipped");

        Finding again = only(cursors(i -> 64.0 * (i - 9)).judge(CURSOR));
        assertThat(again.score()).isEqualTo(10);
        assertThat(again.severity()).isEqualTo(Severity.INFO);
        assertThat(again.evidence()).endsWith("data of 10 steps read again");
    }

    @Test
    void expectsTheCursorToGoOnAtItsPaceBeyondWhatIsKnown() {
        Points points = Points.of();
        for (int i = 0; i < 100; i += 10) {
            points.at(i).set(Metric.CONSUMED_TOKENS, 1e6 * i);
        }
        points.attempt(1);
        points.at(150).set(Metric.CONSUMED_TOKENS, 90e6);

        Finding finding = only(points.judge(CURSOR));

        assertThat(finding.metric()).isEqualTo("consumed_tokens");
        assertThat(finding.score()).isCloseTo(60, within(1e-9));
        assertThat(finding.evidence()).contains("follows from step 90");
    }

    /** A log with a hole, in which batches doubled: what lies between both sides is no evidence, what does not is. */
    @Test
    void allowsAnyCursorBetweenThoseOfKnownSteps() {
        for (double cursor : new double[] {250, 450, 900}) {
            Points points = Points.of();
            for (int i = 0; i <= 20; i++) {
                points.at(i).set(Metric.CONSUMED_EXAMPLES, 10 * i);
            }
            points.at(60).set(Metric.CONSUMED_EXAMPLES, 800);
            points.attempt(1);
            points.at(40).set(Metric.CONSUMED_EXAMPLES, cursor);

            assertThat(points.judge(CURSOR).findings()).hasSize(cursor > 800 ? 1 : 0);
        }
    }

    @Test
    void keepsOfEachStepTheLatestStartsValue() {
        EffectiveCurve curve = new EffectiveCurve(1);
        for (int step = 0; step < 10_000; step++) {
            curve.add(step, 0);
        }
        curve.restart();
        for (int step = 9950; step < 9960; step++) {
            curve.add(step, 1);
        }
        curve.restart();

        assertThat(curve.size()).isLessThanOrEqualTo(2 * EffectiveCurve.KEPT);
        assertThat(curve.step(curve.size() - 1)).isEqualTo(9999);
        assertThat(curve.value(curve.from(9949), 0)).isZero();
        assertThat(curve.value(curve.from(9955), 0)).isEqualTo(1);
        assertThat(curve.value(curve.from(9960), 0)).isZero();
        assertThat(curve.step(curve.from(9000))).isEqualTo(9000);
    }

    private static Finding only(Detector.Assessment answer) {
        assertThat(answer.findings()).hasSize(1);
        return answer.findings().get(0);
    }
}
