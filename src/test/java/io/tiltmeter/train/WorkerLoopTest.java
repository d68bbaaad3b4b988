package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.config.TrainConfig.Action;
import io.tiltmeter.spark.LocalSpark;
import io.tiltmeter.train.faults.GradientFactor;
import io.tiltmeter.train.faults.ParameterNoise;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkerLoopTest {
    private static final Policies NONE = new Policies(Map.of(), Double.NaN);

    @TempDir
    Path metrics = Path.of("");

    private static Policies onNonFinite(Action... actions) {
        return new Policies(Map.of(Policies.NON_FINITE, Set.of(actions)), Double.NaN);
    }

    private Dataset<Row> table(String name) {
        return LocalSpark.session().read().parquet(metrics.resolve(name).toString());
    }

    @Test
    void oneWorkerIsPlainFit() throws Exception {
        List<byte[]> examples = Workers.examples(640, 5);
        Network plain = Workers.network(3);
        try (Shard shard = Shard.load(examples.iterator(), Workers.LAYOUT, 0)) {
            for (int step = 0; step < 100; step++) {
                plain.fit(shard.batch(step / 20, step % 20, 32, 1, false).data());
            }
        }
        Workers.End end = Workers.train(Workers.segment(metrics, 100, 32, NONE), List.of(examples), Workers.network(3))
                .get(0);

        assertThat(end.done().next()).isEqualTo(100);
        assertThat(Workers.params(end.network())).isEqualTo(Workers.params(plain));
    }

    @ParameterizedTest
    @CsvSource({"2, false", "4, false", "2, true"})
    void workersOnEqualShardsAreOneWithTheWholeBatch(int workers, boolean graph) throws Exception {
        int batch = 8;
        int batches = 20;
        List<byte[]> all = Workers.examples(workers * batch * batches, 6);
        List<List<byte[]>> shards = new ArrayList<>();
        for (int w = 0; w < workers; w++) {
            shards.add(new ArrayList<>());
        }
        for (int i = 0; i < all.size(); i++) {
            shards.get(i / batch % workers).add(all.get(i));
        }
        Network whole = graph ? Workers.graph(3) : Workers.network(3);
        try (Shard shard = Shard.load(all.iterator(), Workers.LAYOUT, 0)) {
            for (int step = 0; step < 300; step++) {
                whole.fit(shard.batch(step / batches, step % batches, workers * batch, 1, false)
                        .data());
            }
        }
        List<Workers.End> ends = Workers.train(
                Workers.segment(metrics, 300, batch, NONE), shards, graph ? Workers.graph(3) : Workers.network(3));

        float[] first = Workers.params(ends.get(0).network());
        assertThat(ends)
                .allSatisfy(end -> assertThat(Workers.params(end.network())).isEqualTo(first));
        assertThat(Workers.difference(first, Workers.params(whole))).isLessThan(1e-5);
    }

    @Test
    void everyStepOfEveryWorkerIsRecordedOnce() throws Exception {
        Workers.train(
                Workers.segment(metrics, 50, 16, NONE),
                List.of(Workers.examples(320, 1), Workers.examples(320, 2)),
                Workers.network(3));

        Dataset<Row> steps = table("steps");
        assertThat(steps.where("scope = 'local'").count()).isEqualTo(100);
        assertThat(steps.where("scope = 'local'")
                        .select("worker", "step")
                        .distinct()
                        .count())
                .isEqualTo(100);
        assertThat(steps.where("scope = 'global'").count()).isEqualTo(50);
        assertThat(steps.where("scope = 'local' and (loss is null or grad_norm is null or examples != 16"
                                + " or nan_inputs != 0 or skipped != 0 or batch_hash is null)")
                        .count())
                .isZero();
        assertThat(table("layers").where("step = 0").count()).isEqualTo(4);
    }

    /** Worker 1's examples hold NaN in the batch of step 7 only. */
    private static List<List<byte[]>> nanOnWorkerOne() {
        List<byte[]> bad = Workers.examples(320, 2);
        float[] features = new float[Workers.FEATURES];
        features[2] = Float.NaN;
        bad.set(7 * 16 + 3, Workers.LAYOUT.pack(features, new float[] {1}, null, null));
        return List.of(Workers.examples(320, 1), bad);
    }

    @Test
    void aStopLeavesTheModelAsItWasBefore() throws Exception {
        List<Workers.End> ends = Workers.train(
                Workers.segment(metrics, 20, 16, onNonFinite(Action.WARN, Action.STOP)),
                nanOnWorkerOne(),
                Workers.network(3));

        assertThat(ends).allSatisfy(end -> {
            assertThat(end.done().ending()).isEqualTo(Segment.Ending.STOPPED);
            assertThat(end.done().next()).isEqualTo(7);
            assertThat(end.done().trouble())
                    .isEqualTo(new Segment.Sign(
                            Policies.NON_FINITE, 1, 7, 7, "1 non-finite inputs and 0 non-finite labels"));
            for (float p : Workers.params(end.network())) {
                assertThat(p).isFinite();
            }
        });
        assertThat(table("events").collectAsList())
                .hasSize(1)
                .allSatisfy(e -> assertThat(e.<Integer>getAs("worker")).isEqualTo(1))
                .allSatisfy(e -> assertThat(e.<Long>getAs("step")).isEqualTo(7))
                .allSatisfy(e -> assertThat(e.<String>getAs("detail")).startsWith("non-finite (1 non-finite inputs"));
    }

    @Test
    void aSkippedContributionLeavesTheOthersMean() throws Exception {
        List<Workers.End> ends = Workers.train(
                Workers.segment(metrics, 20, 16, onNonFinite(Action.SKIP)), nanOnWorkerOne(), Workers.network(3));

        assertThat(ends).allSatisfy(end -> {
            assertThat(end.done().ending()).isEqualTo(Segment.Ending.DONE);
            assertThat(end.network().iteration()).isEqualTo(20);
        });
        float[] first = Workers.params(ends.get(0).network());
        assertThat(first).isEqualTo(Workers.params(ends.get(1).network()));
        for (float p : first) {
            assertThat(p).isFinite();
        }
        Row global = table("steps").where("scope = 'global' and step = 7").first();
        Row own = table("steps")
                .where("scope = 'local' and worker = 0 and step = 7")
                .first();
        assertThat(global.<Double>getAs("grad_norm"))
                .isCloseTo(own.<Double>getAs("grad_norm"), org.assertj.core.data.Percentage.withPercentage(1e-3));
    }

    @Test
    void aQuarantineEndsAfterTheStep() throws Exception {
        List<Workers.End> ends = Workers.train(
                Workers.segment(metrics, 20, 16, onNonFinite(Action.QUARANTINE)), nanOnWorkerOne(), Workers.network(3));

        assertThat(ends).allSatisfy(end -> {
            assertThat(end.done().ending()).isEqualTo(Segment.Ending.QUARANTINED);
            assertThat(end.done().next()).isEqualTo(8);
        });
        assertThat(Workers.params(ends.get(0).network()))
                .isEqualTo(Workers.params(ends.get(1).network()));
    }

    @Test
    void withoutAPolicyWhatIsNotANumberSpreadsToAll() throws Exception {
        List<Workers.End> ends =
                Workers.train(Workers.segment(metrics, 20, 16, NONE), nanOnWorkerOne(), Workers.network(3));

        assertThat(ends)
                .allSatisfy(end -> assertThat(Workers.params(end.network())[0]).isNaN());
        assertThat(table("steps")
                        .where("scope = 'local' and step = 7 and isnan(grad_norm)")
                        .count())
                .isEqualTo(1);
        assertThat(table("steps")
                        .where("scope = 'local' and step = 8 and isnan(loss)")
                        .count())
                .isEqualTo(2);
    }

    @Test
    void whereNothingSoundIsLeftTheTrainingEnds() throws Exception {
        Network spoilt = Workers.network(3);
        spoilt.params().putScalar(0, Float.NaN);
        List<Workers.End> ends = Workers.train(
                Workers.segment(metrics, 200, 8, onNonFinite(Action.SKIP)),
                List.of(Workers.examples(320, 1), Workers.examples(320, 2)),
                spoilt);

        assertThat(ends).allSatisfy(end -> {
            assertThat(end.done().ending()).isEqualTo(Segment.Ending.STOPPED);
            assertThat(end.done().next()).isEqualTo(49);
            assertThat(end.network().iteration()).isZero();
        });
    }

    @Test
    void whereAllAreToBlameNobodyIsQuarantined() throws Exception {
        Network spoilt = Workers.network(3);
        spoilt.params().putScalar(0, Float.NaN);
        List<Workers.End> ends = Workers.train(
                Workers.segment(metrics, 10, 8, onNonFinite(Action.QUARANTINE)),
                List.of(Workers.examples(320, 1), Workers.examples(320, 2)),
                spoilt);

        assertThat(ends).allSatisfy(end -> assertThat(end.done().ending()).isEqualTo(Segment.Ending.DONE));
    }

    private static List<List<byte[]>> shards(int workers, int examples) {
        List<List<byte[]>> shards = new ArrayList<>();
        for (int w = 0; w < workers; w++) {
            shards.add(Workers.examples(examples, 100 + w));
        }
        return shards;
    }

    @Test
    void aGradientOfTheWrongSignShowsAgainstTheOthers() throws Exception {
        Segment segment = Workers.intercepted(
                Workers.segment(metrics, 20, 64, NONE),
                GradientFactor.class,
                Map.of("worker", "2", "from", "10", "to", "15", "factor", "-1"));
        Workers.train(segment, shards(4, 320), Workers.network(3));

        Dataset<Row> steps = table("steps").where("scope = 'local'");
        assertThat(steps.where("grad_cosine is null or abs(grad_cosine) > 1").count())
                .isZero();
        assertThat(steps.where("grad_cosine < 0").select("worker", "step").collectAsList())
                .extracting(row -> row.getInt(0) + "@" + row.getLong(1))
                // A mean of signs of 1 over many steps, each of 0.7 of the next one's weight, is 3.3; two of -1 turn
                // it.
                .containsExactlyInAnyOrder("2@12", "2@13", "2@14", "2@15");
        assertThat(table("steps")
                        .where("scope = 'global' and grad_cosine is not null")
                        .count())
                .isZero();
    }

    @Test
    void aLeftOutGradientIsComparedWithNobody() throws Exception {
        List<List<byte[]>> shards = new ArrayList<>(nanOnWorkerOne());
        shards.add(Workers.examples(320, 3));
        Workers.train(Workers.segment(metrics, 10, 16, onNonFinite(Action.SKIP)), shards, Workers.network(3));

        assertThat(table("steps")
                        .where("scope = 'local' and grad_cosine is null")
                        .select("worker", "step")
                        .collectAsList())
                .extracting(row -> row.getInt(0) + "@" + row.getLong(1))
                .containsExactly("1@7");
    }

    @Test
    void replicasThatAreAlikeHaveTheSameHashesAndOneThatDriftsShowsAtTheNextStep() throws Exception {
        Segment segment = Workers.intercepted(
                Workers.segment(metrics, 20, 16, NONE), ParameterNoise.class, Map.of("worker", "1", "from", "10"));
        Workers.train(segment, shards(3, 320), Workers.network(3));

        List<Row> hashes = table("steps")
                .where("scope = 'local'")
                .groupBy("step")
                .pivot("worker")
                .agg(org.apache.spark.sql.functions.first("parameter_hash"))
                .orderBy("step")
                .collectAsList();
        assertThat(hashes).hasSize(20).allSatisfy(row -> {
            assertThat(row.getString(1)).hasSize(8).isEqualTo(row.getString(3));
            assertThat(row.getString(2).equals(row.getString(1))).isEqualTo(row.getLong(0) <= 10);
        });
        assertThat(hashes.stream().map(row -> row.getString(1)).distinct()).hasSize(20);
    }

    @Test
    void aStepLeftOutKeepsTheHashOfTheParameters() throws Exception {
        Workers.train(Workers.segment(metrics, 20, 16, onNonFinite(Action.STOP)), nanOnWorkerOne(), Workers.network(3));

        assertThat(table("steps")
                        .where("scope = 'local' and step >= 6")
                        .select("parameter_hash")
                        .distinct()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void memoryIsLookedAtWhenASegmentBegins() throws Exception {
        Workers.train(Workers.segment(metrics, 3, 16, NONE), shards(2, 320), Workers.network(3));

        List<Row> rows = table("metrics").where("step = 0").collectAsList();
        assertThat(rows)
                .extracting(row -> row.<Integer>getAs("worker") + " " + row.<String>getAs("name"))
                .containsExactlyInAnyOrder(
                        "0 " + MemoryWatch.HEAP,
                        "0 " + MemoryWatch.NATIVE,
                        "0 " + MemoryWatch.RESIDENT,
                        "1 " + MemoryWatch.HEAP,
                        "1 " + MemoryWatch.NATIVE,
                        "1 " + MemoryWatch.RESIDENT);
        long megabyte = 1 << 20;
        assertThat(rows)
                .allSatisfy(row -> assertThat(row.<Double>getAs("value"))
                        .isBetween(
                                row.<String>getAs("name").equals(MemoryWatch.NATIVE) ? 1.0 : megabyte, 1e5 * megabyte));
    }
}
