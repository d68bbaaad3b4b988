package io.tiltmeter.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.config.ConfigException;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.Severity;
import io.tiltmeter.spark.IngestJob;
import io.tiltmeter.spark.InputException;
import io.tiltmeter.spark.NightlyJob;
import io.tiltmeter.spark.SimulateJob;
import io.tiltmeter.spark.StatusFile;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandRunnerTest {
    private static final Rejection BAD_FILE =
            new Rejection("logs/a.jsonl", 7, "Line is not a JSON object", 3, Rejection.Level.REJECTED);
    private static final Rejection DOUBTFUL =
            new Rejection("logs/b.jsonl", 0, "No steps; lines were counted", 1, Rejection.Level.WARNING);

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private CommandRunner.Ending run(FakeJobs jobs, String... arguments) {
        Terminal terminal = new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                120,
                false,
                false);
        return new CommandRunner(jobs::open, terminal).run(arguments);
    }

    private CommandRunner.Ending nightly(FakeJobs jobs, String... more) {
        String[] arguments = new String[more.length + 5];
        System.arraycopy(new String[] {"nightly", "--metrics", "m", "--output", "o"}, 0, arguments, 0, 5);
        System.arraycopy(more, 0, arguments, 5, more.length);
        return run(jobs, arguments);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void isSoundWhenTheJobIs() {
        FakeJobs jobs = FakeJobs.sound();

        assertThat(nightly(jobs).code()).isEqualTo(ExitCode.SOUND);
        assertThat(out()).startsWith("All is well\n\nReport: /reports/2026-11-23/report.html\n");
        assertThat(jobs.opened).containsExactly("nightly");
        assertThat(jobs.closed).isEqualTo(1);
    }

    @Test
    void leavesItsCodeInTheOutput() {
        FakeJobs jobs = FakeJobs.rejecting(BAD_FILE, DOUBTFUL);

        nightly(jobs);

        assertThat(jobs.statusFolders).containsExactly("o");
        assertThat(jobs.statuses)
                .containsExactly(new StatusFile.Status(
                        "nightly", 0, "sound", 3, Optional.of("/reports/2026-11-23/report.html")));
    }

    @Test
    void handsTheOptionsOver() {
        FakeJobs jobs = FakeJobs.sound();

        nightly(jobs, "--date", "2026-11-23", "--set", "report.max-charts=7", "--dry-run");
        run(jobs, "ingest", "--input", "a b", "c", "--input", "d", "--output", "o", "--format", "jsonl");
        run(
                jobs,
                "demo",
                "--output",
                "o/",
                "--simulate",
                "--runs",
                "3",
                "--workers",
                "2",
                "--steps",
                "9",
                "--seed",
                "-1");
        run(jobs, "demo", "--output", "d");

        assertThat(jobs.requests).hasSize(6);
        NightlyJob.Request night = (NightlyJob.Request) jobs.requests.get(0);
        assertThat(night.metrics()).isEqualTo("m");
        assertThat(night.date()).contains("2026-11-23");
        assertThat(night.dryRun()).isTrue();
        assertThat(jobs.settings.get(0).report().maxCharts()).isEqualTo(7);
        IngestJob.Request ingest = (IngestJob.Request) jobs.requests.get(1);
        assertThat(ingest.inputs()).containsExactly("a b", "c", "d");
        assertThat(ingest.format()).isEqualTo("jsonl");
        assertThat(jobs.requests.get(2)).isEqualTo(new SimulateJob.Request("o/metrics", 3, 2, 9, -1));
        assertThat(((NightlyJob.Request) jobs.requests.get(3)).output()).isEqualTo("o/report");
        assertThat(jobs.requests.get(4)).isEqualTo("fleet in d");
        assertThat(((NightlyJob.Request) jobs.requests.get(5)).metrics()).isEqualTo("d/metrics");
    }

    @ParameterizedTest
    @CsvSource({
        "error, error, 1",
        "error, warning, 1",
        "warning, error, 0",
        "warning, warning, 1",
        "info, warning, 0",
        "info, info, 1"
    })
    void failsOnFindingsAtOrAboveASeverity(String found, String failOn, int code) {
        FakeJobs jobs = FakeJobs.finding(Severity.valueOf(found.toUpperCase(java.util.Locale.ROOT)));

        assertThat(nightly(jobs, "--fail-on", failOn).code().code()).isEqualTo(code);
        assertThat(jobs.statuses.get(0).exitCode()).isEqualTo(code);
        if (code == 1) {
            assertThat(err())
                    .contains("jobs/nightly: The gravest finding is of severity " + found + ", and --fail-on is "
                            + failOn + "\n");
        }
    }

    /** A gate that is closed stops what comes after it, though nobody asked for {@code --fail-on}. */
    @Test
    void aJobThatFailsByItselfIsCodeOne() {
        FakeJobs jobs = FakeJobs.closed("The gate is closed: 2 checks fail");

        assertThat(run(jobs, "validate", "--data", "d", "--output", "o").code()).isEqualTo(ExitCode.FINDINGS);
        assertThat(nightly(jobs).code()).isEqualTo(ExitCode.FINDINGS);
        assertThat(jobs.statuses.get(0).exitCode()).isEqualTo(1);
        assertThat(err()).contains("jobs/validate: The gate is closed: 2 checks fail\n");
    }

    @Test
    void findingsAloneDoNotFail() {
        assertThat(nightly(FakeJobs.finding(Severity.ERROR)).code()).isEqualTo(ExitCode.SOUND);
    }

    @Test
    void warnsOfRejectedInput() {
        assertThat(nightly(FakeJobs.rejecting(BAD_FILE, BAD_FILE, DOUBTFUL)).code())
                .isEqualTo(ExitCode.SOUND);
        assertThat(err())
                .contains(
                        "jobs/nightly: Warning: Rejected 6 line(s) or file(s), the first: logs/a.jsonl, line 7: Line is"
                                + " not a JSON object\n");
    }

    @Test
    void strictAllowsNoRejectedInput() {
        FakeJobs jobs = FakeJobs.rejecting(BAD_FILE);

        assertThat(nightly(jobs, "--strict").code()).isEqualTo(ExitCode.INPUT);
        assertThat(jobs.statuses.get(0).exitCode()).isEqualTo(3);
        assertThat(err()).endsWith("Line is not a JSON object (--strict allows none)\n");
    }

    @Test
    void strictAllowsDoubtfulInput() {
        assertThat(nightly(FakeJobs.rejecting(DOUBTFUL), "--strict").code()).isEqualTo(ExitCode.SOUND);
        assertThat(err()).doesNotContain("logs/b.jsonl");
    }

    @Test
    void theHighestCodeThatAppliesCounts() {
        FakeJobs jobs = FakeJobs.finding(Severity.ERROR, BAD_FILE);

        assertThat(nightly(jobs, "--fail-on", "error").code()).isEqualTo(ExitCode.FINDINGS);
        assertThat(nightly(jobs, "--fail-on", "error", "--strict").code()).isEqualTo(ExitCode.INPUT);
        assertThat(nightly(jobs, "--strict").code()).isEqualTo(ExitCode.INPUT);
    }

    @Test
    void unusableInputIsOneLine() {
        FakeJobs jobs = FakeJobs.failing(new IllegalStateException(
                "Job aborted", new InputException("Cannot read 'm': no such file or folder")));

        assertThat(nightly(jobs).code()).isEqualTo(ExitCode.INPUT);
        assertThat(problems()).containsExactly("jobs/nightly: Cannot read 'm': no such file or folder");
        assertThat(jobs.statuses.get(0).exitCode()).isEqualTo(3);
        assertThat(jobs.closed).isEqualTo(1);
    }

    @Test
    void aSettingFoundWrongLateIsStillUsage() {
        assertThat(nightly(FakeJobs.failing(new ConfigException("No Spark master is set")))
                        .code())
                .isEqualTo(ExitCode.USAGE);
        assertThat(problems()).containsExactly("jobs/nightly: No Spark master is set");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anythingElseIsABugAndShowsWhere(boolean checked) {
        Throwable thrown = checked ? new FileNotFoundException("part-0 is gone") : new StackOverflowError("too deep");
        FakeJobs jobs = FakeJobs.failing(thrown);

        assertThat(nightly(jobs).code()).isEqualTo(ExitCode.BUG);
        assertThat(err())
                .contains("jobs/nightly: Unexpected " + thrown + "\nThis is a bug of Tiltmeter, not of your input.")
                .contains("\tat io.tiltmeter.cli.");
        assertThat(jobs.statuses.get(0).exitCode()).isEqualTo(4);
        assertThat(jobs.closed).isEqualTo(1);
    }

    @Test
    void aSessionThatCannotBeOpenedHasACodeToo() {
        CommandRunner runner = new CommandRunner(
                command -> {
                    throw new ConfigException("No Spark master is set; start with jobs/" + command);
                },
                new Terminal(System.out, new PrintStream(err, true, StandardCharsets.UTF_8), 120, false, false));

        assertThat(runner.run("nightly", "--metrics", "m", "--output", "o").code())
                .isEqualTo(ExitCode.USAGE);
        assertThat(err()).isEqualTo("jobs/nightly: No Spark master is set; start with jobs/nightly\n");
    }

    @Test
    void aDryRunLeavesNoStatus() {
        FakeJobs jobs = FakeJobs.sound();

        assertThat(nightly(jobs, "--dry-run").code()).isEqualTo(ExitCode.SOUND);
        assertThat(run(jobs, "demo", "--output", "o", "--dry-run").code()).isEqualTo(ExitCode.SOUND);
        assertThat(run(jobs, "demo", "--output", "o", "--simulate", "--dry-run").code())
                .isEqualTo(ExitCode.SOUND);
        assertThat(jobs.statuses).isEmpty();
        assertThat(jobs.requests).hasSize(1);
        assertThat(out()).contains("Would train 9 runs of 2 workers into o/metrics");
        assertThat(out()).contains("Would simulate 24 runs of 4 workers and 1500 steps (seed 42) into o/metrics");
    }

    @Test
    void aStatusThatCannotBeWrittenChangesNoCode() {
        FakeJobs jobs = FakeJobs.sound();
        jobs.statusFailure = new IOException("No space left on device");

        assertThat(nightly(jobs).code()).isEqualTo(ExitCode.SOUND);
        assertThat(problems())
                .containsExactly("jobs/nightly: Warning: cannot write status.json into 'o': java.io.IOException: No"
                        + " space left on device");
    }

    @Test
    void noNameCanBreakTheLineOrDriveTheTerminal() {
        String hostile = "x\n\njobs/nightly: all is well\u001b[2J\u009b31m\u2028\u202e";
        FakeJobs failing = FakeJobs.failing(new InputException("Cannot read '" + hostile + "'"));
        FakeJobs rejecting = FakeJobs.rejecting(new Rejection(hostile, 0, hostile, 1, Rejection.Level.REJECTED));

        nightly(failing);
        assertThat(problems()).hasSize(1);
        nightly(rejecting);
        assertThat(problems()).hasSize(2);
        run(failing, "nightly", "--metrics", "m", "--output", "o", hostile);
        run(failing, hostile);
        assertThat(err()).doesNotContain("\u001b", "\u009b", "\u2028", "\u202e");
        assertThat(failing.statuses.get(0).reason()).doesNotContain("\n", "\u001b");
    }

    /** Lines on the error stream but for progress. */
    private List<String> problems() {
        return err().lines().filter(line -> line.startsWith("jobs/")).toList();
    }
}
