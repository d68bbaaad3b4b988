package io.tiltmeter.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with a command line is said in one line, before Spark starts. */
class UsageTest {
    @TempDir
    Path folder = Path.of("");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final FakeJobs jobs = FakeJobs.sound();

    private ExitCode run(String... arguments) {
        Terminal terminal = new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                120,
                false,
                false);
        return new CommandRunner(jobs::open, terminal).run(arguments).code();
    }

    /** Runs words without blanks in them. */
    private ExitCode words(String line) {
        return run(line.split(" ", -1));
    }

    private void assertRefused(String line, String message) {
        assertThat(words(line)).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo(message + "\n");
        assertThat(jobs.opened).isEmpty();
    }

    @Test
    void namesTheNearestOption() {
        assertRefused(
                "nightly --metrics m --output o --fail-in error",
                "jobs/nightly: Unknown option '--fail-in'; did you mean '--fail-on'? (jobs/nightly --help lists all"
                        + " options)");
    }

    @Test
    void namesTheNearestOptionEvenIfThatOneIsNowMissing() {
        assertRefused(
                "ingest --input a --outptu=o",
                "jobs/ingest: Unknown option '--outptu'; did you mean '--output'? (jobs/ingest --help lists all options)");
    }

    @Test
    void doesNotTakeAnOptionForAValue() {
        assertRefused(
                "ingest --input a --formt jsonl --output o",
                "jobs/ingest: Unknown option '--formt'; did you mean '--format'? (jobs/ingest --help lists all options)");
    }

    @Test
    void namesNoOptionWhereNoneIsNear() {
        assertRefused(
                "demo --output o --quantum-entanglement",
                "jobs/demo: Unknown option '--quantum-entanglement' (jobs/demo --help lists all options)");
    }

    @Test
    void namesTheNearestSetting() {
        assertRefused(
                "nightly --metrics m --output o --set report.max-chart=5",
                "jobs/nightly: Unknown setting 'report.max-chart' (--set); did you mean 'report.max-charts'?");
    }

    @Test
    void namesTheNearestFormat() {
        assertThat(words("ingest --input a --output o --format jsnol")).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("jobs/ingest: Unknown format 'jsnol', expected one of auto, csv-")
                .endsWith("; did you mean 'jsonl'?\n")
                .hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nightly --output o => Missing required option: '--metrics=PATH|TABLE'",
                "nightly --metrics m --output => Missing required parameter for option '--output' (DIR)",
                "demo --output o --simulate --runs many => Invalid value for option '--runs': 'many' is not an int",
                "demo --output o --simulate --runs 0 => Option '--runs' is '0', expected a whole number, at least 1",
                "demo --output o --runs 3 => Option '--runs' is '3', but is only for --simulate",
                "nightly --metrics m --output o --date 23.11.2026 => Invalid value for option '--date': '23.11.2026' is no"
                        + " date, expected one as 2026-11-23",
                "nightly --metrics m --output o --fail-on fatal => Invalid value for option '--fail-on': 'fatal' is no"
                        + " severity, expected info, warning or error",
                "nightly --metrics m --output o surplus => Unexpected argument 'surplus'",
                "nightly --metrics m --output o --names no.conf => Cannot read metric names 'no.conf': there is no such file",
                "nightly --metrics m --output o --config no.conf => Cannot read settings 'no.conf': there is no such file",
                "nightly --metrics m --output o --metrics n => option '--metrics' (PATH|TABLE) should be specified only once"
            })
    void saysWhatIsWrong(String example) {
        String[] lineAndMessage = example.split(" => ", 2);

        assertThat(words(lineAndMessage[0])).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString(StandardCharsets.UTF_8)).hasLineCount(1).contains(": " + lineAndMessage[1]);
        assertThat(jobs.opened).isEmpty();
    }

    @Test
    void saysWhichLineOfASettingsFileIsWrong() throws IOException {
        Path file = Files.writeString(folder.resolve("my.conf"), "report {\n  max-charts = lots\n}\n");

        assertThat(run("nightly", "--metrics", "m", "--output", "o", "--config", file.toString()))
                .isEqualTo(ExitCode.USAGE);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo(
                        "jobs/nightly: Setting 'report.max-charts' is 'lots', expected a whole number from 0 to 10000 ("
                                + file + ", line 2)\n");
    }

    @Test
    void namesTheNearestCommand() {
        assertThat(run("nigthly")).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("tiltmeter: Unknown command 'nigthly'; did you mean 'nightly'?\nUsage: jobs/COMMAND");
    }

    @Test
    void wantsACommand() {
        assertThat(run()).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString(StandardCharsets.UTF_8)).startsWith("tiltmeter: No command\nUsage: jobs/COMMAND");
    }

    @ParameterizedTest
    @ValueSource(strings = {"compare", "demo", "ingest", "nightly", "score", "train", "validate"})
    void helpsWithoutSpark(String command) {
        assertThat(run(command, "--help")).isEqualTo(ExitCode.SOUND);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .startsWith("Usage: jobs/" + command)
                .contains("--output=DIR", "--dry-run", "--fail-on=SEVERITY", "Examples:", "  4   a bug of Tiltmeter");
        assertThat(err.size()).isZero();
        assertThat(jobs.opened).isEmpty();
    }

    @Test
    void listsTheCommands() {
        assertThat(run("--help")).isEqualTo(ExitCode.SOUND);
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("compare, demo, ingest, nightly, score, train");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--version", "nightly --version"})
    void tellsItsVersion(String line) {
        assertThat(words(line)).isEqualTo(ExitCode.SOUND);
        assertThat(out.toString(StandardCharsets.UTF_8)).matches("tiltmeter .+, Spark 4\\..+, Java 17\\..+\n");
        assertThat(jobs.opened).isEmpty();
    }
}
