package io.tiltmeter.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The scripts in {@code jobs/}, run as processes. Every start of Spark takes seconds, so one demo serves several tests. */
class LauncherIT {
    @TempDir
    static Path shared = Path.of("");

    private static Launcher.Result demo = new Launcher.Result(-1, "", "");

    @TempDir
    Path folder = Path.of("");

    @BeforeAll
    static void runsTheDemo() throws Exception {
        demo = new Launcher(shared, Map.of())
                .run("demo", "--output", "my demo", "--simulate", "--runs", "8", "--workers", "2", "--steps", "400");
    }

    private Launcher.Result run(String command, String... arguments) throws IOException, InterruptedException {
        return new Launcher(folder, Map.of()).run(command, arguments);
    }

    @Test
    void theDemoReportsItsFleet() throws IOException {
        assertThat(demo.code()).as(demo.err()).isZero();
        Path page = reports("my demo/report").get(0);
        assertThat(demo.out()).contains("8 runs: ", "Report: my demo/report/", "'" + page.toRealPath() + "'");
        assertThat(demo.out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(200));
        assertThat(page.resolveSibling("findings.json"))
                .content()
                .startsWith("{")
                .contains("\"runs\"");
        assertThat(shared.resolve("my demo/status.json")).content().contains("\"command\":\"demo\",\"exit_code\":0");
        assertThat(demo.err()).doesNotContain("\tat ", "Exception");
    }

    @Test
    void findingsCloseTheGateAndSparksOptionsReachSpark() throws Exception {
        Path events = Files.createDirectory(folder.resolve("event log"));
        addDamagedFile(shared.resolve("my demo/metrics/attempt-000001/steps"));

        Launcher.Result result = run(
                "nightly",
                "--conf",
                "spark.eventLog.enabled=true",
                "--metrics",
                shared.resolve("my demo/metrics").toString(),
                "--conf=spark.eventLog.dir=" + events.toUri(),
                "--output",
                "the reports",
                "--date",
                "2026-11-23",
                "--fail-on",
                "error");

        assertThat(result.code()).as(result.err()).isEqualTo(1);
        assertThat(result.problems())
                .hasSize(2)
                .last()
                .isEqualTo("jobs/nightly: The gravest finding is of severity error," + " and --fail-on is error");
        assertThat(result.problems().get(0))
                .startsWith("jobs/nightly: Warning: Rejected 1 line(s) or file(s), the first: ")
                .contains("damaged.parquet: Damaged inside");
        assertThat(result.err()).doesNotContain("\tat ", "ERROR");
        assertThat(folder.resolve("the reports/2026-11-23/report.html")).isNotEmptyFile();
        assertThat(folder.resolve("the reports/status.json")).content().contains("\"exit_code\":1");
        assertThat(result.out()).contains("Report: the reports/2026-11-23/report.html");
        try (Stream<Path> logs = Files.list(events)) {
            assertThat(logs).isNotEmpty();
        }
    }

    @Test
    void logsBecomeMetricTables() throws Exception {
        Path logs = Files.createDirectories(folder.resolve("my logs"));
        Files.writeString(logs.resolve("a run.jsonl"), "{\"step\": 1, \"loss\": 3.5}\n{\"step\": 2, \"loss\": 3.1}\n");
        Files.write(logs.resolve("b.jsonl"), new byte[] {'{', '"', (byte) 0xff, (byte) 0xfe, '"', ':', '\n'});

        Launcher.Result result = run("ingest", "--input", "my logs", "--output", "my tables");

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).startsWith("Read 1 logs into my tables\n").contains("  steps      2 rows\n");
        assertThat(folder.resolve("my tables/status.json")).content().contains("\"exit_code\":0");
    }

    /** What a nightly pipeline does: validate, and train only on what passed. */
    @Test
    void aClosedGateEndsWithOneAndTrainingRefusesTheData() throws Exception {
        Random random = new Random(5);
        StringBuilder rows = new StringBuilder("x,y,label\n");
        for (int i = 0; i < 300; i++) {
            rows.append(i == 123 ? "NaN" : random.nextGaussian())
                    .append(',')
                    .append(random.nextGaussian())
                    .append(',')
                    .append(i % 2)
                    .append('\n');
        }
        Files.writeString(folder.resolve("data.csv"), rows);
        Files.createFile(folder.resolve("empty.csv"));

        Launcher.Result gate =
                run("validate", "--data", "data.csv", "--output", "gate", "--set", "validate.probe-rows=0");

        assertThat(gate.code()).as(gate.err()).isEqualTo(1);
        assertThat(gate.problems()).containsExactly("jobs/validate: The gate is closed: 1 check fails");
        assertThat(gate.out())
                .contains(
                        "CLOSED",
                        "x 1 NaN or infinite numbers (1 NaN, 0 +Inf, 0 -Inf) in 300 rows",
                        "Report: gate/report.html");
        assertThat(folder.resolve("gate/status.json")).content().contains("\"exit_code\":1");

        Files.writeString(folder.resolve("train.conf"), """
                run-id = refused
                model { factory = io.tiltmeter.train.programs.MlpProgram, arguments { inputs = 2, classes = 2 } }
                data { train = data.csv, features = [x, y], labels = [label], label-encoding = class, label-classes = 2 }
                training { workers = 1 }
                """);
        Launcher.Result training =
                run("train", "--config", "train.conf", "--output", "trained", "--require-verdict", "gate");

        assertThat(training.code()).as(training.err()).isEqualTo(3);
        assertThat(training.problems())
                .singleElement()
                .asString()
                .contains("data.csv", "says FAIL, expected one that passed");
        assertThat(folder.resolve("trained/metrics")).doesNotExist();

        Launcher.Result eval = run("validate", "--data", "data.csv", "--eval", "empty.csv", "--output", "gate");

        assertThat(eval.code()).isEqualTo(3);
        assertThat(eval.problems())
                .containsExactly("jobs/validate: Cannot read evaluation data 'empty.csv': none of its 1 files can be"
                        + " read, the first because: Empty file (0 bytes)");
    }

    @Test
    void inputThatIsNotThereIsOneLine() throws Exception {
        Launcher.Result result = run("nightly", "--metrics", "no such folder", "--output", "reports");

        assertThat(result.code()).as(result.err()).isEqualTo(3);
        assertThat(result.problems())
                .containsExactly(
                        "jobs/nightly: Cannot read metrics 'no such folder': no such file or folder, and no table"
                                + " or schema of this name in the catalog");
        assertThat(result.err()).doesNotContain("\tat ");
        assertThat(folder.resolve("reports/status.json")).content().contains("\"exit_code\":3");
    }

    @Test
    void wrongUsageIsOneLine() throws Exception {
        Launcher.Result option = run("ingest", "--input", "a", "--output", "o", "--dry-rum");
        assertThat(option.code()).isEqualTo(2);
        assertThat(option.err())
                .isEqualTo(
                        "jobs/ingest: Unknown option '--dry-rum'; did you mean '--dry-run'? (jobs/ingest --help lists"
                                + " all options)\n");

        Launcher.Result name = run("ingest", "--input", "a", "--output", "o", "--name", "my-names.conf");
        assertThat(name.code()).isEqualTo(2);
        assertThat(name.err()).startsWith("jobs/ingest: Unknown option '--name'; did you mean '--names'?");

        Launcher.Result key = run("nightly", "--metrics", "m", "--output", "o", "--set", "report.maxcharts=1");
        assertThat(key.code()).isEqualTo(2);
        assertThat(key.err())
                .isEqualTo(
                        "jobs/nightly: Unknown setting 'report.maxcharts' (--set); did you mean 'report.max-charts'?\n");

        Launcher.Result conf = run("nightly", "--conf", "my.conf", "--metrics", "m", "--output", "o");
        assertThat(conf.code()).isEqualTo(2);
        assertThat(conf.err())
                .isEqualTo(
                        "jobs/nightly: Spark's --conf is 'my.conf', expected key=value; a file of Tiltmeter's settings"
                                + " is --config FILE\n");
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void anInstalledSparkIsUsed() throws Exception {
        Path home = fakeSpark("spark-core_2.13-4.1.0.jar");
        Launcher launcher =
                new Launcher(folder, Map.of("SPARK_HOME", home.toString(), "TILTMETER_JAVA_OPTS", "-Da=b -Dc=d"));

        Launcher.Result result = launcher.run(
                "nightly",
                "--metrics",
                "my metrics",
                "--master",
                "yarn",
                "--output=out dir",
                "--deploy-mode=cluster",
                "--conf",
                "spark.x=a b",
                "--strict",
                "--set",
                "report.max-charts=3",
                "--driver-memory",
                "6g",
                "--",
                "--conf");

        assertThat(result.code()).as(result.err()).isEqualTo(42);
        List<String> got = Files.readAllLines(folder.resolve("arguments"));
        int jar = got.indexOf("io.tiltmeter.cli.Main") + 1;
        assertThat(got.subList(0, jar))
                .containsExactly(
                        "--master",
                        "yarn",
                        "--deploy-mode",
                        "cluster",
                        "--conf",
                        "spark.x=a b",
                        "--driver-memory",
                        "6g",
                        "--driver-java-options",
                        "-Da=b -Dc=d",
                        "--class",
                        "io.tiltmeter.cli.Main");
        assertThat(Path.of(got.get(jar)).getFileName()).hasToString("tiltmeter.jar");
        assertThat(got.subList(jar + 1, got.size()))
                .containsExactly(
                        "nightly",
                        "--metrics",
                        "my metrics",
                        "--output=out dir",
                        "--strict",
                        "--set",
                        "report.max-charts=3",
                        "--",
                        "--conf");
    }

    @Test
    void anInstallationThatDoesNotFitIsRefused() throws Exception {
        Launcher.Result old = new Launcher(
                        folder,
                        Map.of(
                                "SPARK_HOME",
                                fakeSpark("spark-core_2.12-3.5.1.jar").toString()))
                .run("demo", "--output", "o");
        assertThat(old.code()).isEqualTo(2);
        assertThat(old.err())
                .isEqualTo(
                        "jobs/demo: SPARK_HOME has spark-core_2.12-3.5.1.jar, expected Spark 4 for Scala 2.13; correct"
                                + " or unset it\n");

        Launcher.Result none = new Launcher(folder, Map.of("SPARK_HOME", "/nowhere")).run("demo", "--output", "o");
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err()).contains("SPARK_HOME is '/nowhere', but there is no bin/spark-submit in it");

        Launcher.Result java = new Launcher(folder, Map.of("JAVA_HOME", "/nowhere")).run("demo", "--output", "o");
        assertThat(java.code()).isEqualTo(2);
        assertThat(java.err()).contains("JAVA_HOME is '/nowhere', but there is no bin/java in it; set it to a JDK 17");
    }

    /** An installation whose spark-submit writes its arguments down, one a line, and ends with 42. */
    private Path fakeSpark(String core) throws IOException {
        Path home = Files.createTempDirectory(folder, "spark");
        Files.createDirectories(home.resolve("jars"));
        Files.createFile(home.resolve("jars").resolve(core));
        Path submit = Files.createDirectories(home.resolve("bin")).resolve("spark-submit");
        Files.writeString(submit, "#!/usr/bin/env bash\nprintf '%s\\n' \"$@\" >arguments\nexit 42\n");
        assertThat(submit.toFile().setExecutable(true)).isTrue();
        return home;
    }

    /** Adds a Parquet file with a sound footer and senseless data. */
    private static void addDamagedFile(Path table) throws IOException {
        Path good;
        try (Stream<Path> files = Files.list(table)) {
            good = files.filter(file -> file.toString().endsWith(".parquet"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(good);
        Arrays.fill(bytes, 4, bytes.length / 2, (byte) 0xff);
        Files.write(table.resolve("damaged.parquet"), bytes);
    }

    private static List<Path> reports(String output) throws IOException {
        try (Stream<Path> days = Files.list(shared.resolve(output))) {
            return days.map(day -> day.resolve("report.html"))
                    .filter(Files::exists)
                    .toList();
        }
    }
}
