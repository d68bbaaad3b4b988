package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.config.ConfigException;
import io.tiltmeter.config.TrainConfigLoader;
import io.tiltmeter.spark.InputException;
import io.tiltmeter.spark.LocalSpark;
import io.tiltmeter.spark.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Exact synchronous training through its segments: what it remembers, how it goes on, and what it refuses. */
class SegmentedTrainingSparkTest {
    private static final int BATCH = 16;

    @TempDir
    static Path folder = Path.of("");

    /** Makes the loss of all workers explode from a step on: once, as the training goes back in the same process. */
    public static final class Explodes implements StepInterceptor {
        private static final long serialVersionUID = 1;
        private final long at;
        private final double factor;

        public Explodes(Map<String, String> arguments) {
            at = Long.parseLong(arguments.getOrDefault("at", "0"));
            factor = Double.parseDouble(arguments.getOrDefault("factor", "1e4"));
        }

        @Override
        public void gradient(int worker, long step, INDArray gradient) {
            if (step >= at) {
                gradient.muli(factor);
            }
        }
    }

    /** Gives half the batch. */
    public static final class Halves implements StepInterceptor {
        private static final long serialVersionUID = 1;
        static final AtomicInteger CALLS = new AtomicInteger();

        public Halves(Map<String, String> arguments) {
            assertThat(arguments).isEmpty();
        }

        @Override
        public MultiDataSet batch(int worker, long step, MultiDataSet dealt) {
            CALLS.incrementAndGet();
            INDArray none = Nd4j.zeros(BATCH / 2, 8);
            return new org.nd4j.linalg.dataset.MultiDataSet(none, Nd4j.zeros(BATCH / 2, 4));
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
                  train = blobs.csv, features = [x0,x1,x2,x3,x4,x5,x6,x7]
                  labels = [label], label-encoding = class, label-classes = 4
                }
                training { workers = 2, batch = 16, epochs = 2, segment-steps = 40 }
                capture { flush-seconds = 60 }
                """);
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

    private static Dataset<Row> table(String output, String name) {
        return LocalSpark.session()
                .read()
                .parquet(folder.resolve(output + "/metrics/" + name).toString());
    }

    private static JsonNode state(String output) throws IOException {
        return new ObjectMapper()
                .readTree(
                        folder.resolve(output + "/blobs/checkpoints/state.json").toFile());
    }

    /** A first half and a second are one whole, to the last bit; and what would make them another run is refused. */
    @Test
    void aResumedRunIsTheOneItWas() throws IOException {
        train("whole", false);
        train("halves", false, "training.max-steps", "57");
        Row first = table("halves", "runs").first();
        JsonNode kept = state("halves");
        assertThat(kept.at("/identity/seed").asText()).isEqualTo("3");
        assertThat(kept.at("/checkpoints/2/cursor/step").asLong()).isEqualTo(57);
        assertThat(kept.at("/checkpoints/2/cursor/consumed").asLong()).isEqualTo(57 * 2 * BATCH);

        assertThatThrownBy(() -> train("halves", true, "seed", "4", "training.batch", "8"))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("Cannot resume run 'blobs': ")
                .hasMessageContaining("'seed' was 3, is 4")
                .hasMessageContaining("'training.batch' was 16, is 8")
                .hasMessageEndingWith("; expected all as when the run began, or another run-id");
        assertThatThrownBy(() -> train("halves", true, "model.arguments.hidden", "32"))
                .hasMessageContaining("'network' was ");
        assertThatThrownBy(() -> train("halves", true, "data.holdout", "0.2"))
                .hasMessageContaining("'data.holdout' was 0.1, is 0.2");

        // What is watched and recorded may change.
        train("halves", true, "sentinel.policies.divergence", "warn", "capture.layers", "false");
        assertThat(Files.readAllBytes(folder.resolve("halves/blobs/model.zip"))).isNotEmpty();
        Network whole = Network.read(Files.readAllBytes(folder.resolve("whole/blobs/model.zip")));
        Network halves = Network.read(Files.readAllBytes(folder.resolve("halves/blobs/model.zip")));
        assertThat(Workers.params(halves)).isEqualTo(Workers.params(whole));
        Row second = table("halves", "runs").first();
        assertThat(second.<Object>getAs("start_time")).isEqualTo(first.<Object>getAs("start_time"));
        assertThat(table("halves", "attempts")
                        .orderBy("attempt")
                        .select("checkpoint")
                        .collectAsList())
                .extracting(row -> row.getString(0))
                .containsExactly(null, "step-000000057.zip");

        Files.delete(folder.resolve("halves/blobs/checkpoints/state.json"));
        assertThatThrownBy(() -> train("halves", true))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("have no state.json");
    }

    /** The loss on the held-out examples stands in the row of the run at the last step. */
    @Test
    void theEvaluationIsInTheTable() {
        Outcome outcome = train("evaluated", false, "training.max-steps", "30");

        List<Row> rows =
                table("evaluated", "steps").where("eval_loss is not null").collectAsList();
        assertThat(rows).hasSize(1);
        assertThat(rows.get(0).<Long>getAs("step")).isEqualTo(29);
        assertThat(rows.get(0).<String>getAs("scope")).isEqualTo("global");
        assertThat(outcome.text())
                .contains(String.format(Locale.ROOT, "loss %.4g", rows.get(0).<Double>getAs("eval_loss")));
    }

    /** Worker 0 is left out, so that the one that stays has another rank than number. */
    @Test
    void afterAQuarantineAllGoesOnCounting() throws IOException {
        train(
                "left-out", false,
                "training.interceptor", "io.tiltmeter.train.faults.BadInputs",
                "training.interceptor-arguments.worker", "0",
                "training.interceptor-arguments.from", "47",
                "sentinel.policies.non-finite", "quarantine");

        Dataset<Row> local = table("left-out", "steps").where("scope = 'local'");
        assertThat(local.where("step = 47 and skipped = 1").select("worker").collectAsList())
                .extracting(row -> row.getInt(0))
                .containsExactly(0);
        assertThat(local.where("skipped = 1").count()).isEqualTo(1);
        assertThat(local.where("attempt = 1").select("worker").distinct().collectAsList())
                .extracting(row -> row.getInt(0))
                .containsExactly(1);
        assertThat(table("left-out", "topology")
                        .where("attempt = 1")
                        .select("worker")
                        .collectAsList())
                .extracting(row -> row.getInt(0))
                .containsExactly(1);

        // The update of step 47 was made; 48 steps of two workers, from then on one.
        Dataset<Row> global = table("left-out", "steps").where("scope = 'global' and loss is not null");
        assertThat(global.where("step = 47 and skipped = 0").count()).isEqualTo(1);
        assertThat(global.where("step = 48").first().<Double>getAs("consumed_examples"))
                .isEqualTo(48 * 2 * BATCH + BATCH);
        long examples = Long.parseLong(table("left-out", "runs")
                .first()
                .<String>getAs("dataset_fingerprint")
                .split("-")[1]);
        assertThat(examples).isEqualTo(2000);
        int trained = state("left-out").at("/checkpoints/0/batches_per_epoch").asInt();
        int alone = state("left-out").at("/checkpoints/3/batches_per_epoch").asInt();
        assertThat(alone).isBetween(2 * trained, 2 * trained + 1);
        // As far into its two epochs as before: 48 of the batches of two workers are 96 or so of one.
        long last = table("left-out", "steps").selectExpr("max(step)").first().getLong(0);
        assertThat(last + 1).isEqualTo(48 + 2L * alone - Math.round(48.0 * alone / trained));
        assertThat(state("left-out").at("/checkpoints/3/cursor/epoch").asInt()).isEqualTo(2);
        assertThat(state("left-out").at("/workers/0").asInt()).isEqualTo(1);
    }

    /** Rollbacks count over processes, and their learning rate stays. */
    @Test
    void rollbacksAreRemembered() throws IOException {
        String[] settings = {
            "training.interceptor", Explodes.class.getName(),
            "training.interceptor-arguments.at", "90",
            "sentinel.policies.grad-explosion", "rollback",
            "sentinel.max-rollbacks", "1"
        };
        Outcome first = train("back", false, settings);
        assertThat(first.failed()).isPresent();
        assertThat(state("back").at("/rollbacks").asInt()).isEqualTo(1);
        assertThat(state("back").at("/learning_rate_factor").asDouble()).isEqualTo(0.5);
        assertThat(state("back").at("/checkpoints/2/file").asText()).isEqualTo("step-000000080-1.zip");
        Network kept = Network.read(Files.readAllBytes(folder.resolve("back/blobs/checkpoints/step-000000080-1.zip")));
        Network before = Network.read(Files.readAllBytes(folder.resolve("back/blobs/checkpoints/step-000000000.zip")));
        assertThat(kept.learningRate()).isEqualTo(before.learningRate() / 2);
        int attempts = (int) table("back", "attempts").count();
        assertThat(attempts).isEqualTo(2);

        // The one that was allowed is used up.
        assertThat(train("back", true, settings).failed()).isPresent();
        assertThat(table("back", "attempts").count()).isEqualTo(3);
    }

    @Test
    void whatAWorkerRefusesIsNotTriedAgain() {
        Halves.CALLS.set(0);
        assertThatThrownBy(() -> train("refused", false, "training.interceptor", Halves.class.getName()))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("The interceptor made a batch of 8 examples at step 0 on worker ");
        assertThat(Halves.CALLS.get()).isBetween(1, 2);
    }

    @Test
    void aDetectorThatCannotSpeakIsRefused() {
        assertThatThrownBy(() -> train("refused", false, "sentinel.policies.aborted-run", "stop"))
                .isInstanceOf(ConfigException.class)
                .hasMessage(
                        "Setting 'sentinel.policies.aborted-run' is set, but 'aborted-run' cannot show while training;"
                                + " expected one of divergence, grad-explosion, loss-spike, no-learning, non-finite,"
                                + " replay-mismatch, resume-damage, step-stall");
    }

    private static final AtomicInteger COMPUTED = new AtomicInteger();

    @Test
    void aPartitionIsComputedWhenItIsAskedFor() {
        JavaSparkContext context =
                JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext());
        COMPUTED.set(0);
        JavaRDD<byte[]> counted = context.parallelize(List.of(1, 2, 3, 4), 2).mapPartitions(numbers -> {
            COMPUTED.incrementAndGet();
            return List.of(new byte[] {1}).iterator();
        });
        JavaRDD<byte[]> lazy = LazyRdd.of(counted);

        assertThat(lazy.mapPartitions(rows -> List.<byte[]>of().iterator()).count())
                .isZero();
        assertThat(COMPUTED.get()).isZero();
        assertThat(lazy.count()).isEqualTo(2);
        assertThat(COMPUTED.get()).isEqualTo(2);
    }
}
