package io.tiltmeter.sources;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.RunRecord;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SettingsTest {
    private static Optional<Map<String, String>> settings(String path, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return ConfigFiles.settings(new Sample(path, bytes, true, MetricNames.standard()));
    }

    @Test
    void jsonIsFlattenedToDottedKeys() {
        assertThat(settings(
                        "config.json",
                        "{\"lr\": 1e-3, \"wandb\": null, \"model\": {\"d\": 512, \"bias\": false}, \"betas\": [0.9, 0.95],"
                                + " \"lr\": 2, \"list\": [{\"a\": 1}, 3], \"name\": \"<b>\\u0007\"}"))
                .contains(Map.of(
                        "lr",
                        "1e-3",
                        "model.d",
                        "512",
                        "model.bias",
                        "false",
                        "betas",
                        "[0.9, 0.95]",
                        "list",
                        "[3]",
                        "name",
                        "<b>\uFFFD"));
    }

    @Test
    void theYamlThatSettingsAreWrittenIn() {
        assertThat(settings(
                        "hparams.yaml",
                        "# run\n---\nlr: 0.5 # high\nmodel:\n  d: 512\n  act: \"a # b\"\noptim:\n  betas:\n  - 0.9\n  - 0.95\n"
                                + "seed:\n  desc: null\n  value: 7\nnothing:\nempty: ''\nurl: http://x:1/y\n"))
                .contains(Map.of(
                        "lr",
                        "0.5",
                        "model.d",
                        "512",
                        "model.act",
                        "a # b",
                        "optim.betas",
                        "0.9, 0.95",
                        "seed",
                        "7",
                        "url",
                        "http://x:1/y"));
    }

    @Test
    void anyNameDoesWithTwoKnownSettings() {
        assertThat(settings("exp7.json", "{\"lr\": 1, \"batch_size\": 2}")).isPresent();
        assertThat(settings("exp7.json", "{\"lr\": 1, \"x\": 2}")).isEmpty();
        assertThat(settings("exp7.txt", "{\"lr\": 1, \"batch_size\": 2}")).isEmpty();
        assertThat(settings("config.json", "{\"lr\": 1")).isEmpty();
        assertThat(settings("config.json", "[1]")).isEmpty();
    }

    @Test
    void settingsAreBounded() {
        StringBuilder many = new StringBuilder("{\"long\": \"" + "x".repeat(5000) + "\"");
        for (int i = 0; i < 2000; i++) {
            many.append(", \"k").append(i).append("\": 1");
        }
        Map<String, String> settings = settings("config.json", many + "}").orElseThrow();
        assertThat(settings).hasSize(ConfigFiles.MAX_KEYS);
        assertThat(settings.get("long")).hasSize(ConfigFiles.MAX_VALUE);
        assertThat(settings("config.json", "{\"a\":".repeat(5000) + "1" + "}".repeat(5000)))
                .isEmpty();
    }

    @Test
    void settingsBelongToTheLogBesideThemOrTheLogOfTheirName() {
        IngestPlan plan = new Folder()
                .file("a/x.jsonl", "{\"step\": 1, \"loss\": 2}\n")
                .file("a/y.jsonl", "{\"step\": 1, \"loss\": 2}\n")
                .file("a/x.json", "{\"lr\": 1, \"seed\": 11}")
                .file("a/config.json", "{\"lr\": 3, \"d_model\": 8}")
                .file("b/config.json", "{\"lr\": 4}")
                .file("b/logs/train.jsonl", "{\"step\": 1, \"loss\": 2}\n")
                .plan();
        assertThat(plan.logs().stream().map(log -> log.runId() + " " + new java.util.TreeMap<>(log.attributes())))
                .containsExactly("in/a/x {d_model=8, lr=3, seed=11}", "in/a/y {d_model=8, lr=3}", "in/b/logs {lr=4}");
    }

    @Test
    void seedAndPlanComeFromTheSettings() {
        RunRecord run = Runs.record("r", "p", Map.of("train.seed", "42.0", "max_iters", "5000", "x.max_steps", "no"));
        assertThat(run.seed()).isEqualTo(42);
        assertThat(run.plannedSteps()).isEqualTo(5000);
        assertThat(Runs.record("r", "p", Map.of("max_steps", "-1", "seed", "x")).plannedSteps())
                .isNull();
        assertThat(Runs.record("r", "p", Map.of("status", "4")).status()).isNull();
    }
}
