package io.tiltmeter.sources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.model.StepRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every format, run over all that are registered. */
class FormatContractTest {
    private static final Map<String, String> EXAMPLES = Map.of(
            "megatron", "iteration 1/ 9 | lm loss: 3.5 | grad norm: 1.0 |\niteration 2/ 9 | lm loss: 3.0 |\n",
            "step-lines", "step:1/9 train_loss:3.5 train_time:5ms\nstep:2/9 train_loss:3.0 train_time:9ms\n",
            "jsonl", "{\"step\": 1, \"loss\": 3.5, \"run\": \"a\"}\n{\"step\": 2, \"loss\": 3.0}\n",
            "csv-wide", "step,loss,\"a b\"\n1,3.5,\"x\"\n2,3.0,\"y\"\n",
            "csv-long", "step,metric,value\n1,loss,3.5\n2,loss,3.0\n",
            "csv-runs", "seed,train_loss\n1,\"[3.5, 3.0]\"\n",
            "metric-objects",
                    "{\"lm loss\": {\"start_step\": 1, \"step_interval\": 1, \"values\": {\"1\": 3.5, \"2\": \"nan\"}}}",
            "json-columns", "{\"step\": [1, 2], \"loss\": [3.5, \"3.0\"]}",
            "hf-trainer", "{\"log_history\": [{\"step\": 1, \"loss\": 3.5}, {\"step\": 2, \"loss\": 3.0}]}",
            "mlflow", "1714564801000 3.5 1\n1714564802000 3.0 2\n");

    static List<LogFormat> formats() {
        return FormatRegistry.load().formats();
    }

    private static TextLog example(LogFormat format, byte[] bytes) {
        return TextLog.of("run/metrics/loss", bytes);
    }

    private static byte[] bytes(LogFormat format) {
        return EXAMPLES.getOrDefault(format.id(), "").getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void everyFormatHasAnExampleHere() {
        assertThat(formats().stream().map(LogFormat::id)).containsExactlyInAnyOrderElementsOf(EXAMPLES.keySet());
        assertThat(formats()).allSatisfy(format -> assertThat(format.title()).isNotBlank());
    }

    @ParameterizedTest
    @MethodSource("formats")
    void recognisesItsExampleBeforeAllOthers(LogFormat format) {
        assertThat(example(format, bytes(format)).recognised()).isEqualTo(format.id());
    }

    @ParameterizedTest
    @MethodSource("formats")
    void readsItsExample(LogFormat format) {
        Collected read = example(format, bytes(format)).read(format);
        assertThat(read.steps)
                .isNotEmpty()
                .allSatisfy(step -> assertThat(step.step()).isNotNegative());
        assertThat(read.attempts).isNotEmpty();
        assertThat(read.runIds())
                .doesNotHaveDuplicates()
                .containsAll(read.steps.stream().map(StepRecord::runId).toList());
        assertThat(read.rejections)
                .noneMatch(rejection -> rejection.level() == io.tiltmeter.model.Rejection.Level.REJECTED);
    }

    /** Where the file is damaged, the reader may give it up as a whole or in part, but in no other way. */
    private static void survives(LogFormat format, byte[] bytes, String what) {
        try {
            FormatRegistry.load().recognise(example(format, bytes).sample());
            Collected read = example(format, bytes).readOrFail(format);
            assertThat(read.runIds()).as(what).doesNotHaveDuplicates();
            assertThat(read.runIds())
                    .as(what)
                    .containsAll(read.steps.stream().map(StepRecord::runId).toList());
            assertThat(read.steps)
                    .as(what)
                    .allSatisfy(step -> assertThat(step.step()).isNotNegative());
        } catch (UnreadableFileException e) {
            assertThat(e.getMessage()).as(what).contains("run/metrics/loss");
        } catch (IOException e) {
            assertThat(e.getMessage()).as(what).isNotBlank();
        }
    }

    @ParameterizedTest
    @MethodSource("formats")
    void survivesBeingCutOffAnywhere(LogFormat format) {
        byte[] whole = bytes(format);
        for (int length = 0; length <= whole.length; length++) {
            survives(format, Arrays.copyOf(whole, length), format.id() + " cut at " + length);
        }
    }

    @ParameterizedTest
    @MethodSource("formats")
    void survivesDamagedBytes(LogFormat format) {
        Random random = new Random(20_240_501);
        byte[] pieces = "\"{}[]:,|/-+eE.0\n\r\t \u0000<".getBytes(StandardCharsets.ISO_8859_1);
        for (int i = 0; i < 2000; i++) {
            byte[] damaged = bytes(format).clone();
            for (int hits = 1 + random.nextInt(3); hits > 0; hits--) {
                damaged[random.nextInt(damaged.length)] =
                        random.nextInt(4) == 0 ? (byte) random.nextInt() : pieces[random.nextInt(pieces.length)];
            }
            survives(format, damaged, format.id() + " damaged, trial " + i);
        }
    }

    @ParameterizedTest
    @MethodSource("formats")
    void survivesEveryOtherFormat(LogFormat format) {
        EXAMPLES.forEach(
                (id, text) -> survives(format, text.getBytes(StandardCharsets.UTF_8), format.id() + " reading " + id));
    }

    @Test
    void anUnknownFormatIsNamedWithTheNearestAndAllOthers() {
        assertThatThrownBy(() -> FormatRegistry.load().select("megatorn"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "Unknown log format 'megatorn', expected one of auto, csv-long, csv-runs, csv-wide, hf-trainer,"
                                + " json-columns, jsonl, megatron, metric-objects, mlflow, step-lines; did you mean 'megatron'?");
        assertThatThrownBy(() -> FormatRegistry.load().byId("zzzzzzzzzz")).hasMessageEndingWith("mlflow, step-lines");
        assertThat(FormatRegistry.load().select("auto").formats()).hasSize(10);
        assertThat(FormatRegistry.load().select("jsonl").formats()).hasSize(1);
    }

    @Test
    void twoFormatsOfOneIdAreABug() {
        assertThatThrownBy(() -> FormatRegistry.of(List.of(new MlflowFormat(), new MlflowFormat())))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("Two log formats are called 'mlflow': ");
    }
}
