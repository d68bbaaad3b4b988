package io.tiltmeter.sources;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.Scope;
import io.tiltmeter.model.StepRecord;
import org.junit.jupiter.api.Test;

class MegatronFormatTest {
    private final MegatronFormat format = new MegatronFormat();

    private static String line(long iteration, String rest) {
        return String.format(
                " iteration %8d/    1000 | consumed samples: %12d | %s |%n", iteration, 64 * iteration, rest);
    }

    @Test
    void readsEveryValueOfALineInItsStoredUnit() {
        Collected read = TextLog.of(
                        "a/train.log",
                        "using world size: 8\n"
                                + line(
                                        1,
                                        "elapsed time per iteration (ms): 1250.5 | learning rate: 1.5E-04 | global batch"
                                                + " size:    64 | lm loss: 9.5E+00 | loss scale: 4096.0 | grad norm: 2.25 |"
                                                + " num zeros: 7.0 | params norm: 31.5 | number of skipped iterations:   1 |"
                                                + " number of nan iterations:   0 | TFLOPs: 103.5"))
                .read(format);
        MetricValues values = new MetricValues()
                .set(Metric.LOSS, 9.5)
                .set(Metric.GRAD_NORM, 2.25)
                .set(Metric.PARAM_NORM, 31.5)
                .set(Metric.LEARNING_RATE, 1.5e-4)
                .set(Metric.LOSS_SCALE, 4096)
                .set(Metric.SKIPPED, 1)
                .set(Metric.EXAMPLES, 64)
                .set(Metric.CONSUMED_EXAMPLES, 64)
                .set(Metric.STEP_SECONDS, 1.2505);
        assertThat(read.steps)
                .containsExactly(new StepRecord(
                        "r", 0, StepRecord.NO_WORKER, 1, null, Scope.GLOBAL, 1, values, null, null, null));
        assertThat(read.extras())
                .containsExactly("num zeros@1=7.0", "number of nan iterations@1=0.0", "TFLOPs@1=103.5");
        assertThat(read.attempts).containsExactly(new AttemptRecord("r", 0, null, 1L, null, null, 64L, null));
        assertThat(read.run("r").plannedSteps()).isEqualTo(1000);
        assertThat(read.run("r").status()).isNull();
        assertThat(read.rejections).isEmpty();
    }

    @Test
    void takesSecondsForSecondsAndMillisecondsForMilliseconds() {
        Collected read = TextLog.of(
                        "train.log",
                        line(1, "elapsed time per iteration (s): 2.5 | lm loss: 3.0E+00")
                                + line(2, "elapsed time per iteration (ms): 2500.0 | lm loss: 3.0E+00"))
                .read(format);
        assertThat(read.points("r", Metric.STEP_SECONDS)).containsExactly("1=2.5", "2=2.5");
    }

    @Test
    void readsThePrefixOfARankAndItsTime() {
        Collected read = TextLog.of(
                        "train.log",
                        "[default7]: [2024-05-01 12:00:00.250000] iteration 20/ 1000 | lm loss: 3.0E+00 |\n")
                .read(format);
        // 2024-05-01T12:00:00Z is 1714564800 seconds after the epoch.
        assertThat(read.steps.get(0).timeMicros()).isEqualTo(1_714_564_800_250_000L);
        assertThat(read.run("r").startMicros()).isEqualTo(1_714_564_800_250_000L);
    }

    @Test
    void meansOverTheIntervalSaySoAndFallBackToTheSmallestDistanceInExcerpts() {
        Collected read = TextLog.of(
                        "train.log",
                        line(100, "lm loss: 3.0")
                                + line(110, "lm loss: 3.1")
                                + line(120, "lm loss: 3.2")
                                + line(587, "lm loss: 3.3")
                                + line(700, "lm loss: 3.4"))
                .read(format);
        assertThat(read.steps.stream().map(step -> step.step() + "/" + step.stepSpan()))
                // 587: neighbours 467 and 113 steps away have no common divisor but 1.
                .containsExactly("100/10", "110/10", "120/10", "587/1", "700/1");
    }

    @Test
    void joinsAValidationWithItsIterationAndKeepsItsOtherValues() {
        Collected read = TextLog.of(
                        "train.log",
                        line(100, "lm loss: 3.0")
                                + " validation loss at iteration 100 | lm loss value: 3.25E+00 | lm loss PPL: 25.8 | \n"
                                + line(200, "lm loss: 2.9"))
                .read(format);
        assertThat(read.points("r", Metric.LOSS)).containsExactly("100=3.0", "200=2.9");
        assertThat(read.points("r", Metric.EVAL_LOSS)).containsExactly("100=3.25");
        assertThat(read.extras()).containsExactly("lm loss PPL@100=25.8");
    }

    @Test
    void aLossNotLoggedIsAbsentButNaNWhereTheLineCountsNaNIterations() {
        Collected read = TextLog.of(
                        "train.log",
                        line(1, "loss scale: 65536.0 | number of skipped iterations: 1 | number of nan iterations: 0")
                                + line(2, "lm loss: nan | number of nan iterations: 0")
                                + line(3, "loss scale: 1.0 | number of nan iterations: 1")
                                + line(4, "lm loss: inf | grad norm: -inf | number of nan iterations: 0"))
                .read(format);
        assertThat(read.points("r", Metric.LOSS)).containsExactly("2=NaN", "3=NaN", "4=Infinity");
        assertThat(read.points("r", Metric.GRAD_NORM)).containsExactly("4=-Infinity");
    }

    @Test
    void placeholdersAreNotLogged() {
        Collected read = TextLog.of(
                        "train.log",
                        line(1, "lm loss: 9.0 | loss scale: -1.0 | grad norm: 0.000")
                                + line(2, "lm loss: 8.0 | loss scale: -1.0 | grad norm: 0.000")
                                + line(3, "lm loss: 7.0 | loss scale: 8.0 | grad norm: 1.500")
                                + line(4, "lm loss: 6.0 | loss scale: 8.0 | grad norm: 0.000"))
                .read(format);
        assertThat(read.points("r", Metric.LOSS_SCALE)).containsExactly("3=8.0", "4=8.0");
        // Once there was a gradient norm, 0 is what was measured.
        assertThat(read.points("r", Metric.GRAD_NORM)).containsExactly("3=1.5", "4=0.0");
    }

    @Test
    void aStepThatFallsBackInTheMiddleIsARestart() {
        Collected read = TextLog.of(
                        "train.log",
                        line(300, "lm loss: 3.0")
                                + line(310, "lm loss: 3.1")
                                + line(320, "lm loss: 9.9")
                                + line(310, "lm loss: 3.2")
                                + line(320, "lm loss: 3.0"))
                .read(format);
        assertThat(read.runIds()).containsExactly("r");
        assertThat(read.steps.stream().map(step -> step.attempt() + ":" + step.step()))
                .containsExactly("0:300", "0:310", "0:320", "1:310", "1:320");
        assertThat(read.attempts.stream().map(attempt -> attempt.attempt() + " from " + attempt.resumeStep()))
                .containsExactly("0 from 300", "1 from 310");
        assertThat(read.events)
                .containsExactly(new EventRecord(
                        "r", 1, StepRecord.NO_WORKER, 310L, null, "restart", "Step falls back from 320 to 310"));
    }

    @Test
    void aLineThatIsCutOffCountsAsFarAsItGoes() {
        Collected read = TextLog.of(
                        "train.log",
                        line(1, "lm loss: 3.0 | grad norm: 1.0")
                                + "iteration 2/ 1000 | lm loss: 2.5 | grad norm: 1.0 | number of ski")
                .read(format);
        assertThat(read.points("r", Metric.LOSS)).containsExactly("1=3.0", "2=2.5");
        assertThat(read.problems())
                .containsExactly("warning line 2 x1: Line is cut off within a name; the rest of it was read");
    }

    @Test
    void aValueThatIsNoNumberIsNamedWithItsLine() {
        Collected read = TextLog.of(
                        "train.log", "\niteration 1/ 9 | lm loss: <b>3 | learning rate: | grad norm: 2.0 |\n")
                .read(format);
        assertThat(read.points("r", Metric.GRAD_NORM)).containsExactly("1=2.0");
        assertThat(read.problems())
                .containsExactly(
                        "warning line 2 x1: Value of 'lm loss' is '<b>3' but must be a number; the rest of the line was"
                                + " read",
                        "warning line 2 x1: Value of 'learning rate' is '' but must be a number; the rest of the line was"
                                + " read");
    }

    @Test
    void reachingThePlanMakesItFinished() {
        Collected read = TextLog.of("train.log", "iteration 9/ 10 | lm loss: 3 |\niteration 10/ 10 | lm loss: 3 |\n")
                .read(format);
        assertThat(read.run("r").status()).isEqualTo("finished");
    }

    @Test
    void linesThatOnlyLookLikeIterationsArePassedOver() {
        Collected read = TextLog.of(
                        "train.log",
                        "iteration 5 of the plan | see above\n"
                                + "iteration 99999999999999999999/ 1 | lm loss: 3 |\n"
                                + "iteration -3/ 10 | lm loss: 3 |\n"
                                + "iteration 4/ 10 lm loss: 3\n")
                .read(format);
        assertThat(read.steps).isEmpty();
        assertThat(read.run("r").status()).isEqualTo("empty");
    }

    @Test
    void isRecognisedByOneLine() {
        assertThat(TextLog.of("x", line(1, "lm loss: 1.0")).recognised()).isEqualTo("megatron");
        assertThat(TextLog.of("x", "iteration 5 of the plan | see above\n").recognised())
                .isEqualTo("none");
    }
}
