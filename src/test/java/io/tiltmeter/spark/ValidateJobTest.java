package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.corpus.Corpus;
import io.tiltmeter.validate.DatasetProfile;
import io.tiltmeter.validate.Histogram;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ValidateJobTest {
    private static final StructType SCHEMA = new StructType()
            .add("tokens", DataTypes.createArrayType(DataTypes.IntegerType))
            .add("features", DataTypes.createArrayType(DataTypes.FloatType))
            .add("weight", DataTypes.DoubleType)
            .add("label", DataTypes.IntegerType);

    private static final int SHARDS = 6;
    private static final int ROWS = 200;
    private static final int VOCABULARY = 500;

    @TempDir
    Path folder = Path.of("");

    private final SparkSession spark = LocalSpark.session();

    /** What a test changes of a row. */
    private interface Defect {
        Object[] change(int shard, int row, Object[] cells);
    }

    private String dataset(String name, long seed, Defect defect) throws IOException {
        Path data = folder.resolve(name);
        Files.createDirectories(data);
        for (int shard = 0; shard < SHARDS; shard++) {
            SplittableRandom random = new SplittableRandom(seed * 1000 + shard);
            List<Row> rows = new ArrayList<>();
            for (int row = 0; row < ROWS; row++) {
                List<Integer> tokens = new ArrayList<>();
                int length = 20 + random.nextInt(60);
                for (int i = 0; i < length; i++) {
                    double u = random.nextDouble();
                    tokens.add((int) (Math.pow(VOCABULARY, u)) - 1);
                }
                List<Float> features = List.of(
                        (float) random.nextGaussian(), (float) random.nextGaussian(), (float) random.nextGaussian());
                Object[] cells = {tokens, features, random.nextGaussian(), random.nextInt(4)};
                rows.add(RowFactory.create(defect.change(shard, row, cells)));
            }
            Path written = folder.resolve("writing");
            spark.createDataFrame(rows, SCHEMA)
                    .coalesce(1)
                    .write()
                    .mode("overwrite")
                    .parquet(written.toString());
            try (var files = Files.list(written)) {
                Path file = files.filter(f -> f.toString().endsWith(".parquet"))
                        .findFirst()
                        .orElseThrow();
                Files.move(file, data.resolve("shard-" + shard + ".parquet"));
            }
        }
        return data.toString();
    }

    private String clean(String name, long seed) throws IOException {
        return dataset(name, seed, (shard, row, cells) -> cells);
    }

    private Outcome validate(String data, List<String> baseline, String output, String... sets) {
        ValidateJob.Request request = new ValidateJob.Request(
                data, baseline, Optional.empty(), folder.resolve(output).toString(), false, 120, false);
        List<String> all = new ArrayList<>(
                List.of("validate.vocabulary-size=" + VOCABULARY, "validate.classes=4", "validate.probe-rows=0"));
        // What takes passes of its own has tests of its own.
        for (String check : List.of("exact-duplicates", "near-duplicates", "repeated-blocks", "conflicting-labels")) {
            all.add("validate.checks." + check + ".enabled=false");
        }
        all.addAll(List.of(sets));
        return ValidateJob.run(spark, request, SettingsLoader.load(Optional.empty(), all), stage -> {});
    }

    private List<String> violations(String output) {
        return spark
                .read()
                .parquet(current(output) + "/judgements")
                .where("status in ('FAIL', 'WARN')")
                .collectAsList()
                .stream()
                .map(row -> row.getAs("status") + " " + row.getAs("check") + " " + row.getAs("column") + " "
                        + row.getAs("shard"))
                .sorted()
                .toList();
    }

    private String current(String output) {
        return AttemptFolder.current(
                        new org.apache.hadoop.fs.Path(folder.resolve(output).toString()),
                        spark.sparkContext().hadoopConfiguration())
                .orElseThrow()
                .toString();
    }

    private static long[] counts(DatasetProfile profile) {
        return profile.histograms().getOrDefault("tokens", new Histogram()).counts();
    }

    @Test
    void passesCleanDataAndSaysTheSameAgain() throws IOException {
        String data = clean("data", 1);

        Outcome outcome = validate(data, List.of(), "gate");
        validate(data, List.of(), "again");

        assertThat(outcome.failed()).as(outcome.text()).isEmpty();
        assertThat(violations("gate")).isEmpty();
        assertThat(folder.resolve("again/verdict.json")).hasSameTextualContentAs(folder.resolve("gate/verdict.json"));
        assertThat(folder.resolve("again/report.html")).hasSameTextualContentAs(folder.resolve("gate/report.html"));
        assertThat(outcome.text()).contains("OPEN", "1,200 rows in 6 shards");
    }

    @Test
    void findsEachPlantedDefectOnItsShard() throws IOException {
        String data = dataset("data", 1, (shard, row, cells) -> {
            if (shard == 2 && row == 17) {
                cells[1] = List.of(1f, Float.NaN, 2f);
            }
            if (shard == 3 && row == 5) {
                cells[0] = List.of(4, VOCABULARY, 7);
            }
            if (shard == 4 && row == 9) {
                cells[0] = List.of();
                cells[1] = List.of(0f, 0f, 0f);
            }
            if (shard == 5 && row == 199) {
                cells[3] = 4;
                cells[1] = List.of(1f, 2f);
            }
            return cells;
        });

        Outcome outcome = validate(data, List.of(), "gate");

        assertThat(outcome.failed()).contains("The gate is closed: 6 checks fail");
        assertThat(violations("gate"))
                .containsExactly(
                        "FAIL empty-examples tokens ",
                        "FAIL empty-examples tokens shard-4.parquet",
                        "FAIL labels label ",
                        "FAIL labels label shard-5.parquet",
                        "FAIL non-finite features ",
                        "FAIL non-finite features shard-2.parquet",
                        "FAIL ragged-features features ",
                        "FAIL ragged-features features shard-5.parquet",
                        "FAIL token-range tokens ",
                        "FAIL token-range tokens shard-3.parquet",
                        "FAIL zero-examples features ",
                        "FAIL zero-examples features shard-4.parquet");
        assertThat(spark.read().parquet(current("gate") + "/offenders").collectAsList())
                .extracting(row -> row.mkString(" "))
                .containsExactlyInAnyOrder(
                        "shard-2.parquet non-finite features 17 1 NaN",
                        "shard-3.parquet token-range tokens 5 1 500",
                        "shard-4.parquet empty-examples tokens 9 null 0 elements",
                        "shard-4.parquet zero-examples features 9 null 3 zeros",
                        "shard-5.parquet labels label 199 null 4",
                        "shard-5.parquet ragged-features features 199 null 2 numbers");
    }

    @Test
    void listsEveryUnreadableShardAndJudgesTheOthers() throws IOException {
        String data = clean("data", 1);
        Path truncated = Path.of(data, "shard-1.parquet");
        byte[] whole = Files.readAllBytes(truncated);
        Files.write(truncated, java.util.Arrays.copyOf(whole, whole.length / 2));
        Files.write(Path.of(data, "shard-2.parquet"), new byte[0]);
        Files.writeString(Path.of(data, "shard-3.parquet"), "this is no Parquet file at all");
        try (RandomAccessFile file = new RandomAccessFile(data + "/shard-4.parquet", "rw")) {
            // In the middle of a page: the footer stays sound.
            file.seek(2000);
            file.write(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        }

        Outcome outcome = validate(data, List.of(), "gate");

        assertThat(outcome.rejected())
                .extracting(rejection -> rejection.file())
                .containsExactly("shard-1.parquet", "shard-2.parquet", "shard-3.parquet", "shard-4.parquet");
        assertThat(outcome.rejected().get(3).reason()).startsWith("Damaged inside");
        assertThat(outcome.text()).contains("CLOSED", "400 rows in 2 shards", "4 of 6 files cannot be read");
    }

    @Test
    void comparesWithABaselineThatIsNotReadAgain() throws IOException {
        String old = clean("old", 1);
        validate(old, List.of(), "baseline");
        Files.walk(Path.of(old))
                .filter(Files::isRegularFile)
                .forEach(file -> file.toFile().delete());
        String same = clean("same", 2);
        String moved = dataset("moved", 3, (shard, row, cells) -> {
            cells[2] = (double) cells[2] + 1;
            return cells;
        });

        assertThat(validate(same, List.of(folder.resolve("baseline").toString()), "same-gate")
                        .failed())
                .isEmpty();
        assertThat(violations("same-gate")).isEmpty();
        assertThat(validate(moved, List.of(folder.resolve("baseline").toString()), "moved-gate")
                        .failed())
                .isPresent();
        assertThat(violations("moved-gate"))
                .contains("FAIL feature-drift weight ")
                .allMatch(v -> v.contains("feature-drift weight"));
    }

    @Test
    void findsAShardWhoseTokensWereReplaced() throws IOException {
        String old = clean("old", 1);
        validate(old, List.of(), "baseline");
        // A token in twenty becomes another one: about 500 of the shard's 10,000.
        String data = dataset("data", 2, (shard, row, cells) -> {
            if (shard == 4) {
                List<Integer> tokens = new ArrayList<>();
                ((List<?>) cells[0]).forEach(token -> tokens.add((Integer) token));
                for (int i = row % 10; i < tokens.size(); i += 20) {
                    tokens.set(i, 333);
                }
                cells[0] = tokens;
            }
            return cells;
        });

        validate(data, List.of(folder.resolve("baseline").toString()), "gate");

        assertThat(violations("gate"))
                .contains("FAIL token-share tokens shard-4.parquet")
                .noneMatch(violation -> violation.matches(".*shard-[01235].*"));
    }

    /** Of 100 shards 32 tell how tokens are lumped: they must not differ from the others by that. */
    @Test
    void smallShardsOfALargeVocabularyAreAlike() {
        String data = folder.resolve("small shards").toString();
        spark.range(0, 1000, 1, 2)
                .selectExpr("transform(sequence(1, 100), i -> cast(pow(50000, (pmod(xxhash64(id, i), 1000003) + 0.5)"
                        + " / 1000003) as int) - 1) as tokens")
                .write()
                .option("maxRecordsPerFile", 10)
                .parquet(data);

        Outcome outcome = validate(data, List.of(), "gate", "validate.vocabulary-size=50000");

        assertThat(outcome.text()).contains("1,000 rows in 100 shards");
        assertThat(violations("gate")).isEmpty();
    }

    @Test
    void verdictIsForTheDataAsItWas() throws IOException {
        String data = clean("data", 1);
        validate(data, List.of(), "gate");
        VerdictFile verdict = VerdictFile.read(spark, folder.resolve("gate").toString());

        verdict.require(spark, data);

        Files.delete(Path.of(data, "shard-3.parquet"));
        assertThatThrownBy(() -> verdict.require(spark, data))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("validate the data again");
    }

    @Test
    void countsTheKnownNullsOfPenguins() throws IOException {
        Path penguins = Corpus.folder("penguins").resolve("penguins.json");

        validate(penguins.toString(), List.of(), "gate");

        // By counting null in the file: 2 of 344 birds were not measured, the sex of 10 is not known.
        assertThat(spark.read()
                        .parquet(current("gate") + "/profile/columns")
                        .where("shard = ''")
                        .collectAsList())
                .extracting(row -> row.getAs("column") + " " + row.getAs("rows") + " " + row.getAs("missing"))
                .containsExactlyInAnyOrder(
                        "Species 344 0",
                        "Island 344 0",
                        "Beak Length (mm) 344 2",
                        "Beak Depth (mm) 344 2",
                        "Flipper Length (mm) 344 2",
                        "Body Mass (g) 344 2",
                        "Sex 344 10");
    }

    @Test
    void profilesMadeApartMergeIntoThatOfAllWithoutAScan() throws IOException {
        String data = clean("data", 1);
        validate(data, List.of(), "baseline");
        List<String> parts = new ArrayList<>();
        for (int half = 0; half < 2; half++) {
            Path part = folder.resolve("part-" + half);
            Files.createDirectories(part);
            for (int shard = 3 * half; shard < 3 * half + 3; shard++) {
                Files.copy(Path.of(data, "shard-" + shard + ".parquet"), part.resolve("shard-" + shard + ".parquet"));
            }
            validate(part.toString(), List.of(folder.resolve("baseline").toString()), "gate-" + half);
            parts.add(current("gate-" + half) + "/profile");
        }

        DatasetProfile merged = ProfileStore.read(spark, new org.apache.hadoop.fs.Path(parts.get(0)))
                .merge(ProfileStore.read(spark, new org.apache.hadoop.fs.Path(parts.get(1))));
        DatasetProfile whole =
                ProfileStore.read(spark, new org.apache.hadoop.fs.Path(current("baseline") + "/profile"));

        assertThat(merged.shards()).isEqualTo(6);
        assertThat(counts(merged)).isEqualTo(counts(whole));
        assertThat(merged.cells()).isEqualTo(whole.cells());
        assertThat(merged.all().rows()).isEqualTo(1200);
        assertThat(merged.all().column("weight").orElseThrow().quantiles().at(0.5))
                .isEqualTo(
                        whole.all().column("weight").orElseThrow().quantiles().at(0.5));
    }

    @Test
    void readsCsvAndJsonLines() throws IOException {
        Path data = folder.resolve("text");
        Files.createDirectories(data);
        Files.writeString(data.resolve("a.csv"), "x,label\n1.5,0\n2.5,1\nbroken,row,with,more\n,1\n");
        Files.writeString(data.resolve("b.jsonl"), "{\"x\":1.5,\"label\":0}\n{\"x\":3.5,\"label\":1}\n{not json\n");

        Outcome outcome = validate(data.toString(), List.of(), "gate");

        assertThat(violations("gate"))
                .contains("FAIL malformed-rows  a.csv", "FAIL malformed-rows  b.jsonl", "WARN missing-values x ");
        assertThat(outcome.text()).contains("5 rows in 2 shards");
    }
}
