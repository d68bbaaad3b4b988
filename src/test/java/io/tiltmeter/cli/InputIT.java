package io.tiltmeter.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.spark.LocalSpark;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands with the real jobs behind them, on input as it comes: missing, damaged, hostile. */
class InputIT {
    private static final String SCRIPT = "<script>alert(1)</script>";
    private static final String PATH = "../../x";

    @TempDir
    Path folder = Path.of("");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private ExitCode run(String... arguments) {
        out.reset();
        err.reset();
        Terminal terminal = new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                120,
                false,
                false);
        return new CommandRunner(command -> new LocalJobs(), terminal)
                .run(arguments)
                .code();
    }

    private ExitCode nightly(Path metrics, String... more) {
        List<String> arguments = new ArrayList<>(List.of("nightly", "--metrics", metrics.toString(), "--output"));
        arguments.add(folder.resolve("reports").toString());
        arguments.addAll(List.of("--date", "2026-11-23"));
        arguments.addAll(List.of(more));
        return run(arguments.toArray(String[]::new));
    }

    private ExitCode ingest(Path logs, String... more) {
        List<String> arguments = new ArrayList<>(List.of("ingest", "--input", logs.toString(), "--output"));
        arguments.add(folder.resolve("tables").toString());
        arguments.addAll(List.of(more));
        return run(arguments.toArray(String[]::new));
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private List<String> problems() {
        return err.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith("jobs/") || line.startsWith("\tat "))
                .toList();
    }

    private Path report() {
        return folder.resolve("reports/2026-11-23/report.html");
    }

    private String status(String output) throws IOException {
        return Files.readString(folder.resolve(output).resolve("status.json"));
    }

    private void assertUnusable(ExitCode code, String message) {
        assertThat(code).isEqualTo(ExitCode.INPUT);
        assertThat(problems()).hasSize(1);
        assertThat(problems().get(0)).contains(message);
    }

    private Path folder(String name) throws IOException {
        return Files.createDirectories(folder.resolve(name));
    }

    /** A steps table with a file for each run, whose loss falls without noise. */
    private Path steps(String name, String... runs) {
        Path table = folder.resolve(name);
        for (String run : runs) {
            Dataset<Row> one = LocalSpark.session()
                    .range(0, 300, 1, 1)
                    .select(
                            functions.lit(run).as("run_id"),
                            functions.col("id").as("step"),
                            functions
                                    .lit(2.0)
                                    .plus(functions
                                            .lit(8.0)
                                            .divide(functions.col("id").plus(1)))
                                    .as("loss"));
            one.write().mode("append").parquet(table.toString());
        }
        return table;
    }

    private static List<Path> parquet(Path table) throws IOException {
        try (Stream<Path> files = Files.list(table)) {
            return files.filter(file -> file.toString().endsWith(".parquet"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aMissingPathIsNoInput() {
        assertUnusable(ingest(folder.resolve("none")), "/none': no such file or folder");
        assertUnusable(nightly(folder.resolve("none")), "/none': no such file or folder, and no table");
    }

    @Test
    void anEmptyFolderIsNoInput() throws IOException {
        assertUnusable(ingest(folder("empty")), "Nothing readable in " + folder.resolve("empty") + ": no file");
        assertUnusable(
                nightly(folder("empty")),
                "/empty': it holds no Parquet file and no folder named steps, runs or metrics");
        assertThat(status("reports")).contains("\"exit_code\":3");
    }

    @Test
    void aFolderWithNothingReadableIsNoInput() throws IOException {
        Path logs = folder("pictures");
        Files.write(logs.resolve("a.png"), new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13});
        Files.writeString(logs.resolve("b.parquet"), "This was a Parquet file once");

        assertUnusable(ingest(logs), "Nothing readable in " + logs + ": 2 files, none of them a log");
        assertUnusable(nightly(logs), "/pictures': none of its files is readable, e.g. ");
    }

    @Test
    void aNeededColumnOfAnotherTypeIsNoInput() {
        Path table = folder.resolve("typed");
        LocalSpark.session()
                .createDataFrame(
                        List.of(RowFactory.create("a", "one", 1.0)),
                        new StructType()
                                .add("run_id", DataTypes.StringType)
                                .add("step", DataTypes.StringType)
                                .add("loss", DataTypes.DoubleType))
                .write()
                .parquet(table.toString());

        assertUnusable(nightly(table), "column 'step' is string, expected bigint");
    }

    @Test
    void aMissingColumnIsNoInput() {
        Path table = folder.resolve("keyless");
        LocalSpark.session().range(3).toDF("step").write().parquet(table.toString());

        assertUnusable(nightly(table), "it has no column 'run_id' (string); its columns are step");
    }

    @Test
    void aTruncatedFileIsCountedAndTheRestIsRead() throws IOException {
        Path table = steps("steps", "a", "b", "c");
        Path broken = parquet(table).get(1);
        byte[] bytes = Files.readAllBytes(broken);
        Files.write(broken, Arrays.copyOf(bytes, bytes.length / 2));

        assertThat(nightly(table)).isEqualTo(ExitCode.SOUND);
        assertThat(problems()).hasSize(1);
        assertThat(problems().get(0))
                .startsWith("jobs/nightly: Warning: Rejected 1 line(s) or file(s), the first: ")
                .contains(broken.getFileName().toString(), "truncated or not a Parquet file");
        assertThat(out()).contains("2 runs: 2 sound", "Input not taken as it stood");
        assertThat(status("reports")).contains("\"exit_code\":0", "\"rejected\":1,");
        assertThat(report()).content().contains(broken.getFileName().toString());

        assertThat(nightly(table, "--strict")).isEqualTo(ExitCode.INPUT);
        assertThat(problems()).hasSize(1);
        assertThat(problems().get(0)).endsWith("(--strict allows none)");
        assertThat(status("reports")).contains("\"exit_code\":3", "\"rejected\":1,");
        assertThat(report()).exists();
    }

    @Test
    void aFileDamagedInsideIsCountedAndTheRestIsRead() throws IOException {
        Path table = steps("steps", "a", "b");
        Path broken = parquet(table).get(0);
        byte[] bytes = Files.readAllBytes(broken);
        Arrays.fill(bytes, 4, bytes.length / 2, (byte) 0xff);
        Files.write(broken, bytes);
        // The checksum that Hadoop leaves beside a local file tells the same story sooner.
        Files.deleteIfExists(broken.resolveSibling("." + broken.getFileName() + ".crc"));

        assertThat(nightly(table)).isEqualTo(ExitCode.SOUND);
        assertThat(problems()).hasSize(1);
        assertThat(problems().get(0)).contains(broken.getFileName().toString(), "Damaged inside");
        assertThat(out()).contains("1 run: 1 sound");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void hostileRunNamesDoNoHarm(boolean throughLogs) throws IOException {
        Path work = folder("work/deep/deeper");
        Path metrics;
        if (throughLogs) {
            Path logs = folder("logs");
            StringBuilder lines = new StringBuilder();
            for (int step = 0; step < 300; step++) {
                for (String run : List.of(PATH, SCRIPT)) {
                    lines.append(String.format(
                            "{\"run_id\": \"%s\", \"step\": %d, \"loss\": %s, \"%s\": 1}%n",
                            run, step, step == 200 ? "\"NaN\"" : "2." + step, SCRIPT));
                }
            }
            Files.writeString(logs.resolve("a.jsonl"), lines.toString());
            metrics = work.resolve("tables");
            assertThat(run("ingest", "--input", logs.toString(), "--output", metrics.toString()))
                    .as(err.toString(StandardCharsets.UTF_8))
                    .isEqualTo(ExitCode.SOUND);
        } else {
            metrics = steps("work/deep/deeper/steps", PATH, SCRIPT, "a\nb\u001b[2J\u202e");
        }
        Set<String> before = names(folder);

        assertThat(run(
                        "nightly",
                        "--metrics",
                        metrics.toString(),
                        "--output",
                        work.resolve("reports").toString(),
                        "--date",
                        "2026-11-23"))
                .as(err.toString(StandardCharsets.UTF_8))
                .isEqualTo(ExitCode.SOUND);

        Set<String> written = names(folder);
        written.removeAll(before);
        assertThat(written).isNotEmpty().allMatch(file -> file.startsWith("work/deep/deeper/reports"));
        String page = Files.readString(work.resolve("reports/2026-11-23/report.html"));
        assertThat(page).contains("&lt;script>alert(1)").doesNotContain(SCRIPT, "\u001b", "\u202e");
        assertThat(Files.readString(work.resolve("reports/2026-11-23/findings.json")))
                .contains("../../x\"")
                .doesNotContain("\u001b");
        assertThat(out()).doesNotContain("\u001b", "\u202e");
    }

    @Test
    void aLogThatIsNotTextIsQuarantined() throws IOException {
        Path logs = folder("logs");
        StringBuilder good = new StringBuilder();
        for (int step = 0; step < 50; step++) {
            good.append("{\"step\": ").append(step).append(", \"loss\": 2.5}\n");
        }
        Files.writeString(logs.resolve("good.jsonl"), good);
        byte[] text = good.toString().getBytes(StandardCharsets.UTF_8);
        text[text.length - 8] = (byte) 0xff;
        Files.write(logs.resolve("latin.jsonl"), text);

        assertThat(ingest(logs)).isEqualTo(ExitCode.SOUND);
        assertThat(problems()).hasSize(1);
        assertThat(problems().get(0)).contains("jobs/ingest: Warning: Rejected 1 line(s)", "latin.jsonl");
        assertThat(status("tables")).contains("\"exit_code\":0", "\"rejected\":1,");
        assertThat(out()).contains("  quarantine 1 rows");

        assertThat(ingest(logs, "--strict")).isEqualTo(ExitCode.INPUT);
        assertThat(nightly(folder.resolve("tables"), "--strict")).isEqualTo(ExitCode.INPUT);
        assertThat(report()).content().contains("latin.jsonl");
    }

    @Test
    void aDryRunWritesNothing() throws IOException {
        Path logs = folder("logs");
        Files.writeString(logs.resolve("a.jsonl"), "{\"step\": 1, \"loss\": 3}\n{\"step\": 2, \"loss\": 2}\n");
        Path table = steps("steps", "a");
        Set<String> before = names(folder);

        assertThat(ingest(logs, "--dry-run")).isEqualTo(ExitCode.SOUND);
        assertThat(out()).contains("Dry run: nothing is written.", "jsonl", "1 files");
        assertThat(nightly(table, "--dry-run")).isEqualTo(ExitCode.SOUND);
        assertThat(out()).contains("Dry run: nothing is written.", "1 of 1 attempts, reading 1 files");
        assertThat(run("demo", "--output", folder.resolve("demo").toString(), "--dry-run"))
                .isEqualTo(ExitCode.SOUND);
        assertThat(names(folder)).isEqualTo(before);
    }

    @Test
    void anOutputThatCannotBeWrittenIsSaidInOneLine() throws IOException {
        Path logs = folder("logs");
        Files.writeString(logs.resolve("a.jsonl"), "{\"step\": 1, \"loss\": 3}\n{\"step\": 2, \"loss\": 2}\n");
        Files.writeString(folder.resolve("tables"), "A file where the output should go");

        assertThat(ingest(logs)).isEqualTo(ExitCode.INPUT);
        assertThat(problems().get(0)).startsWith("jobs/ingest: Cannot write to '" + folder.resolve("tables"));
        assertThat(problems()).noneMatch(line -> line.startsWith("\tat "));
    }

    /** Paths of everything below a folder. */
    private static Set<String> names(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            Set<String> names = new TreeSet<>();
            all.forEach(file -> names.add(root.relativize(file).toString()));
            return names;
        }
    }
}
