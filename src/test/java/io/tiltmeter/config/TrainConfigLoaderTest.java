package io.tiltmeter.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.config.TrainConfig.Action;
import io.tiltmeter.detect.DetectorSettings;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainConfigLoaderTest {
    private static final Path EXAMPLE = Path.of(System.getProperty("basedir", "."), "conf", "train-example.conf");
    private static final String LEAST =
            "run-id = r\nmodel.file = net.json\ndata { train = data.parquet, features = [x], labels = [y] }\n";

    private static final DetectorSettings NONE = new DetectorSettings(true, Map.of());

    @TempDir
    Path folder = Path.of("");

    private TrainConfig load(String text, Map<String, String> sets) throws IOException {
        return TrainConfigLoader.load(Files.writeString(folder.resolve("my.conf"), text), sets);
    }

    private void assertRefused(String more, String message) {
        assertThatThrownBy(() -> load(LEAST + more, Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessage(message.replace("FILE", folder.resolve("my.conf").toString()));
    }

    private void assertSetRefused(String key, String value, String message) {
        assertThatThrownBy(() -> load(LEAST, Map.of(key, value)))
                .isInstanceOf(ConfigException.class)
                .hasMessage(message.replace("FILE", folder.resolve("my.conf").toString()));
    }

    @Test
    void theExampleLoadsAndNamesEveryKey() throws IOException {
        TrainConfig config = TrainConfigLoader.load(EXAMPLE, Map.of());

        assertThat(config.runId()).isEqualTo("digits-1");
        assertThat(config.data().shape()).containsExactly(1, 28, 28);
        String text = Files.readString(EXAMPLE);
        for (String key : TrainConfigLoader.keys()) {
            if (!key.startsWith("sentinel.policies.")) {
                String name = key.substring(key.lastIndexOf('.') + 1);
                assertThat(text).containsPattern("(?m)^ *(# )?" + name + " = ");
            }
        }
    }

    @Test
    void theExampleShowsTheDefaults() throws IOException {
        TrainConfig config = load(LEAST, Map.of());
        TrainConfig example = TrainConfigLoader.load(EXAMPLE, Map.of());

        assertThat(config.training()).isEqualTo(example.training());
        assertThat(config.capture()).isEqualTo(example.capture());
        assertThat(config.seed()).isEqualTo(example.seed());
        assertThat(config.data().holdout()).isEqualTo(example.data().holdout());
        assertThat(config.sentinel().policies()).isEqualTo(Map.of("non-finite", List.of(Action.WARN, Action.STOP)));
    }

    @Test
    void pathsStartFromTheFileAndTablesStay() throws IOException {
        Files.createDirectory(folder.resolve("beside"));
        TrainConfig config = load(LEAST, Map.of("data.train", "db.examples", "data.evaluation", "beside"));

        assertThat(config.model().file()).isEqualTo("file:" + folder.resolve("net.json"));
        assertThat(config.data().train()).isEqualTo("db.examples");
        assertThat(config.data().evaluation()).isEqualTo("file:" + folder.resolve("beside"));
        assertThat(config.data().holdout()).isZero();
        assertThat(load(LEAST, Map.of("data.train", "s3a://b/x.parquet")).data().train())
                .isEqualTo("s3a://b/x.parquet");
        assertThat(load(LEAST, Map.of("data.train", "../x/y.parquet")).data().train())
                .isEqualTo("file:" + folder.resolveSibling("x/y.parquet"));
        assertThat(load(LEAST, Map.of("data.train", "/x/y.parquet")).data().train())
                .isEqualTo("/x/y.parquet");
    }

    @Test
    void detectorsAreSetAsForANight() throws IOException {
        assertThat(load(LEAST, Map.of()).detect()).isEmpty();
        TrainConfig config = load(
                "detect { grad-explosion { mark-sigma = 8 }, step-stall.enabled = false }\n" + LEAST,
                Map.of("detect.grad-explosion.warning-ratio", "20"));

        assertThat(config.detect()).containsOnlyKeys("grad-explosion", "step-stall");
        assertThat(config.detect().getOrDefault("grad-explosion", NONE).get("mark-sigma"))
                .isEqualTo(8);
        assertThat(config.detect().getOrDefault("grad-explosion", NONE).get("warning-ratio"))
                .isEqualTo(20);
        assertThat(config.detect().getOrDefault("grad-explosion", NONE).get("mark-ratio"))
                .isEqualTo(3);
        assertThat(config.detect().getOrDefault("step-stall", NONE).enabled()).isFalse();
        assertThat(config.entries())
                .containsEntry("detect.grad-explosion.mark-sigma", "8")
                .containsEntry("detect.step-stall.enabled", "false");
        assertSetRefused(
                "detect.grad-explosion.mark-sigma",
                "much",
                "Setting 'detect.grad-explosion.mark-sigma' is 'much', expected a number, at least 0 (--set)");
        assertSetRefused(
                "detect.grad-explosion.mark-sigmas",
                "8",
                "Unknown setting 'detect.grad-explosion.mark-sigmas' (--set); did you mean"
                        + " 'detect.grad-explosion.mark-sigma'?");
        assertRefused(
                "detect.loss-spike.enabled = false\nsentinel.policies.loss-spike = [warn]",
                "Setting 'sentinel.policies.loss-spike' is set, but 'detect.loss-spike.enabled' is false; expected only"
                        + " one of them");
    }

    @Test
    void overridesWinAndReadLists() throws IOException {
        TrainConfig config = load(
                "training.batch = 8\nmodel { factory = a.B, arguments { depth = 3, rate = 1e-3, name = z } }\n"
                        + LEAST.replace("model.file = net.json", ""),
                Map.of(
                        "training.batch", "64",
                        "data.features", "a, b",
                        "data.shape", "[2,1]",
                        "model.arguments.depth", "4",
                        "sentinel.clip-norm", "1.5",
                        "sentinel.policies.loss-spike", "[clip,warn]"));

        assertThat(config.training().batch()).isEqualTo(64);
        assertThat(config.data().features()).containsExactly("a", "b");
        assertThat(config.data().shape()).containsExactly(2, 1);
        assertThat(config.model().arguments()).containsEntry("depth", "4").containsEntry("name", "z");
        assertThat(config.sentinel().on("loss-spike")).containsExactly(Action.CLIP, Action.WARN);
        assertThat(config.sentinel().on("divergence")).isEmpty();
    }

    @Test
    void entriesAreTheWholeConfigurationInOrder() throws IOException {
        Map<String, String> entries = load(LEAST, Map.of()).entries();

        assertThat(entries)
                .containsEntry("training.way", "synchronous")
                .containsEntry("data.features", "x")
                .containsEntry("sentinel.policies.non-finite", "warn,stop")
                .containsEntry("capture.budget", "0.02")
                .doesNotContainKeys("project", "data.shape", "training.max-steps");
        assertThat(List.copyOf(entries.keySet())).isSorted();
    }

    @Test
    void canBeSentToWorkers() throws Exception {
        TrainConfig config = TrainConfigLoader.load(EXAMPLE, Map.of());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(config);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertThat(in.readObject()).isEqualTo(config);
        }
    }

    @Test
    void anUnknownKeyIsRefusedWithTheNearest() {
        assertRefused(
                "training.bach = 3", "Unknown setting 'training.bach' (FILE, line 4); did you mean 'training.batch'?");
        assertRefused(
                "sentinel.policies.loss-spice = [warn]",
                "Unknown setting 'sentinel.policies.loss-spice' (FILE, line 4); did you mean"
                        + " 'sentinel.policies.loss-spike'?");
        assertSetRefused(
                "colour.of.the.sky",
                "blue",
                "Unknown setting 'colour.of.the.sky' (--set); conf/train-example.conf lists all of them");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "training.batch | 0 | a whole number from 1 to 10000000",
                "training.batch | 1.5 | a whole number from 1 to 10000000",
                "training.workers | two | a whole number from 1 to 10000",
                "data.holdout | 1 | a number from 0 to less than 1",
                "data.format | orc | one of auto, parquet, csv",
                "training.shuffle | yes | true or false",
                "sentinel.clip-norm | 0 | a number above 0",
                "capture.budget | NaN | a number from 0.000001 to 1",
                "project | '' | text that is not empty",
            })
    void aWrongValueIsRefused(String key, String value, String wanted) {
        assertSetRefused(key, value, "Setting '" + key + "' is '" + value + "', expected " + wanted + " (--set)");
    }

    @Test
    void wrongListsAreRefused() {
        assertRefused(
                "sentinel.policies.divergence = [warn, shout]",
                "Setting 'sentinel.policies.divergence' is '[warn, shout]', expected a list of warn, clip, skip,"
                        + " quarantine, rollback, stop, each at most once (FILE, line 4)");
        assertRefused(
                "data.features = []",
                "Setting 'data.features' is '[]', expected a list of at least one text, each once, as [a, b] (FILE,"
                        + " line 4)");
        assertRefused(
                "data.shape = { a = 1 }",
                "Setting 'data.shape' is '{…}', expected a list of whole numbers, at least 1, as [1, 28, 28] (FILE,"
                        + " line 4)");
    }

    @Test
    void contradictionsAreRefused() {
        assertRefused(
                "model.factory = a.B",
                "Both 'model.file' and 'model.factory' are set in 'FILE', expected exactly one of them");
        assertRefused(
                "model.arguments.x = 1",
                "Setting 'model.arguments.x' is set, but arguments go to a factory: expected 'model.factory' instead"
                        + " of 'model.file'");
        assertRefused(
                "data.label-encoding = class",
                "Setting 'data.label-classes' is not set in 'FILE', expected a whole number from 2 to 16777216");
        assertRefused(
                "data.feature-classes = 3",
                "Setting 'data.feature-classes' is 3, but is only for data.feature-encoding = one-hot");
        assertRefused(
                "data.layout = sequence",
                "Setting 'data.sequence-length' is not set in 'FILE', expected a whole number from 1 to 1000000");
        assertRefused(
                "data.feature-mask = m",
                "Setting 'data.feature-mask' is set, but is for sequences: expected data.sequence-length, and"
                        + " data.layout = sequence or auto");
        assertRefused(
                "run-id = \"a/b\"",
                "Setting 'run-id' is 'a/b', expected letters, digits, dots, underscores and dashes only");
    }

    @Test
    void whatMustBeSetIsAskedFor() {
        assertThatThrownBy(() -> load("run-id = r\nmodel.file = n", Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessage("Setting 'data.train' is not set in '" + folder.resolve("my.conf")
                        + "', expected text that is not empty");
        assertThatThrownBy(() -> load("", Map.of())).hasMessageContaining("'run-id' is not set");
    }
}
