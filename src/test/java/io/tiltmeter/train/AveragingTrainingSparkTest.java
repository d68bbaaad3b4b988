package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.config.ConfigException;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.config.TrainConfigLoader;
import io.tiltmeter.spark.LocalSpark;
import io.tiltmeter.spark.NightlyJob;
import io.tiltmeter.spark.Outcome;
import io.tiltmeter.train.programs.MlpProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** {@code jobs/train} with {@code training.way = averaging}. */
class AveragingTrainingSparkTest {
    private static final Pattern ACCURACY = Pattern.compile("accuracy ([0-9.]+)");

    @TempDir
    static Path folder = Path.of("");

    /** The same network as a graph. */
    public static final class GraphProgram implements NetworkFactory {
        @Override
        public Model create(Map<String, String> arguments, long seed) {
            MultiLayerNetwork network = (MultiLayerNetwork) new MlpProgram().create(arguments, seed);
            network.init();
            return network.toComputationGraph();
        }
    }

    /** A network that updates several times a batch. */
    public static final class TruncatedProgram implements NetworkFactory {
        @Override
        public Model create(Map<String, String> arguments, long seed) {
            return new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                    .seed(seed)
                    .list()
                    .layer(new DenseLayer.Builder().nIn(8).nOut(4).build())
                    .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MSE)
                            .nIn(4)
                            .nOut(4)
                            .build())
                    .backpropType(BackpropType.TruncatedBPTT)
                    .build());
        }
    }

    /** Breaks the first time that it comes to a step. */
    public static final class BreaksOnce implements StepInterceptor {
        private static final long serialVersionUID = 1;
        private static final AtomicBoolean DONE = new AtomicBoolean();

        private final long at;

        public BreaksOnce(Map<String, String> arguments) {
            at = Long.parseLong(arguments.getOrDefault("at", "0"));
        }

        @Override
        public void gradient(int worker, long step, INDArray gradient) {
            if (worker == 1 && step == at && DONE.compareAndSet(false, true)) {
                throw new IllegalStateException("Planted");
            }
        }
    }

    @BeforeAll
    static void writesExamplesAndConfiguration() throws IOException {
        Random random = new Random(4);
        StringBuilder csv = new StringBuilder("x0,x1,x2,x3,x4,x5,x6,x7,label\n");
        for (int i = 0; i < 2000; i++) {
            int label = random.nextInt(4);
            for (int f = 0; f < 8; f++) {
                csv.append(String.format(Locale.ROOT, "%.5f,", random.nextGaussian() + (f % 4 == label ? 1.6 : 0)));
            }
            csv.append(label).append('\n');
        }
        Files.writeString(folder.resolve("blobs.csv"), csv);
        Files.writeString(folder.resolve("blobs.conf"), """
                run-id = blobs
                seed = 3
                model { factory = io.tiltmeter.train.programs.MlpProgram, arguments { inputs = 8, classes = 4 } }
                data {
                  train = "%s", features = [x0,x1,x2,x3,x4,x5,x6,x7]
                  labels = [label], label-encoding = class, label-classes = 4
                }
                training {
                  way = averaging, workers = 2, batch = 16, epochs = 2, segment-steps = 38, averaging-frequency = 5
                }
                capture { flush-seconds = 60 }
                """.formatted(folder.resolve("blobs.csv")));
    }

    private static Outcome train(String output, boolean resume, String... settings) {
        Map<String, String> overrides = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            overrides.put(settings[i], settings[i + 1]);
        }
        return TrainJob.run(
                LocalSpark.session(),
                new TrainJob.Request(
                        TrainConfigLoader.load(folder.resolve("blobs.conf"), overrides),
                        folder.resolve(output).toString(),
                        false,
                        resume,
                        false,
                        100),
                line -> {});
    }

    private static double accuracy(Outcome outcome) {
        Matcher matcher = ACCURACY.matcher(outcome.text());
        assertThat(matcher.find()).as(outcome.text()).isTrue();
        return Double.parseDouble(matcher.group(1));
    }

    private static Dataset<Row> table(String output, String name) {
        return LocalSpark.session()
                .read()
                .parquet(folder.resolve(output + "/metrics/" + name).toString());
    }

    /** 2000 examples, a share of them held out, 16 a worker and step, twice. */
    private static long steps(String output) {
        return table(output, "runs").select("planned_steps").first().getLong(0);
    }

    private static void assertEveryStepOnce(String output) {
        Dataset<Row> rows = table(output, "steps").where("scope = 'local'");
        assertThat(rows.count())
                .isEqualTo(rows.select("attempt", "worker", "step").distinct().count());
        assertThat(rows.select("worker", "step").distinct().count()).isEqualTo(2 * steps(output));
    }

    @Test
    void trainsLayeredNetworksAndGraphs() throws IOException {
        for (String factory : List.of(MlpProgram.class.getName(), GraphProgram.class.getName())) {
            String output = factory.substring(factory.lastIndexOf('.') + 1).replace('$', '-');
            Outcome outcome = train(output, false, "model.factory", factory);

            assertThat(outcome.failed()).isEmpty();
            assertThat(accuracy(outcome)).isGreaterThan(0.82);
            assertEveryStepOnce(output);
            assertThat(table(output, "steps").count()).isEqualTo(2 * steps(output) + 1);
            assertThat(table(output, "layers").where("worker = 1").count()).isPositive();
            assertThat(table(output, "steps")
                            .where("parameter_hash is not null or grad_cosine is not null")
                            .count())
                    .isZero();
            assertThat(table(output, "metrics")
                            .where("step = 0 and name = '" + MemoryWatch.RESIDENT + "'")
                            .count())
                    .isEqualTo(2);
            assertThat(table(output, "topology").count()).isEqualTo(2);
            assertThat(table(output, "attempts").select("exit_reason").first().getString(0))
                    .isEqualTo("finished");
            // Segments are whole rounds: 40 steps, not 38.
            assertThat(folder.resolve(output + "/blobs/checkpoints/step-000000080.zip"))
                    .exists();
            long segments = (steps(output) + 39) / 40;
            try (var files = Files.list(folder.resolve(output + "/metrics/steps"))) {
                // Beside those of the segments there is the one of the evaluation.
                assertThat(files.filter(f -> f.toString().endsWith(".parquet")).count())
                        .isEqualTo(segments + 1);
            }
            Network model = Network.read(Files.readAllBytes(folder.resolve(output + "/blobs/model.zip")));
            assertThat((long) model.iteration()).isEqualTo(steps(output));
        }
    }

    @Test
    void goesOnFromTheCheckpointWhenARoundBreaks() {
        BreaksOnce.DONE.set(false);
        Outcome outcome = train(
                "broken",
                false,
                "training.interceptor",
                BreaksOnce.class.getName(),
                "training.interceptor-arguments.at",
                "57");

        assertThat(accuracy(outcome)).isGreaterThan(0.82);
        assertEveryStepOnce("broken");
        List<Row> attempts = table("broken", "attempts").orderBy("attempt").collectAsList();
        assertThat(attempts).hasSize(2);
        assertThat(attempts.get(0).<String>getAs("exit_reason")).isEqualTo("failed");
        assertThat(attempts.get(1).<Long>getAs("resume_step")).isEqualTo(40);
        // The rounds before the one that broke stay.
        assertThat(table("broken", "steps")
                        .where("attempt = 0 and worker = 1")
                        .selectExpr("max(step)")
                        .first()
                        .getLong(0))
                .isEqualTo(54);
    }

    private static String[] nanOnWorkerOne(String... more) {
        String[] all = {
            "training.interceptor", "io.tiltmeter.train.faults.BadInputs",
            "training.interceptor-arguments.worker", "1",
            "training.interceptor-arguments.from", "47",
            "training.max-steps", "80"
        };
        String[] both = java.util.Arrays.copyOf(all, all.length + more.length);
        System.arraycopy(more, 0, both, all.length, more.length);
        return both;
    }

    @Test
    void whatIsNotANumberIsSeenWhereItBegan() throws IOException {
        train("nan", false, nanOnWorkerOne("sentinel.policies.non-finite", "warn"));

        Dataset<Row> bad = table("nan", "steps").where("isnan(grad_norm)");
        assertThat(bad.where("step < 50").select("worker").distinct().collectAsList())
                .extracting(row -> row.getInt(0))
                .containsExactly(1);
        assertThat(bad.where("step < 50").selectExpr("min(step)").first().getLong(0))
                .isEqualTo(47);
        assertThat(bad.where("step >= 50").count()).isEqualTo(2 * 30);

        NightlyJob.run(
                LocalSpark.session(),
                new NightlyJob.Request(
                        folder.resolve("nan/metrics").toString(),
                        folder.resolve("nan/report").toString(),
                        Optional.of("2026-01-01"),
                        Map.of(),
                        false,
                        100,
                        false),
                SettingsLoader.defaults(),
                line -> {});
        JsonNode incidents = new ObjectMapper()
                .readTree(folder.resolve("nan/report/2026-01-01/findings.json").toFile())
                .at("/runs/0/incidents");
        // Beside it a busy machine may have shown a stall.
        assertThat(incidents).anySatisfy(incident -> {
            assertThat(incident.path("cause").asText()).isEqualTo("data");
            assertThat(incident.path("first_step").asLong()).isEqualTo(47);
            assertThat(incident.path("findings")).anySatisfy(finding -> {
                assertThat(finding.path("detector").asText()).isEqualTo("non-finite");
                assertThat(finding.path("metric").asText()).isEqualTo("grad_norm");
                assertThat(finding.path("worker").asInt(-1)).isEqualTo(1);
                assertThat(finding.path("step_from").asLong()).isEqualTo(47);
            });
        });
    }

    @Test
    void stopsWithTheNetworkAsItWasBeforeTheRoundAndGoesOn() throws IOException {
        Outcome stopped = train("stopped", false, nanOnWorkerOne("sentinel.policies.non-finite", "warn,stop"));

        assertThat(stopped.failed())
                .hasValue("The sentinel stopped run 'blobs' at step 47: non-finite on worker 1"
                        + " (1 non-finite inputs and 0 non-finite labels)");
        Network model = Network.read(Files.readAllBytes(folder.resolve("stopped/blobs/model.zip")));
        assertThat(java.util.Arrays.stream(Tensors.numbers(model.params()))).allMatch(Double::isFinite);
        assertThat(model.iteration()).isEqualTo(45);
        assertThat(table("stopped", "events")
                        .where("kind = 'intervention' and worker = 1 and step = 47")
                        .count())
                .isEqualTo(1);

        // Without the fault it goes on under a number of its own.
        Outcome resumed = train("stopped", true);
        assertThat(resumed.failed()).isEmpty();
        assertEveryStepOnce("stopped");
        assertThat(table("stopped", "attempts").count()).isEqualTo(2);
    }

    @Test
    void leavesOutWhatIsNotANumber() {
        Outcome skipped = train("skipped", false, nanOnWorkerOne("sentinel.policies.non-finite", "skip"));

        assertThat(accuracy(skipped)).isGreaterThan(0.75);
        assertThat(table("skipped", "steps").where("skipped > 0").count()).isEqualTo(33);
        assertThat(table("skipped", "steps")
                        .where("worker = 0 and isnan(grad_norm)")
                        .count())
                .isZero();
    }

    @Test
    void refusesWhatTheWayCannotDo() {
        assertThatThrownBy(() ->
                        train("refused", false, "sentinel.policies.loss-spike", "clip", "sentinel.clip-norm", "1"))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("Setting 'sentinel.policies.loss-spike' is clip, which training.way = averaging"
                        + " cannot do");
        assertThatThrownBy(() -> train("refused", false, "sentinel.policies.non-finite", "quarantine"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("quarantine");
        assertThatThrownBy(() -> train(
                        "refused",
                        false,
                        "training.way",
                        "synchronous",
                        "model.factory",
                        TruncatedProgram.class.getName()))
                .hasMessageContaining("expected training.way = averaging");
    }
}
