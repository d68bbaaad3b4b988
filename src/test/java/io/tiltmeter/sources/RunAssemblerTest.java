package io.tiltmeter.sources;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.sources.MetricNames.Role;
import io.tiltmeter.sources.MetricNames.Target;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunAssemblerTest {
    private final Collected collected = new Collected();
    private final RunAssembler runs = new RunAssembler(TextLog.of("a.log", "").with(Map.of("seed", "9")), collected);

    private static Row loss(long step, double value) {
        return row(step, "loss", value);
    }

    private static Row row(long step, String name, double value) {
        return new Row(step).put(name, MetricNames.standard().resolve(name), value);
    }

    private void add(Row... rows) throws IOException {
        for (Row row : rows) {
            runs.add(row);
        }
    }

    private void finish() {
        runs.finish();
    }

    @Test
    void joinsNeighboursOfOneStepButNotWhatContradicts() throws IOException {
        add(loss(1, 3.0), row(1, "lr", 0.5), loss(2, 2.0), loss(2, 2.0), loss(3, 1.0), loss(3, 1.5));
        finish();
        assertThat(collected.points("r", Metric.LOSS)).containsExactly("1=3.0", "2=2.0", "3=1.0", "3=1.5");
        assertThat(collected.points("r", Metric.LEARNING_RATE)).containsExactly("1=0.5");
        assertThat(collected.attempts).hasSize(1);
    }

    @Test
    void severalRunsThatEachLoggedOnlyOneEarlyStepAreSeveralRuns() throws IOException {
        add(loss(2, 63.5), loss(2, 63.25), loss(2, 63.0));
        finish();
        assertThat(collected.runIds()).containsExactly("r", "r/trial-2", "r/trial-3");
        assertThat(collected.points("r/trial-3", Metric.LOSS)).containsExactly("2=63.0");
    }

    @Test
    void fallingBackToTheBeginningIsANewRunAndElsewhereARestart() throws IOException {
        add(loss(10, 3), loss(20, 2), loss(30, 1), loss(20, 2.5), loss(30, 1.5), loss(10, 3.5), loss(20, 3.25));
        finish();
        assertThat(collected.steps.stream().map(s -> s.runId() + " " + s.attempt() + " " + s.step()))
                .containsExactly("r 0 10", "r 0 20", "r 0 30", "r 1 20", "r 1 30", "r/trial-2 0 10", "r/trial-2 0 20");
        assertThat(collected.events).hasSize(1);
        assertThat(collected.events.get(0).detail()).isEqualTo("Step falls back from 30 to 20");
    }

    @Test
    void aLateEvaluationOfAnEarlierStepIsNoRestart() throws IOException {
        add(loss(10, 3), loss(20, 2), row(20, "lr", 0.5), loss(30, 1.5), row(20, "eval_loss", 2.5), loss(40, 1));
        finish();
        assertThat(collected.events).isEmpty();
        assertThat(collected.points("r", Metric.EVAL_LOSS)).containsExactly("20=2.5");
        assertThat(collected.points("r", Metric.LOSS)).containsExactly("10=3.0", "20=2.0", "30=1.5", "40=1.0");
    }

    @Test
    void aLateEvaluationLeavesTheClockOfTheTrainingAlone() throws IOException {
        Target clock = new Target(Role.CUMULATIVE_SECONDS, null, "train_time", 1);
        add(
                loss(10, 3).put("train_time", clock, 5),
                loss(20, 2).put("train_time", clock, 10),
                loss(30, 2).put("train_time", clock, 15),
                row(20, "eval_loss", 2.5).put("train_time", clock, 16),
                loss(40, 1).put("train_time", clock, 21));
        finish();
        // From 30 at 15 s to 40 at 21 s.
        assertThat(collected.points("r", Metric.STEP_SECONDS)).containsExactly("20=0.5", "30=0.5", "40=0.6");
    }

    @Test
    void workersOfOneRunFallBackTogetherAsOneRestart() throws IOException {
        for (long step : new long[] {100, 110, 120, 110, 120}) {
            for (int worker = 0; worker < 3; worker++) {
                runs.add("", worker, "", loss(step, step + worker + (collected.steps.size() > 6 ? 0.5 : 0)));
            }
        }
        finish();
        assertThat(collected.events).hasSize(1);
        assertThat(collected.attempts).hasSize(2);
        assertThat(collected.steps.stream().filter(step -> step.attempt() == 1)).hasSize(6);
        assertThat(collected.runIds()).containsExactly("r");
    }

    @Test
    void spansFollowTheNeighbours() {
        assertThat(RunAssembler.span(100, 0, 0, Long.MAX_VALUE)).isEqualTo(1);
        assertThat(RunAssembler.span(100, 10, 10, 10)).isEqualTo(10);
        assertThat(RunAssembler.span(100, 0, 10, 10)).isEqualTo(10);
        // The last before a gap of an excerpt, whose distance shares only a 2 with it.
        assertThat(RunAssembler.span(6940, 10, 4506, 10)).isEqualTo(10);
        // Logged at 1 and then every tenth step: the value of step 1 is its own.
        assertThat(RunAssembler.span(1, 0, 9, 9)).isEqualTo(1);
        assertThat(RunAssembler.span(33240, 4150, 10440, 10)).isEqualTo(10);
        assertThat(RunAssembler.span(587, 467, 113, 10)).isEqualTo(1);
    }

    @Test
    void placeholderZerosGoUntilTheFirstOtherValueAndLaterOnesStay() throws IOException {
        add(row(1, "grad_norm", 0), row(2, "grad_norm", 0), row(3, "grad_norm", 1.5), row(4, "grad_norm", 0));
        add(row(5, "learning_rate", 0));
        finish();
        assertThat(collected.points("r", Metric.GRAD_NORM)).containsExactly("3=1.5", "4=0.0");
        assertThat(collected.points("r", Metric.LEARNING_RATE)).containsExactly("5=0.0");
    }

    @Test
    void aLossOfZeroBesideAGradientThatIsNotFiniteWasReplaced() throws IOException {
        add(loss(1, 3), loss(2, 0).put("grad_norm", MetricNames.standard().resolve("grad_norm"), Double.NaN));
        finish();
        assertThat(collected.points("r", Metric.LOSS)).containsExactly("1=3.0", "2=NaN");
    }

    @Test
    void labelsMarkersAndFallsNeverShareARunId() throws IOException {
        runs.add("trial-2", StepRecord.NO_WORKER, "", loss(1, 1));
        add(loss(0, 3), loss(5, 2), loss(0, 4));
        runs.trial(2, 7L);
        add(loss(0, 5));
        finish();
        assertThat(collected.runIds())
                .containsExactly("r/trial-2", "r", "r/trial-2~2", "r/trial-2~3")
                .doesNotHaveDuplicates();
        assertThat(collected.run("r/trial-2~3").seed()).isEqualTo(7);
        assertThat(collected.run("r").seed()).isEqualTo(9);
    }

    @Test
    void aLogWithoutAPointIsAnEmptyRun() {
        finish();
        assertThat(collected.run("r").status()).isEqualTo("empty");
        assertThat(collected.run("r").project()).isEqualTo("p");
        assertThat(collected.attempts).isEmpty();
    }

    @Test
    void stepsAreWholeAndWithinWhatADoubleHolds() {
        assertThat(Row.step(0)).isEqualTo(0);
        assertThat(Row.step(9_007_199_254_740_992.0)).isEqualTo(1L << 53);
        assertThat(Row.step(1e16)).isNull();
        assertThat(Row.step(-1)).isNull();
        assertThat(Row.step(0.5)).isNull();
        assertThat(Row.step(Double.NaN)).isNull();
        assertThat(Row.step(Double.POSITIVE_INFINITY)).isNull();
    }
}
