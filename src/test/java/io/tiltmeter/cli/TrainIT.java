package io.tiltmeter.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.spark.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code jobs/train} as a user starts it: in one JVM, and on a real cluster of two workers on loopback. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class TrainIT {
    /**
     * Below what is possible: means of two classes are 4.4 standard deviations apart, so the best rule confuses a class
     * with each of three others at a rate of at most Φ(-2.2) = 1.4 %.
     */
    private static final double EXPECTED_ACCURACY = 0.92;

    private static final Pattern ACCURACY = Pattern.compile("accuracy ([0-9.]+)");

    @TempDir
    static Path folder = Path.of("");

    @BeforeAll
    static void writesExamplesAndConfiguration() throws IOException {
        Random random = new Random(4);
        StringBuilder csv = new StringBuilder("x0,x1,x2,x3,x4,x5,x6,x7,label\n");
        for (int i = 0; i < 4000; i++) {
            int label = random.nextInt(4);
            for (int f = 0; f < 8; f++) {
                csv.append(String.format(Locale.ROOT, "%.5f,", random.nextGaussian() + (f % 4 == label ? 2.2 : 0)));
            }
            csv.append(label).append('\n');
        }
        Files.writeString(folder.resolve("blobs.csv"), csv);
        Files.writeString(folder.resolve("blobs.conf"), """
                run-id = blobs
                project = blobs
                seed = 3
                model { factory = io.tiltmeter.train.programs.MlpProgram, arguments { inputs = 8, classes = 4 } }
                data {
                  train = blobs.csv, features = [x0,x1,x2,x3,x4,x5,x6,x7]
                  labels = [label], label-encoding = class, label-classes = 4
                }
                training { workers = 2, batch = 16, epochs = 4, segment-steps = 100 }
                capture { flush-seconds = 1 }
                """);
    }

    private static Launcher.Result train(Map<String, String> environment, String... more)
            throws IOException, InterruptedException {
        List<String> arguments = new java.util.ArrayList<>(List.of("--config", "blobs.conf"));
        arguments.addAll(List.of(more));
        return new Launcher(folder, environment).run("train", arguments.toArray(String[]::new));
    }

    private static double accuracy(Launcher.Result result) {
        Matcher matcher = ACCURACY.matcher(result.out());
        assertThat(matcher.find()).as(result.out() + result.err()).isTrue();
        return Double.parseDouble(matcher.group(1));
    }

    private static Dataset<Row> table(String output, String name) {
        return LocalSpark.session()
                .read()
                .parquet(folder.resolve(output + "/metrics/" + name).toString());
    }

    /** The training the other tests are compared with: every step of every worker is in the tables, once. */
    @Test
    void trainsInOneJvm() throws Exception {
        Launcher.Result result = train(Map.of(), "--output", "local");

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(accuracy(result)).isGreaterThan(EXPECTED_ACCURACY);
        assertThat(folder.resolve("local/blobs/model.zip")).isNotEmptyFile();
        assertEveryStepOnce("local");
        Row run = table("local", "runs").first();
        assertThat(run.<String>getAs("status")).isEqualTo("finished");
        assertThat(run.<String>getAs("dataset_fingerprint")).isNotBlank();
        assertThat(run.<Long>getAs("seed")).isEqualTo(3);
        assertThat(run.<String>getAs("framework")).startsWith("Deeplearning4j 1.0.0-M2.1 / Spark ");
        assertThat(run.<String, String>getJavaMap(run.fieldIndex("attributes"))).containsEntry("training.batch", "16");
        assertThat(table("local", "topology").count()).isEqualTo(2);
        assertThat(table("local", "attempts").select("exit_reason").first().getString(0))
                .isEqualTo("finished");

        Launcher.Result again = train(Map.of(), "--output", "local");
        assertThat(again.code()).isEqualTo(2);
        assertThat(again.problems()).hasSize(1).first().asString().contains("add --resume to go on");
    }

    private static void assertEveryStepOnce(String output) {
        Dataset<Row> local = table(output, "steps").where("scope = 'local'");
        long steps = table(output, "steps")
                .where("scope = 'global'")
                .select("step")
                .distinct()
                .count();
        assertThat(steps).isGreaterThan(300);
        // What a broken attempt recorded stays beside what its successor did again.
        assertThat(local.select("step", "worker").distinct().count()).isEqualTo(2 * steps);
        assertThat(local.count())
                .isEqualTo(local.select("attempt", "step", "worker").distinct().count());
    }

    @Test
    void trainsOnAClusterAndGoesOnAfterAnExecutorIsKilled() throws Exception {
        try (StandaloneCluster cluster = new StandaloneCluster(folder.resolve("cluster"), 2)) {
            Map<String, String> slow = Map.of("SPARK_MASTER", cluster.url());
            CompletableFuture<Launcher.Result> training = CompletableFuture.supplyAsync(() -> {
                try {
                    return train(
                            slow,
                            "--executor-memory",
                            "900m",
                            "--output",
                            "on-cluster",
                            "--set",
                            "training.interceptor=io.tiltmeter.train.faults.SlowWorker",
                            "--set",
                            "training.interceptor-arguments.millis=30");
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            Path checkpoints = folder.resolve("on-cluster/blobs/checkpoints");
            while (!Files.exists(checkpoints.resolve("step-000000100.zip"))) {
                assertThat(training).as("ended early").isNotDone();
                Thread.sleep(200);
            }
            Thread.sleep(2000);
            assertThat(cluster.executors()).hasSize(2);
            ProcessHandle.of(cluster.executors().get(0)).orElseThrow().destroyForcibly();
            Launcher.Result result = training.get(5, TimeUnit.MINUTES);

            assertThat(result.code()).as(result.err()).isZero();
            assertThat(accuracy(result)).isGreaterThan(EXPECTED_ACCURACY);
            assertEveryStepOnce("on-cluster");
            List<Row> attempts =
                    table("on-cluster", "attempts").orderBy("attempt").collectAsList();
            assertThat(attempts).hasSizeGreaterThanOrEqualTo(2);
            assertThat(attempts.get(0).<String>getAs("exit_reason")).isEqualTo("failed");
            assertThat(attempts.get(1).<Long>getAs("resume_step")).isPositive();
            assertThat(table("on-cluster", "events").where("kind = 'restart'").count())
                    .isEqualTo(attempts.size() - 1);

            Launcher.Result averaged = train(
                    Map.of("SPARK_MASTER", cluster.url()),
                    "--executor-memory",
                    "900m",
                    "--output",
                    "averaged",
                    "--set",
                    "training.way=averaging",
                    "--set",
                    "training.averaging-frequency=20");
            assertThat(averaged.code()).as(averaged.err()).isZero();
            assertThat(accuracy(averaged)).isGreaterThan(EXPECTED_ACCURACY);
        }
    }

    private static String[] nanOnWorkerOne(String output, String policy) {
        return new String[] {
            "--output", output,
            "--set", "training.interceptor=io.tiltmeter.train.faults.BadInputs",
            "--set", "training.interceptor-arguments.worker=1",
            "--set", "training.interceptor-arguments.from=137",
            "--set", "sentinel.policies.non-finite=" + policy
        };
    }

    @Test
    void whatIsNotANumberOnOneWorkerIsFoundAndLeftOut() throws Exception {
        Launcher.Result stopped = train(Map.of(), nanOnWorkerOne("stopped", "warn,stop"));
        assertThat(stopped.code()).as(stopped.err()).isEqualTo(1);
        assertThat(stopped.problems())
                .containsExactly("jobs/train: The sentinel stopped run 'blobs' at step 137: non-finite on worker 1"
                        + " (1 non-finite inputs and 0 non-finite labels)");

        Launcher.Result quarantined = train(Map.of(), nanOnWorkerOne("quarantined", "quarantine"));
        assertThat(quarantined.code()).as(quarantined.err()).isZero();
        assertThat(accuracy(quarantined)).isGreaterThan(EXPECTED_ACCURACY);
        assertThat(table("quarantined", "attempts")
                        .orderBy("attempt")
                        .select("world_size")
                        .collectAsList())
                .extracting(row -> row.getInt(0))
                .containsExactly(2, 1);

        Launcher.Result skipped = train(Map.of(), nanOnWorkerOne("skipped", "skip"));
        assertThat(skipped.code()).as(skipped.err()).isZero();
        assertThat(accuracy(skipped)).isGreaterThan(EXPECTED_ACCURACY);

        Launcher.Result report = new Launcher(folder, Map.of())
                .run("nightly", "--metrics", "skipped/metrics", "--output", "skipped/report");
        assertThat(report.code()).as(report.err()).isZero();
        try (var files = Files.walk(folder.resolve("skipped/report"))) {
            Path findings =
                    files.filter(f -> f.endsWith("findings.json")).findFirst().orElseThrow();
            assertThat(Files.readString(findings))
                    .contains("\"cause\": \"data\"", "\"worker\": 1,", "\"step_from\": 137,");
        }
    }

    @Test
    void badInputIsOneLine() throws Exception {
        assertOneLine(3, "no column 'x9'", "--output", "bad", "--set", "data.features=x0,x9");
        assertOneLine(3, "label", "--output", "bad", "--set", "data.label-classes=3");
        assertOneLine(2, "Unknown setting 'training.worker'", "--output", "bad", "--set", "training.worker=3");
        assertOneLine(2, "workers", "--output", "bad", "--set", "training.workers=64");
        Files.writeString(folder.resolve("broken.json"), "{ not a network");
        Files.writeString(
                folder.resolve("broken.conf"),
                Files.readString(folder.resolve("blobs.conf"))
                        .replaceAll("model \\{.*\\n", "model { file = broken.json }\n"));
        Launcher.Result broken =
                new Launcher(folder, Map.of()).run("train", "--config", "broken.conf", "--output", "bad");
        assertThat(broken.code()).as(broken.err()).isEqualTo(3);
        assertThat(broken.problems()).hasSize(1).first().asString().contains("broken.json");
    }

    @Test
    void whatSparkCannotGiveIsOneLine() throws Exception {
        String[] gpus = {"--conf", "spark.executor.resource.gpu.amount=1", "--conf", "spark.task.resource.gpu.amount=1"
        };
        assertOneLine(2, "hands out nothing but cores", with(gpus, "--output", "bad"));
        assertOneLine(2, "Spark does not start: ", "--conf", "spark.task.resource.gpu.amount=1", "--output", "bad");
        try (StandaloneCluster cluster = new StandaloneCluster(folder.resolve("short"), 2)) {
            Map<String, String> there = Map.of("SPARK_MASTER", cluster.url());
            String[] soon = {
                "--executor-memory",
                "900m",
                "--conf",
                "spark.scheduler.maxRegisteredResourcesWaitingTime=8s",
                "--output",
                "bad"
            };
            assertOneLine(
                    2,
                    "tasks at a time after 8 s; expected 3, each with cores (spark.task.cpus) 1:",
                    there,
                    with(soon, "--set", "training.workers=3"));
            assertOneLine(
                    2,
                    "has room for 0 tasks at a time after 8 s; expected 2, each with cores (spark.task.cpus) 1, gpu 1:",
                    there,
                    with(soon, gpus));
            assertOneLine(
                    2,
                    "Spark runs no barrier stages with it",
                    there,
                    with(soon, "--conf", "spark.dynamicAllocation.enabled=true"));

            List<String> apart = new java.util.ArrayList<>(List.of(nanOnWorkerOne("apart", "quarantine")));
            apart.addAll(List.of("--executor-memory", "900m"));
            Launcher.Result left = train(there, apart.toArray(String[]::new));
            assertThat(left.code()).as(left.err()).isZero();
            assertThat(accuracy(left)).isGreaterThan(EXPECTED_ACCURACY);
            assertThat(table("apart", "events")
                            .where("detail like 'Worker 1 ran on executor % which was given back'")
                            .count())
                    .isEqualTo(1);
            assertThat(table("apart", "topology")
                            .where("attempt = 1")
                            .select("worker")
                            .collectAsList())
                    .extracting(row -> row.getInt(0))
                    .containsExactly(0);
        }
    }

    private static String[] with(String[] some, String... more) {
        List<String> all = new java.util.ArrayList<>(List.of(some));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private static void assertOneLine(int code, String message, String... arguments) throws Exception {
        assertOneLine(code, message, Map.of(), arguments);
    }

    private static void assertOneLine(int code, String message, Map<String, String> environment, String... arguments)
            throws Exception {
        Launcher.Result result = train(environment, arguments);
        assertThat(result.code()).as(result.err()).isEqualTo(code);
        assertThat(result.problems()).hasSize(1).first().asString().contains(message);
        assertThat(result.err()).doesNotContain("\tat ");
    }
}
