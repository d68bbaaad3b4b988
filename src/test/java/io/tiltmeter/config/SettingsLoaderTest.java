package io.tiltmeter.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.detect.DetectorSettings;
import io.tiltmeter.detect.Detectors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsLoaderTest {
    private static final List<DetectorInfo> DETECTORS = List.of(new DetectorInfo(
            "wobble",
            "Wobble",
            "It wobbles.",
            List.of("loss"),
            List.of(
                    new Parameter("sigma", 5, "σ", "How much", new Derived("Chosen")),
                    new Parameter("floor", -1, "1", "How low", new Derived("Chosen"))),
            "Hold on."));

    @TempDir
    Path folder = Path.of("");

    private Settings file(String text, String... sets) throws IOException {
        Path file = Files.writeString(folder.resolve("my.conf"), text);
        return SettingsLoader.load(Optional.of(file), List.of(sets), DETECTORS);
    }

    private static Settings sets(String... sets) {
        return SettingsLoader.load(Optional.empty(), List.of(sets), DETECTORS);
    }

    private void assertRefused(String text, String message) {
        assertThatThrownBy(() -> file(text))
                .isInstanceOf(ConfigException.class)
                .hasMessage(message.replace("FILE", folder.resolve("my.conf").toString()));
    }

    private static void assertSetRefused(String set, String message) {
        assertThatThrownBy(() -> sets(set)).isInstanceOf(ConfigException.class).hasMessage(message);
    }

    @Test
    void withoutAnythingTheDefaultsHold() {
        Settings settings = SettingsLoader.defaults();

        assertThat(settings.scan()).isEqualTo(Settings.Scan.DEFAULTS);
        assertThat(settings.report()).isEqualTo(Settings.Report.DEFAULTS);
        assertThat(settings.ingest()).isEqualTo(Settings.Ingest.DEFAULTS);
        assertThat(settings.detectors().keySet())
                .containsExactlyInAnyOrderElementsOf(
                        Detectors.infos().stream().map(DetectorInfo::id).toList());
    }

    @Test
    void theFileGoesBeforeTheDefaults() throws IOException {
        Settings settings = file("scan.window-steps = 512\ndetect { wobble { enabled = false, sigma = 7.5 } }");

        assertThat(settings.scan().windowSteps()).isEqualTo(512);
        assertThat(settings.scan().blockCells()).isEqualTo(Settings.Scan.DEFAULTS.blockCells());
        assertThat(settings.detectors())
                .containsEntry("wobble", new DetectorSettings(false, Map.of("sigma", 7.5, "floor", -1.0)));
    }

    @Test
    void theCommandLineGoesBeforeTheFileAndLaterOnesBeforeEarlier() throws IOException {
        Settings settings = file(
                "scan.window-steps = 512",
                "scan.window-steps=64",
                "scan.window-steps = 128",
                "detect.wobble.floor=-2e-3");

        assertThat(settings.scan().windowSteps()).isEqualTo(128);
        assertThat(settings.detectors())
                .containsEntry("wobble", new DetectorSettings(true, Map.of("sigma", 5.0, "floor", -0.002)));
    }

    @Test
    void emptyFilesAndSectionsSetNothing() throws IOException {
        assertThat(file("# nothing\nscan {}\ndetect { wobble {} }\n")).isEqualTo(sets());
    }

    @Test
    void anUnknownKeyIsRefusedWithTheNearest() {
        assertRefused(
                "\n\nreport.max-chart = 3",
                "Unknown setting 'report.max-chart' (FILE, line 3); did you mean 'report.max-charts'?");
        assertRefused(
                "detect.wobbel.sigma = 3",
                "Unknown setting 'detect.wobbel.sigma' (FILE, line 1); did you mean 'detect.wobble.sigma'?");
        assertSetRefused(
                "window-steps=64", "Unknown setting 'window-steps' (--set); did you mean 'scan.window-steps'?");
        assertSetRefused(
                "colour.of.the.sky=blue",
                "Unknown setting 'colour.of.the.sky' (--set); conf/tiltmeter.conf lists all of them");
    }

    @Test
    void aValueOfAnotherTypeIsRefused() {
        assertRefused(
                "scan.window-steps = many",
                "Setting 'scan.window-steps' is 'many', expected a whole number from 16 to 65536 (FILE, line 1)");
        assertRefused(
                "scan.window-steps = 64.5",
                "Setting 'scan.window-steps' is '64.5', expected a whole number from 16 to 65536 (FILE, line 1)");
        assertRefused(
                "detect.wobble.enabled = yes",
                "Setting 'detect.wobble.enabled' is 'yes', expected true or false (FILE, line 1)");
        assertRefused(
                "detect.wobble.sigma = [1, 2]",
                "Setting 'detect.wobble.sigma' is '[…]', expected a number, at least 0 (FILE, line 1)");
        assertRefused(
                "detect.wobble.sigma { deep = 1 }",
                "Setting 'detect.wobble.sigma' is '{…}', expected a number, at least 0 (FILE, line 1)");
        assertRefused(
                "detect.wobble.sigma = null",
                "Setting 'detect.wobble.sigma' is 'null', expected a number, at least 0 (FILE, line 1)");
        assertSetRefused(
                "detect.wobble.enabled=True",
                "Setting 'detect.wobble.enabled' is 'True', expected true or false (--set)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"15", "65537", "-64", "1e99", "NaN", "Infinity", "", "64 steps", "0x40"})
    void aNumberOutOfRangeIsRefused(String value) {
        assertSetRefused(
                "scan.window-steps=" + value,
                "Setting 'scan.window-steps' is '" + value.replace("1e99", "1E+99")
                        + "', expected a whole number from 16 to 65536 (--set)");
    }

    @Test
    void theEndsOfARangeAreInIt() {
        assertThat(sets("scan.window-steps=16").scan().windowSteps()).isEqualTo(16);
        assertThat(sets("scan.window-steps=65536").scan().windowSteps()).isEqualTo(65536);
    }

    @ParameterizedTest
    @ValueSource(strings = {"scan.window-steps", "=5", ""})
    void aSetWithoutAKeyOrValueIsRefused(String set) {
        assertSetRefused(set, "Cannot read --set '" + set + "', expected key=value");
    }

    @Test
    void aFileThatIsNotThereIsRefused() {
        Path missing = folder.resolve("my other.conf");

        assertThatThrownBy(() -> SettingsLoader.load(Optional.of(missing), List.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessage("Cannot read settings '" + missing + "': there is no such file");
        assertThatThrownBy(() -> SettingsLoader.load(Optional.of(folder), List.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessage("Cannot read settings '" + folder + "': it is not a readable file");
    }

    @Test
    void aFileThatIsNoConfigurationIsRefusedInOneLine() throws IOException {
        Path file = folder.resolve("my.conf");
        for (byte[] text : List.of(
                "scan { window-steps = 64".getBytes(StandardCharsets.UTF_8),
                "scan.window-steps = ${nothing.of.the.kind}".getBytes(StandardCharsets.UTF_8),
                new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1, 2, '{', '='})) {
            Files.write(file, text);

            assertThatThrownBy(() -> SettingsLoader.load(Optional.of(file), List.of()))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining(file.toString())
                    .message()
                    .hasLineCount(1);
        }
    }

    @Test
    void readsNoOtherSourceThanTheOneNamed() throws IOException {
        String before = System.getProperty("scan.window-steps");
        System.setProperty("scan.window-steps", "32");
        try {
            assertThat(file("").scan()).isEqualTo(Settings.Scan.DEFAULTS);
        } finally {
            if (before == null) {
                System.clearProperty("scan.window-steps");
            }
        }
    }
}
