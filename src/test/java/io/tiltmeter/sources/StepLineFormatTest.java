package io.tiltmeter.sources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import io.tiltmeter.model.Metric;
import org.junit.jupiter.api.Test;

class StepLineFormatTest {
    private final StepLineFormat format = new StepLineFormat();

    @Test
    void readsLlmcLinesAndJoinsTrainingAndValidationOfAStep() {
        Collected read = TextLog.of(
                        "main.log",
                        "s:0 tel:11.5\ns:0 trl:11.25 lr:0.000001 norm:15.5\ns:1 trl:10.5 lr:0.000002 norm:nan\n")
                .read(format);
        assertThat(read.points("r", Metric.EVAL_LOSS)).containsExactly("0=11.5");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("0=11.25", "1=10.5");
        assertThat(read.points("r", Metric.LEARNING_RATE)).containsExactly("0=1.0E-6", "1=2.0E-6");
        assertThat(read.points("r", Metric.GRAD_NORM)).containsExactly("0=15.5", "1=NaN");
        assertThat(read.steps).hasSize(2);
    }

    @Test
    void cumulativeMillisecondsBecomeTheTimeOfAStep() {
        Collected read = TextLog.of(
                        "log.txt",
                        "step:0/40 val_loss:9.5 train_time:0ms step_avg:nanms\n"
                                + "step:1/40 train_loss:9.25 train_time:250ms step_avg:nanms\n"
                                + "step:2/40 train_loss:9.0 train_time:350ms step_avg:nanms\n"
                                // The clock is set back after warm-up: no time of this step.
                                + "step:3/40 train_loss:8.5 train_time:60ms step_avg:60.0ms\n"
                                + "step:4/40 train_loss:8.0 train_time:180ms step_avg:90.0ms\n")
                .read(format);
        assertThat(read.series("r", Metric.STEP_SECONDS).keySet()).containsExactly(1L, 2L, 4L);
        assertThat(read.values("r", Metric.STEP_SECONDS))
                .containsExactly(new double[] {0.25, 0.1, 0.12}, offset(1e-12));
        assertThat(read.points("r", Metric.LOSS)).containsExactly("1=9.25", "2=9.0", "3=8.5", "4=8.0");
        assertThat(read.metrics).isEmpty();
        assertThat(read.rejections).isEmpty();
        assertThat(read.run("r").plannedSteps()).isEqualTo(40);
    }

    @Test
    void cumulativeSecondsOverAnIntervalAreAMeanOverItsSteps() {
        Collected read = TextLog.of(
                        "log.txt",
                        "step:125/500 val_loss:4.5 train_time:50.0s\nstep:250/500 val_loss:4.0 train_time:75.0s\n")
                .read(format);
        // 25 seconds for 125 steps.
        assertThat(read.points("r", Metric.STEP_SECONDS)).containsExactly("250=0.2");
        assertThat(read.steps.get(1).stepSpan()).isEqualTo(125);
        assertThat(read.steps.get(0).stepSpan()).isEqualTo(1);
    }

    @Test
    void aUnitBehindTheNumberGoesBeforeTheOneInTheName() {
        Collected read = TextLog.of("log.txt", "step:1 loss:2.0 step_time_ms:500\nstep:2 loss:2.0 step_time_ms:500ms\n")
                .read(format);
        assertThat(read.series("r", Metric.STEP_SECONDS).get(1L)).isCloseTo(0.5, offset(1e-12));
        assertThat(read.series("r", Metric.STEP_SECONDS).get(2L)).isCloseTo(0.5, offset(1e-12));
        Collected units = TextLog.of("log.txt", "step:1 loss:2.0 step_time:1500us\nstep:2 loss:2.0 step_time:2ns\n")
                .read(format);
        assertThat(units.series("r", Metric.STEP_SECONDS).get(1L)).isCloseTo(0.0015, offset(1e-15));
        assertThat(units.series("r", Metric.STEP_SECONDS).get(2L)).isCloseTo(2e-9, offset(1e-20));
    }

    @Test
    void aRepeatedValidationLineIsNoNewStepAndNoRestart() {
        Collected read = TextLog.of(
                        "log.txt",
                        "step:1/4 train_loss:3.0 train_time:100ms\nstep:2/4 train_loss:2.5 train_time:200ms\n"
                                + "step:2/4 val_loss:2.75 train_time:210ms\nstep:3/4 train_loss:2.0 train_time:310ms\n")
                .read(format);
        assertThat(read.steps).hasSize(3);
        assertThat(read.points("r", Metric.EVAL_LOSS)).containsExactly("2=2.75");
        assertThat(read.events).isEmpty();
    }

    @Test
    void trialsNamedByMarkersAreRunsWithSeeds() {
        Collected read = TextLog.of(
                        "log.txt",
                        "import torch\ntrial:1/2 seed:7\nstep:0/20 val_loss:9.0\nstep:20/20 val_loss:3.0\n"
                                + "trial:2/2 seed:8\nstep:0/20 val_loss:9.5\nstep:20/20 val_loss:3.5\n")
                .read(format);
        assertThat(read.runIds()).containsExactly("r/trial-1", "r/trial-2");
        assertThat(read.run("r/trial-1").seed()).isEqualTo(7);
        assertThat(read.run("r/trial-2").seed()).isEqualTo(8);
        assertThat(read.points("r/trial-2", Metric.EVAL_LOSS)).containsExactly("0=9.5", "20=3.5");
        assertThat(read.run("r/trial-1").status()).isEqualTo("finished");
        assertThat(read.events).isEmpty();
    }

    @Test
    void twoMarkersOfOneNumberAreTwoRuns() {
        Collected read = TextLog.of(
                        "log.txt",
                        "trial:1/1\nstep:1/9 val_loss:9\ntrial:1/1\nstep:1/9 val_loss:8\ntrial:x\nstep:1/9 val_loss:7\n")
                .read(format);
        assertThat(read.runIds()).containsExactly("r/trial-1", "r/trial-1~2", "r/trial-3");
    }

    @Test
    void trialsWithoutMarkersAreToldByTheStepThatFallsBackToZero() {
        Collected read = TextLog.of(
                        "log.txt",
                        "step:0/250 val_loss:9.0\nstep:125/250 val_loss:4.0\nstep:0/250 val_loss:9.1\nstep:125/250 val_loss:4.1\n")
                .read(format);
        assertThat(read.runIds()).containsExactly("r", "r/trial-2");
        assertThat(read.points("r", Metric.EVAL_LOSS)).containsExactly("0=9.0", "125=4.0");
        assertThat(read.points("r/trial-2", Metric.EVAL_LOSS)).containsExactly("0=9.1", "125=4.1");
    }

    @Test
    void afterThePlannedLastStepANewRunBeginsWhereverItsFirstLogIs() {
        Collected read = TextLog.of(
                        "log.txt",
                        "step:125/260 val_loss:4.5\nstep:250/260 val_loss:4.0\nstep:260/260 val_loss:3.9\n"
                                + "step:125/260 val_loss:4.6\nstep:250/260 val_loss:4.1\n")
                .read(format);
        // The smallest distance is 10, so step 125 alone would be a restart.
        assertThat(read.runIds()).containsExactly("r", "r/trial-2");
        assertThat(read.events).isEmpty();
    }

    @Test
    void whatIsNoNumberIsNamedAndTheRestIsRead() {
        Collected read = TextLog.of(
                        "log.txt",
                        "step:1/4 train_loss:oops val_loss:2.5\nstep:2/4 note\nstep:99999999999999999999 loss:3\n")
                .read(format);
        assertThat(read.points("r", Metric.EVAL_LOSS)).containsExactly("1=2.5");
        assertThat(read.problems())
                .containsExactly(
                        "warning line 1 x1: Value of 'train_loss' is 'oops' but must be a number; the rest of the line was"
                                + " read",
                        "rejected line 3 x1: Step is '99999999999999999999' but must be a whole number");
    }

    @Test
    void isRecognisedAndProseIsNot() {
        assertThat(TextLog.of("x.txt", "s:1 trl:3.0\ns:2 trl:2.5\n").recognised())
                .isEqualTo("step-lines");
        assertThat(TextLog.of("x.txt", "step: one thing after another\nstep by step\n")
                        .recognised())
                .isEqualTo("none");
    }
}
