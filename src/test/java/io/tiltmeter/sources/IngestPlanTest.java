package io.tiltmeter.sources;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.Rejection.Level;
import io.tiltmeter.sources.IngestPlan.Skipped;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IngestPlanTest {
    private static final String LOG = "{\"step\": 1, \"loss\": 2.0}\n";
    private static final byte[] BYTES = LOG.getBytes(StandardCharsets.UTF_8);

    private static List<String> runIds(IngestPlan plan) {
        return plan.logs().stream().map(IngestPlan.Log::runId).toList();
    }

    @Test
    void logsEmptyRunsSettingsAndTheRest() {
        IngestPlan plan = new Folder()
                .file("lr_1/metrics.jsonl", LOG)
                .file("lr_1/config.json", "{\"lr\": 1.0, \"seed\": 4}")
                .file("lr_2/metrics.jsonl", "")
                .file("lr_2/config.json", "{\"lr\": 2.0}")
                .file("README.md", "# Sweep")
                .file("lr_1/__init__.py", "")
                .file("lr_1/tokens.json", "{}")
                .plan();
        assertThat(runIds(plan)).containsExactly("in/lr_1");
        assertThat(plan.logs().get(0).attributes()).isEqualTo(Map.of("lr", "1.0", "seed", "4"));
        assertThat(plan.logs().get(0).project()).isEqualTo("in");
        assertThat(plan.emptyRuns()).hasSize(1);
        assertThat(plan.emptyRuns().get(0).toRecord().status()).isEqualTo("empty");
        assertThat(plan.emptyRuns().get(0).runId()).isEqualTo("in/lr_2");
        assertThat(plan.emptyRuns().get(0).attributes()).isEqualTo(Map.of("lr", "2.0"));
        assertThat(plan.settings()).containsExactly("in/lr_1/config.json", "in/lr_2/config.json");
        assertThat(plan.skipped())
                .containsExactly(
                        new Skipped("in/README.md", "Not a log of a known format", null),
                        new Skipped("in/lr_1/__init__.py", "Empty, and not called like a log beside it", null),
                        new Skipped("in/lr_1/tokens.json", "Empty, and not called like a log beside it", null));
    }

    @Test
    void whatIsCalledLikeALogButIsNoneIsWorthAWarning() {
        IngestPlan plan = new Folder()
                .file("a/golden.json", "{\"loss\": {\"values\": {\"1\": 2.0}}}")
                .file("b/golden.json", "{\"0\": {\"generated_text\": \"x\"}}")
                .file("b/other.json", "{\"generated_text\": \"x\"}")
                .plan();
        assertThat(plan.skipped())
                .containsExactly(
                        new Skipped(
                                "in/b/golden.json",
                                "Not a log of a known format, though called like the logs of this input",
                                Level.WARNING),
                        new Skipped("in/b/other.json", "Not a log of a known format", null));
        assertThat(plan.skipped().get(0).toRejection()).isPresent();
        assertThat(plan.skipped().get(1).toRejection()).isEmpty();
    }

    @Test
    void aFormatAskedForTakesNothingElse() {
        IngestPlan plan = new Folder()
                .file("a.jsonl", LOG)
                .file("b.log", "iteration 1/ 2 | lm loss: 3.0 |\n")
                .only("megatron")
                .plan();
        assertThat(runIds(plan)).containsExactly("in/b");
        assertThat(plan.skipped()).containsExactly(new Skipped("in/a.jsonl", "Not a log of format 'megatron'", null));
    }

    @Test
    void settingsOfOneInputAreNotThoseOfAnotherOfTheSameName() {
        IngestPlan plan = new Folder()
                .file(0, "logs", "x/logs/run/metrics.jsonl", "run/metrics.jsonl", BYTES)
                .file(
                        0,
                        "logs",
                        "x/logs/run/config.json",
                        "run/config.json",
                        "{\"lr\": 1}".getBytes(StandardCharsets.UTF_8))
                .file(1, "logs", "y/logs/run/metrics.jsonl", "run/metrics.jsonl", BYTES)
                .plan();
        assertThat(plan.logs().stream().map(log -> log.location() + " " + log.runId() + " " + log.attributes()))
                .containsExactly("x/logs/run/metrics.jsonl logs/run {lr=1}", "y/logs/run/metrics.jsonl logs/run~2 {}");
    }

    @Test
    void aFileThatTwoInputsShareIsReadOnce() {
        IngestPlan plan = new Folder()
                .file(0, "logs", "logs/a/x.jsonl", "a/x.jsonl", BYTES)
                .file(1, "a", "logs/a/x.jsonl", "x.jsonl", BYTES)
                .plan();
        assertThat(runIds(plan)).containsExactly("a/x");
    }

    @Test
    void theOrderInWhichFilesWereListedDoesNotMatter() {
        List<Recognised> files = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            files.addAll(new Folder()
                    .file(i % 2, "in", i % 2 + "/r" + i + "/metrics.jsonl", "r" + i / 2 + "/metrics.jsonl", BYTES)
                    .file(
                            i % 2,
                            "in",
                            i % 2 + "/r" + i + "/config.json",
                            "r" + i / 2 + "/config.json",
                            ("{\"lr\": " + i + "}").getBytes(StandardCharsets.UTF_8))
                    .recognised());
        }
        FormatRegistry formats = FormatRegistry.load();
        IngestPlan plan = IngestPlan.of(files, formats);
        for (int seed = 0; seed < 5; seed++) {
            Collections.shuffle(files, new Random(seed));
            assertThat(IngestPlan.of(files, formats)).as("seed %d", seed).isEqualTo(plan);
        }
    }

    @Test
    void aHundredThousandFilesArePlannedInSeconds() {
        List<Recognised> files = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            InputFile file = new InputFile(0, "in", "in/r" + i + "/metrics.jsonl", "r" + i + "/metrics.jsonl", 1);
            files.add(new Recognised(file, Recognised.Kind.LOG, "jsonl", Map.of()));
        }
        long before = System.nanoTime();
        assertThat(IngestPlan.of(files, FormatRegistry.load()).logs()).hasSize(100_000);
        assertThat((System.nanoTime() - before) / 1e9).isLessThan(20);
    }

    @Test
    void aFileThatCannotBeReadIsRejected() {
        InputFile file = new InputFile(0, "in", "in/a.log", "a.log", 1);
        Recognised lost = new Recognised(file, Recognised.Kind.UNREADABLE, "Cannot be read: gone", Map.of());
        assertThat(IngestPlan.of(List.of(lost), FormatRegistry.load()).skipped())
                .containsExactly(new Skipped("in/a.log", "Cannot be read: gone", Level.REJECTED));
    }

    @Test
    void emptyFilesAreLogsOnlyByNameOrByAnExtensionOfLogs() {
        assertThat(EmptyLogs.isCalledLikeLog("a/m.jsonl", java.util.Set.of(), java.util.Set.of("jsonl")))
                .isTrue();
        assertThat(EmptyLogs.isCalledLikeLog("a/m.json", java.util.Set.of(), java.util.Set.of("json")))
                .isFalse();
        assertThat(EmptyLogs.isCalledLikeLog("a/m.json", java.util.Set.of("m.json"), java.util.Set.of()))
                .isTrue();
        assertThat(EmptyLogs.isCalledLikeLog("a/README.txt", java.util.Set.of(), java.util.Set.of("txt")))
                .isFalse();
        assertThat(EmptyLogs.isCalledLikeLog("a/config.log", java.util.Set.of(), java.util.Set.of("log")))
                .isFalse();
        assertThat(EmptyLogs.isCalledLikeLog("a/m.log.gz", java.util.Set.of(), java.util.Set.of("log")))
                .isTrue();
    }
}
