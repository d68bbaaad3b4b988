package io.tiltmeter.sources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Scope;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonFormatsTest {
    private static Collected lines(String... lines) {
        return TextLog.of("metrics.jsonl", String.join("\n", lines) + "\n").read(new JsonLinesFormat());
    }

    private static Collected columns(String path, String text) {
        return TextLog.of(path, text).read(new JsonColumnsFormat());
    }

    private static Collected state(String text) {
        return TextLog.of("trainer_state.json", text).read(new TrainerStateFormat());
    }

    private static Collected objects(String text) {
        return TextLog.of("golden.json", text).read(new MetricObjectsFormat());
    }

    @Test
    void readsJsonLinesAndJoinsTrainingAndValidation() {
        Collected read = lines(
                "{\"step\": 10, \"wallclock\": 1.5, \"train_loss\": 3.5, \"lr\": 1e-3, \"step_time_ms\": 250.0}",
                "{\"step\": 20, \"train_loss\": 3.25, \"lr\": 1e-3, \"step_time_ms\": 125}",
                "{\"step\": 20, \"val_loss\": 3.75}");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("10=3.5", "20=3.25");
        assertThat(read.points("r", Metric.EVAL_LOSS)).containsExactly("20=3.75");
        assertThat(read.points("r", Metric.STEP_SECONDS)).containsExactly("10=0.25", "20=0.125");
        assertThat(read.extras()).containsExactly("wallclock@10=1.5");
        assertThat(read.steps).hasSize(2);
        assertThat(read.steps.get(0).scope()).isEqualTo(Scope.GLOBAL);
    }

    @Test
    void numbersMayBeTextBareOrTooLargeAndNullIsNotLogged() {
        Collected read = lines(
                "{\"step\": \"1\", \"loss\": \"2.5\", \"grad_norm\": \"inf\"}",
                "{\"step\": 2.0, \"loss\": NaN, \"grad_norm\": -Infinity}",
                "{\"step\": 3, \"loss\": null, \"grad_norm\": 1e999}",
                "{\"step\": 4, \"loss\": \"n/a\", \"grad_norm\": 3.4028234663852886e38}",
                "{\"step\": 5, \"loss\": true, \"grad_norm\": [1, 2]}");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("1=2.5", "2=NaN");
        // The largest number of a float is what frameworks put for infinity.
        assertThat(read.points("r", Metric.GRAD_NORM))
                .containsExactly("1=Infinity", "2=-Infinity", "3=Infinity", "4=Infinity");
    }

    @Test
    void nestedObjectsAreNamedWithSlashesAndSplitsTellValidation() {
        Collected read = lines(
                "{\"step\": 1, \"train\": {\"loss\": 3.0, \"acc\": 0.5}, \"eval\": {\"loss\": 3.5}}",
                "{\"step\": 2, \"loss\": 2.0, \"split\": \"train\"}",
                "{\"step\": 2, \"loss\": 2.5, \"split\": \"Validation\"}",
                "{\"step\": 3, \"validation/loss\": 2.25}");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("1=3.0", "2=2.0");
        assertThat(read.points("r", Metric.EVAL_LOSS)).containsExactly("1=3.5", "2=2.5", "3=2.25");
        assertThat(read.extras()).containsExactly("train/acc@1=0.5");
    }

    @Test
    void ranksAreWorkersAndRunsAreRuns() {
        Collected read = lines(
                "{\"run\": \"a\", \"rank\": 0, \"step\": 1, \"loss\": 3.0}",
                "{\"run\": \"a\", \"rank\": 1, \"step\": 1, \"loss\": 3.5}",
                "{\"run\": \"<script>../../x\", \"rank\": 0, \"step\": 1, \"loss\": 4.0}",
                "{\"run\": \"a\", \"rank\": 0, \"step\": 2, \"loss\": 2.0}");
        assertThat(read.runIds()).containsExactly("r/a", "r/<script>../../x");
        assertThat(read.steps.stream().map(s -> s.runId() + " " + s.worker() + " " + s.step() + " " + s.scope()))
                .containsExactlyInAnyOrder(
                        "r/a 0 1 LOCAL", "r/a 1 1 LOCAL", "r/a 0 2 LOCAL", "r/<script>../../x 0 1 LOCAL");
    }

    @Test
    void timesAreReadByTheirSizeOrAsText() {
        Collected read = lines(
                "{\"step\": 1, \"loss\": 1, \"timestamp\": 1714564800}",
                "{\"step\": 2, \"loss\": 1, \"timestamp\": 1714564800500}",
                "{\"step\": 3, \"loss\": 1, \"timestamp\": \"2024-05-01T12:00:01Z\"}",
                "{\"step\": 4, \"loss\": 1, \"timestamp\": \"2024-05-01 14:00:02+02:00\"}",
                "{\"step\": 5, \"loss\": 1, \"time\": 12.5}");
        assertThat(read.steps.stream().map(step -> step.timeMicros()))
                .containsExactly(
                        1_714_564_800_000_000L,
                        1_714_564_800_500_000L,
                        1_714_564_801_000_000L,
                        1_714_564_802_000_000L,
                        null);
        assertThat(read.extras()).containsExactly("time@5=12.5");
        assertThat(read.run("r").startMicros()).isEqualTo(1_714_564_800_000_000L);
        assertThat(read.run("r").endMicros()).isEqualTo(1_714_564_802_000_000L);
    }

    @Test
    void linesWithoutAStepAreNumberedWithAWarning() {
        Collected read = lines("{\"loss\": 3.0}", "{\"note\": \"hello\"}", "{\"loss\": 2.0}");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("0=3.0", "1=2.0");
        assertThat(read.problems())
                .containsExactly("warning line 0 x1: Points have no step; they were numbered in their order");
    }

    @Test
    void brokenLinesAreRejectedAndTheRestIsRead() {
        byte[] good = "{\"step\": 1, \"loss\": 3.0}\n".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        byte[] bytes = new byte[3 * good.length + 4];
        System.arraycopy(good, 0, bytes, 0, good.length);
        bytes[good.length] = (byte) 0xC3;
        bytes[good.length + 1] = '(';
        bytes[good.length + 2] = '\n';
        System.arraycopy(good, 0, bytes, good.length + 3, good.length);
        // The last line is cut off in the middle.
        System.arraycopy(good, 0, bytes, 2 * good.length + 3, good.length - 8);
        Collected read = TextLog.of("metrics.jsonl", java.util.Arrays.copyOf(bytes, 3 * good.length - 5))
                .read(new JsonLinesFormat());
        assertThat(read.points("r", Metric.LOSS)).containsExactly("1=3.0");
        assertThat(read.problems())
                .containsExactly(
                        "rejected line 2 x1: Line is not UTF-8 text", "rejected line 4 x1: Line is not a JSON object");
    }

    @Test
    void ofADuplicateKeyTheFirstIsTheMetric() {
        Collected read = lines("{\"step\": 1, \"step\": 7, \"loss\": 3.0, \"loss\": 4.0}", "[1]", "{\"step\": 2} {}");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("1=3.0");
        assertThat(read.extras()).containsExactly("loss@1=4.0");
        assertThat(read.problems()).containsExactly("rejected line 2 x2: Line is not a JSON object");
    }

    @Test
    void deepNestingIsNoDanger() {
        String deep = "{\"a\":".repeat(50_000);
        Collected read =
                lines("{\"step\": 1, \"loss\": 3.0}", "{\"step\": 2, \"x\": " + deep, "{\"step\": 3, \"loss\": 2.0}");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("1=3.0", "3=2.0");
        assertThat(read.problems()).containsExactly("rejected line 2 x1: Line is not a JSON object");
    }

    @Test
    void columnsAreMetricsOverTheirSteps() {
        Collected read = columns(
                "history.json",
                "{\"seed\": 3, \"step\": [10, 20, 30], \"loss\": [3.0, null, 2.0], \"val_loss\": [4.0]}");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("10=3.0", "30=2.0");
        assertThat(read.points("r", Metric.EVAL_LOSS)).containsExactly("10=4.0");
        assertThat(read.run("r").seed()).isEqualTo(3);
        assertThat(read.rejections).isEmpty();
    }

    @Test
    void columnsOfRanksAreWorkersInOrderOfTime() {
        Collected read = columns(
                "across_ranks_data_wait_time.json",
                "{\"event_time\": [\"1714564860\", \"1714564800\", \"\"], \"00\": [\"0.5\", \"0.25\", \"9\"],"
                        + " \"01\": [0.75, \"\", 8], \"note\": \"x\"}");
        assertThat(read.steps.stream()
                        .map(s -> s.worker() + "@" + s.step() + "=" + s.values().get(Metric.DATA_WAIT_SECONDS)))
                .containsExactly("0@0=0.25", "0@1=0.5", "1@1=0.75");
        assertThat(read.steps.get(0).timeMicros()).isEqualTo(1_714_564_800_000_000L);
        assertThat(read.problems())
                .containsExactly(
                        "warning line 1 x2: Empty text stands for a number in a list; it was taken as not logged",
                        "warning line 0 x1: Points have no step; they were numbered in order of time");
    }

    @Test
    void otherThingsThanNumbersInAListAreRejectedByName() {
        Collected read = columns("h.json", "{\n\"loss\": [3.0, \"bad\",\n {\"x\": 1}, 2.0]}");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("0=3.0", "3=2.0");
        assertThat(read.problems())
                .containsExactly(
                        "rejected line 2 x1: Value in list 'loss' is 'bad' but must be a number or null",
                        "rejected line 3 x1: Value in list 'loss' is a list or an object but must be a number or null",
                        "warning line 0 x1: Points have no step; they were numbered in order of time");
    }

    @Test
    void stepsThatAreNoneDropTheirPoints() {
        Collected read = columns("h.json", "{\"step\": [-1, 0.5, 3, 1e300], \"loss\": [1.0, 2.0, 3.0, 4.0]}");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("3=3.0");
    }

    @Test
    void trainerStateIsMeansAndItsSummaryIsAttributes() {
        Collected read = state("{\"max_steps\": 30, \"best_metric\": null, \"log_history\": ["
                + "{\"epoch\": 0.1, \"learning_rate\": 2e-4, \"loss\": 3.0, \"step\": 10},"
                + "{\"epoch\": 0.2, \"learning_rate\": 1e-4, \"loss\": 2.0, \"grad_norm\": 0.5, \"step\": 20},"
                + "{\"epoch\": 0.2, \"eval_loss\": 2.5, \"step\": 20}, 7,"
                + "{\"epoch\": 0.3, \"loss\": 1.0, \"step\": 30},"
                + "{\"train_loss\": 2.0, \"train_runtime\": 99.5, \"step\": 30}]}");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("10=3.0", "20=2.0", "30=1.0");
        assertThat(read.points("r", Metric.EVAL_LOSS)).containsExactly("20=2.5");
        assertThat(read.steps.stream().map(step -> step.stepSpan())).containsExactly(10, 10, 10);
        assertThat(read.run("r").status()).isEqualTo("finished");
        assertThat(read.run("r").attributes())
                .containsEntry("train_runtime", "99.5")
                .containsEntry("max_steps", "30");
        assertThat(read.problems()).containsExactly("rejected line 1 x1: Entry of the history must be a JSON object");
    }

    @Test
    void aBareListOfPointsIsAHistory() {
        Collected read = state("[{\"step\": 1, \"loss\": 3.0}, {\"step\": 2, \"loss\": 2.0}]");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("1=3.0", "2=2.0");
    }

    @Test
    void aDocumentThatIsCutOffCountsAsFarAsItGoes() {
        Collected read = state("{\"log_history\": [{\"step\": 1, \"loss\": 3.0},\n{\"step\": 2, \"lo");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("1=3.0");
        assertThat(read.problems()).hasSize(1);
        assertThat(read.problems().get(0))
                .startsWith("rejected line 2 x1: JSON is wrong or cut off, the rest of the file was not read: ");
        assertThat(read.runIds()).containsExactly("r");
    }

    @Test
    void aFileThatIsNoJsonAtAllIsRefusedAsAWhole() {
        assertThatThrownBy(() -> TextLog.of("a/golden.json", "<html>").readOrFail(new MetricObjectsFormat()))
                .isInstanceOf(UnreadableFileException.class)
                .hasMessageStartingWith("Log 'a/golden.json' is not JSON: ");
        assertThatThrownBy(() -> TextLog.of("a/golden.json", "[1]").readOrFail(new MetricObjectsFormat()))
                .hasMessage("Log 'a/golden.json' begins with start array but must be a JSON object of metrics");
        assertThatThrownBy(() -> TextLog.of("t.json", "3").readOrFail(new TrainerStateFormat()))
                .hasMessage("Log 't.json' begins with value number int but must be a JSON object with 'log_history'");
    }

    @Test
    void metricObjectsHoldValuesByStepOrAsAList() {
        Collected read = objects("{\"lm loss\": {\"start_step\": 1, \"end_step\": 3, \"step_interval\": 1,"
                + " \"values\": {\"1\": 9.0, \"3\": \"8.0\", \"2\": 8.5}},"
                + "\"iteration-time\": {\"values\": [0.5, 0.25], \"start_step\": 2, \"step_interval\": 5},"
                + "\"num-zeros\": {\"start_step\": 0, \"step_interval\": 5, \"values\": [7]}, \"timing_avg\": 0.5}");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("1=9.0", "2=8.5", "3=8.0");
        assertThat(read.points("r", Metric.STEP_SECONDS)).containsExactly("2=0.5", "7=0.25");
        assertThat(read.extras()).containsExactly("num-zeros@0=7.0");
        assertThat(read.run("r").attributes()).isEqualTo(Map.of("timing_avg", "0.5"));
    }

    @Test
    void nanBeforeTheFirstNumberIsMissingAndBehindItIsMeasured() {
        Collected read = objects(
                "{\"lm loss\": {\"values\": {\"1\": \"nan\", \"2\": \"nan\", \"3\": 8.0, \"4\": \"nan\"}},"
                        + "\"iteration-time\": {\"values\": {\"1\": \"nan\", \"2\": \"nan\", \"3\": 0.5, \"4\": \"nan\"}}}");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("3=8.0", "4=NaN");
        // No clock measures NaN.
        assertThat(read.points("r", Metric.STEP_SECONDS)).containsExactly("3=0.5");
    }

    @Test
    void aPlaceholderOfZerosGivesWayToTheOtherNameOfTheMetric() {
        String zeros = "\"lm loss\": {\"values\": {\"1\": 0.0, \"2\": 0.0}}";
        String total = "\"total loss\": {\"values\": {\"1\": 0.5, \"2\": 0.25}}";
        assertThat(objects("{" + zeros + "," + total + "}").points("r", Metric.LOSS))
                .containsExactly("1=0.5", "2=0.25");
        assertThat(objects("{" + total + "," + zeros + "}").points("r", Metric.LOSS))
                .containsExactly("1=0.5", "2=0.25");
    }

    @Test
    void hostileStepsOfMetricObjectsAreRejected() {
        Collected read = objects(
                "{\"lm loss\": {\"values\": {\"-5\": 9.0, \"x\": 1.0, \"1\": [2], \"2\": 8.0}},"
                        + "\"acc\": {\"start_step\": 1e300, \"step_interval\": 1e15, \"values\": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}}");
        assertThat(read.points("r", Metric.LOSS)).containsExactly("2=8.0");
        // 9e15 is the first step that a double no longer holds exactly with its neighbours.
        assertThat(read.extras())
                .contains("acc@0=1.0", "acc@9000000000000000=10.0")
                .hasSize(10);
        assertThat(read.problems())
                .containsExactly(
                        "rejected line 1 x2: Step of metric 'lm loss' must be a whole number that is not negative",
                        "rejected line 1 x1: Value of metric 'lm loss' must be a number");
    }

    @Test
    void eachIsRecognised() {
        assertThat(TextLog.of("x", "{\"step\": 1, \"loss\": 2}\n").recognised()).isEqualTo("jsonl");
        assertThat(TextLog.of("x", "{\"loss\": 2}\n{\"loss\": 3}\n").recognised())
                .isEqualTo("jsonl");
        assertThat(TextLog.of("x", "{\"loss\": [2, 3]}").recognised()).isEqualTo("json-columns");
        assertThat(TextLog.of("x", "{\"event_time\": [2, 3], \"00\": [1, 2]}").recognised())
                .isEqualTo("json-columns");
        assertThat(TextLog.of("x", "{\"epoch\": 1, \"log_history\": [").recognised())
                .isEqualTo("hf-trainer");
        assertThat(TextLog.of("x", "[{\"step\": 1, \"loss\": 2}]").recognised()).isEqualTo("hf-trainer");
        assertThat(TextLog.of("x", "{\"lm loss\": {\"start_step\": 0, \"values\": {")
                        .recognised())
                .isEqualTo("metric-objects");
    }

    @Test
    void summariesSettingsAndTablesOfOtherThingsAreNoLogs() {
        assertThat(TextLog.of("x", "{\"train_loss\": 2.0, \"train_runtime\": 3.0}")
                        .recognised())
                .isEqualTo("none");
        assertThat(TextLog.of("x", "{\"lr\": 0.1, \"d_model\": 512}\n").recognised())
                .isEqualTo("none");
        assertThat(TextLog.of("x", "[{\"Species\": \"Adelie\", \"Mass\": 3750}]")
                        .recognised())
                .isEqualTo("none");
        assertThat(TextLog.of("x", "{\"0\": {\"input_prompt\": \"a\", \"latency\": 0.5}}")
                        .recognised())
                .isEqualTo("none");
    }
}
