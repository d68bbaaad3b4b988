package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.config.TrainConfigLoader;
import io.tiltmeter.spark.InputException;
import io.tiltmeter.spark.LocalSpark;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingDataTest {
    private static final SparkSession SPARK = LocalSpark.session();

    @TempDir
    static Path folder = Path.of("");

    @BeforeAll
    static void tables() {
        Dataset<Row> flat = SPARK.range(103)
                .selectExpr("cast(id as double) as x", "array(id * 0.5D, float(-id)) as v", "cast(id % 3 as int) as c");
        flat.repartition(5).write().parquet(at("flat.parquet"));
        flat.coalesce(1).sortWithinPartitions("c").write().parquet(at("other.parquet"));
        flat.select("x", "c").coalesce(1).write().option("header", true).csv(at("flat.csv"));
        SPARK.sql("select array(array(1.0, 2.0), array(3.0, 4.0), array(5.0, 6.0)) as s, array(0, 1, 2) as t,"
                        + " array(1, 1, 0) as m, 1 as c union all"
                        + " select array(array(7.0, 8.0)), array(2), array(1), 0")
                .coalesce(1)
                .write()
                .parquet(at("sequences.parquet"));
    }

    private static String at(String name) {
        return folder.resolve(name).toString();
    }

    static TrainConfig.Data data(String train, String... more) throws IOException {
        Map<String, String> sets = new HashMap<>(Map.of("data.train", train));
        for (String set : more) {
            sets.put("data." + set.substring(0, set.indexOf('=')), set.substring(set.indexOf('=') + 1));
        }
        Path file = Files.writeString(folder.resolve("my.conf"), "run-id = r\nmodel.file = m");
        return TrainConfigLoader.load(file, sets).data();
    }

    private static TrainingData flat(String file, double holdout, long seed, int workers) throws IOException {
        TrainConfig.Data data =
                data(file, "features=x,v", "labels=c", "label-encoding=class", "label-classes=3", "holdout=" + holdout);
        return TrainingData.open(SPARK, data, seed, workers);
    }

    private static List<List<Float>> parts(JavaRDD<byte[]> rdd) {
        List<List<Float>> parts = new ArrayList<>();
        for (List<byte[]> part : rdd.glom().collect()) {
            List<Float> first = new ArrayList<>();
            part.forEach(each -> first.add(
                    ByteBuffer.wrap(each).order(ByteOrder.LITTLE_ENDIAN).getFloat()));
            parts.add(first);
        }
        return parts;
    }

    @Test
    void shardsAreEqualAndHoldEveryExampleOnce() throws IOException {
        TrainingData data = flat(at("flat.parquet"), 0, 1, 4);
        List<List<Float>> shards = parts(data.shards(4));

        assertThat(data.examples()).isEqualTo(103);
        assertThat(data.dropped(4)).isEqualTo(3);
        assertThat(shards).hasSize(4).allSatisfy(shard -> assertThat(shard).hasSize(25));
        List<Float> all = shards.stream().flatMap(List::stream).toList();
        assertThat(all).doesNotHaveDuplicates().allMatch(x -> x >= 0 && x < 103);
        assertThat(all)
                .as("an order by chance")
                .isNotEqualTo(all.stream().sorted().toList());
        assertThat(data.layout())
                .isEqualTo(new ExampleLayout(
                        new ExampleLayout.Part(0, 3, 0), new ExampleLayout.Part(0, 1, 3), List.of(), false));
        assertThat(data.evaluation().count()).isZero();
    }

    @Test
    void theSplitAndTheShardsFollowFromContentAndSeedAlone() throws IOException {
        TrainingData one = flat(at("flat.parquet"), 0.3, 7, 3);
        TrainingData two = flat(at("other.parquet"), 0.3, 7, 3);
        TrainingData seed = flat(at("flat.parquet"), 0.3, 8, 3);

        assertThat(parts(two.shards(3))).isEqualTo(parts(one.shards(3)));
        assertThat(parts(two.evaluation())).isEqualTo(parts(one.evaluation()));
        assertThat(two.fingerprint()).isEqualTo(one.fingerprint()).isEqualTo(seed.fingerprint());
        assertThat(parts(seed.shards(3))).isNotEqualTo(parts(one.shards(3)));
        assertThat(parts(seed.evaluation())).isNotEqualTo(parts(one.evaluation()));

        Set<Float> seen = new HashSet<>();
        parts(one.shards(1)).forEach(seen::addAll);
        assertThat(seen).hasSize((int) one.examples());
        parts(one.evaluation())
                .forEach(part -> part.forEach(x -> assertThat(seen.add(x)).isTrue()));
        assertThat(seen).hasSize(103);
        assertThat(one.evaluation().count()).isBetween(15L, 50L);
    }

    @Test
    void theFingerprintTellsOtherContent() throws IOException {
        SPARK.range(102)
                .selectExpr("double(id) x", "array(id * 0.5D, float(-id)) v", "int(id % 3) c")
                .write()
                .parquet(at("fewer.parquet"));

        assertThat(flat(at("fewer.parquet"), 0, 1, 1).fingerprint())
                .isNotEqualTo(flat(at("flat.parquet"), 0, 1, 1).fingerprint());
    }

    @Test
    void readsCsvAndTablesAndExamplesForEvaluation() throws IOException {
        SPARK.read().parquet(at("flat.parquet")).createOrReplaceTempView("training_examples");
        TrainConfig.Data data = data(
                "training_examples",
                "features=x",
                "labels=c",
                "label-encoding=class",
                "label-classes=3",
                "evaluation=" + at("flat.csv"));
        TrainingData opened = TrainingData.open(SPARK, data, 1, 2);

        assertThat(opened.shards(2).count()).isEqualTo(102);
        assertThat(opened.evaluation().count()).isEqualTo(103);
    }

    @Test
    void notFiniteNumbersPass() throws IOException {
        SPARK.sql("select double('NaN') x, float('inf') y union all select 1, 2")
                .write()
                .parquet(at("nan.parquet"));
        TrainingData data =
                TrainingData.open(SPARK, data(at("nan.parquet"), "features=x", "labels=y", "holdout=0"), 1, 1);

        Shard shard = Shard.load(data.shards(1).collect().iterator(), data.layout(), 0);
        Batch batch = shard.batch(0, 0, 2, 1, true);
        shard.close();
        assertThat(batch.nanInputs()).isEqualTo(1);
        assertThat(batch.nanLabels()).isEqualTo(1);
    }

    @Test
    void sequencesArePaddedAndMasked() throws IOException {
        TrainConfig.Data config = data(
                at("sequences.parquet"),
                "features=s",
                "labels=t",
                "label-encoding=one-hot-sequence",
                "label-classes=3",
                "sequence-length=4",
                "label-mask=m",
                "holdout=0");
        TrainingData data = TrainingData.open(SPARK, config, 1, 1);
        assertThat(data.layout())
                .isEqualTo(new ExampleLayout(
                        new ExampleLayout.Part(4, 2, 0), new ExampleLayout.Part(4, 1, 3), List.of(), true));

        try (Shard shard = Shard.load(data.shards(1).collect().iterator(), data.layout(), 0)) {
            Batch batch = shard.batch(0, 0, 2, 1, false);
            float[] features = batch.data().getFeatures(0).dup('c').data().asFloat();
            int longer = features[0] == 1 ? 0 : 1;
            assertThat(batch.data().getFeatures(0).shape()).containsExactly(2, 2, 4);
            assertThat(java.util.Arrays.copyOfRange(features, longer * 8, longer * 8 + 8))
                    .containsExactly(1, 3, 5, 0, 2, 4, 6, 0);
            assertThat(batch.data().getFeaturesMaskArray(0).getRow(longer).toFloatVector())
                    .containsExactly(1, 1, 1, 0);
            assertThat(batch.data().getFeaturesMaskArray(0).getRow(1 - longer).toFloatVector())
                    .containsExactly(1, 0, 0, 0);
            assertThat(batch.data().getLabelsMaskArray(0).getRow(longer).toFloatVector())
                    .containsExactly(1, 1, 0, 0);
            assertThat(batch.tokens()).isEqualTo(4);
            assertThat(batch.lossTokens()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "features=xx;labels=c | there is no column 'xx' (data.features), only x, v, c; did you mean 'x'?",
                "features=x;labels=v;label-encoding=class;label-classes=2 | column 'v' (data.labels) is array<double>,"
                        + " expected numbers",
                "features=x;labels=c;label-encoding=class;label-classes=2 | column 'c' is 2, expected whole numbers from"
                        + " 0 to 1, in row {\"x\":*,\"c\":2}",
                "features=x;labels=c;shape=[2,2] | data.shape is [2, 2], which has 4 numbers, but the features have 1,"
                        + " expected as many",
                "features=v;labels=c;sequence-length=1 | column 'v' is 2 time steps long, expected 1 to 1"
                        + " (data.sequence-length), in row *",
                "features=x;labels=c;sequence-length=3 | column 'x' (data.features) is double, expected arrays of"
                        + " numbers or arrays of arrays of numbers",
            })
    void wrongColumnsAndCellsAreNamed(String settings, String message) throws IOException {
        assertRefused("flat.parquet", settings, message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "array(1.0, 2.0, 3.0) | column 'v' is 3 numbers long, expected 2 as in most rows, in row"
                        + " {\"v\":[1.0,2.0,3.0],\"c\":1}",
                "null | column 'v' is null, expected numbers without a null among them, in row {\"c\":1}",
                "array(1.0, null) | column 'v' is [1.0, null], expected numbers without a null among them, in row *",
            })
    void oneWrongRowIsFound(String cell, String message) throws IOException {
        String name = "wrong" + Math.floorMod(cell.hashCode(), 1000) + ".parquet";
        SPARK.sql("select array(id + 0.5, 1.0) v, 0 c from range(20) union all select " + cell + ", 1")
                .write()
                .parquet(at(name));
        assertRefused(name, "features=v;labels=c", message);
    }

    private static void assertRefused(String file, String settings, String message) throws IOException {
        TrainConfig.Data data = data(at(file), settings.split(";"));
        assertThatThrownBy(() -> TrainingData.open(SPARK, data, 1, 2))
                .isInstanceOf(InputException.class)
                .message()
                .hasLineCount(1)
                .matches(java.util.regex.Pattern.quote("Cannot use examples '" + at(file) + "': " + message)
                        .replace("*", "\\E.*\\Q"));
    }

    @Test
    void whatIsNotThereOrTooLittleIsRefused() throws IOException {
        TrainConfig.Data missing = data(at("nothing.parquet"), "features=x", "labels=c");
        assertThatThrownBy(() -> TrainingData.open(SPARK, missing, 1, 2))
                .isInstanceOf(InputException.class)
                .hasMessage("Cannot read examples '" + at("nothing.parquet") + "': there is no such file or folder");
        Path garbage = Files.writeString(folder.resolve("garbage.parquet"), "this is no Parquet at all");
        TrainConfig.Data wrong = data(garbage.toString(), "features=x", "labels=c");
        assertThatThrownBy(() -> TrainingData.open(SPARK, wrong, 1, 2))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("Cannot read examples '" + garbage + "': ")
                .message()
                .hasLineCount(1);
        assertThatThrownBy(() -> flat(at("flat.parquet"), 0, 1, 104))
                .isInstanceOf(InputException.class)
                .hasMessageEndingWith(
                        "103 rows, of which 0 are held out, expected at least one for each of 104 workers");
    }
}
