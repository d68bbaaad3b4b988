package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.corpus.Corpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The gate with evaluation data, end to end. */
class LeakageTest {
    private static final StructType TOKENS = new StructType()
            .add("tokens", DataTypes.createArrayType(DataTypes.IntegerType))
            .add("label", DataTypes.IntegerType);

    @TempDir
    Path folder = Path.of("");

    private final SparkSession spark = LocalSpark.session();

    private static List<Integer> document(SplittableRandom random) {
        List<Integer> tokens = new ArrayList<>();
        int length = 40 + random.nextInt(60);
        for (int i = 0; i < length; i++) {
            tokens.add((int) Math.pow(2000, random.nextDouble()) - 1);
        }
        return tokens;
    }

    private static List<List<Integer>> documents(long seed, int many) {
        SplittableRandom random = new SplittableRandom(seed);
        List<List<Integer>> documents = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            documents.add(document(random));
        }
        return documents;
    }

    /** Writes shards of so many documents; labels go round. */
    private String write(String name, List<List<Integer>> documents, int perShard) throws IOException {
        Path data = folder.resolve(name);
        Files.createDirectories(data);
        for (int from = 0; from < documents.size(); from += perShard) {
            List<Row> rows = new ArrayList<>();
            for (int i = from; i < Math.min(documents.size(), from + perShard); i++) {
                rows.add(RowFactory.create(documents.get(i), i % 4));
            }
            Path written = folder.resolve("writing");
            spark.createDataFrame(rows, TOKENS)
                    .coalesce(1)
                    .write()
                    .mode("overwrite")
                    .parquet(written.toString());
            try (var files = Files.list(written)) {
                Path file = files.filter(f -> f.toString().endsWith(".parquet"))
                        .findFirst()
                        .orElseThrow();
                Files.move(file, data.resolve("shard-" + from / perShard + ".parquet"));
            }
        }
        return data.toString();
    }

    private Outcome validate(String data, Optional<String> eval, String output, String... sets) {
        ValidateJob.Request request = new ValidateJob.Request(
                data, List.of(), eval, folder.resolve(output).toString(), false, 120, false);
        List<String> all = new ArrayList<>(List.of("validate.probe-rows=0"));
        all.addAll(List.of(sets));
        return ValidateJob.run(spark, request, SettingsLoader.load(Optional.empty(), all), stage -> {});
    }

    private JsonNode verdict(String output) throws IOException {
        return new ObjectMapper()
                .readTree(Files.readString(folder.resolve(output).resolve("verdict.json")));
    }

    private static List<String> violations(JsonNode verdict) {
        List<String> violations = new ArrayList<>();
        for (JsonNode check : verdict.path("checks")) {
            String status = check.path("status").asText();
            if (status.equals("FAIL") || status.equals("WARN")) {
                violations.add(status + " " + check.path("id").asText());
            }
        }
        return violations;
    }

    private static List<String> pairs(JsonNode verdict, String check) {
        List<String> pairs = new ArrayList<>();
        for (JsonNode pair : verdict.path("pairs")) {
            if (pair.path("check").asText().equals(check)) {
                pairs.add(place(pair.path("first")) + " ~ " + place(pair.path("second")));
            }
        }
        return pairs;
    }

    private static String place(JsonNode place) {
        return place.path("data").asText() + " " + place.path("shard").asText() + " "
                + place.path("row").asInt();
    }

    @Test
    void passesDataThatHasNothingOfTheEvaluation() throws IOException {
        String data = write("data", documents(1, 800), 200);
        String eval = write("eval", documents(2, 400), 400);

        Outcome outcome = validate(data, Optional.of(eval), "gate");
        validate(data, Optional.of(eval), "again");

        JsonNode verdict = verdict("gate");
        assertThat(violations(verdict)).as(outcome.text()).isEmpty();
        assertThat(verdict.at("/eval/rows").asInt()).isEqualTo(400);
        assertThat(verdict.at("/eval/duplicates/equal").asInt()).isZero();
        assertThat(verdict.at("/eval/contamination/shared").asInt()).isZero();
        assertThat(verdict.at("/eval/contamination/documents").asInt()).isEqualTo(400);
        assertThat(folder.resolve("again/verdict.json")).hasSameTextualContentAs(folder.resolve("gate/verdict.json"));
        assertThat(folder.resolve("again/report.html")).hasSameTextualContentAs(folder.resolve("gate/report.html"));
    }

    @Test
    void findsOneEvaluationRowInAThousandHoweverItGotIn() throws IOException {
        List<List<Integer>> training = documents(1, 800);
        List<List<Integer>> evaluation = documents(2, 1000);
        // One row as it is.
        training.set(333, evaluation.get(10));
        String data = write("data", training, 200);
        // One row in the middle of a longer document.
        List<List<Integer>> longer = documents(1, 800);
        List<Integer> around = new ArrayList<>(longer.get(500));
        around.addAll(20, evaluation.get(20));
        longer.set(500, around);
        String inside = write("inside", longer, 200);
        String eval = write("eval", evaluation, 1000);

        validate(data, Optional.of(eval), "equal");
        validate(inside, Optional.of(eval), "inside-gate");

        JsonNode equal = verdict("equal");
        assertThat(violations(equal)).containsExactly("FAIL contamination", "FAIL eval-duplicates");
        assertThat(pairs(equal, "eval-duplicates"))
                .containsExactly("train shard-1.parquet 133 ~ eval shard-0.parquet 10");
        assertThat(pairs(equal, "contamination"))
                .containsExactly("train shard-1.parquet 133 ~ eval shard-0.parquet 10");
        JsonNode embedded = verdict("inside-gate");
        assertThat(violations(embedded)).containsExactly("FAIL contamination");
        assertThat(pairs(embedded, "contamination"))
                .containsExactly("train shard-2.parquet 100 ~ eval shard-0.parquet 20");
    }

    @Test
    void findsCopiesNearCopiesRepeatedBlocksAndConflictingLabels() throws IOException {
        List<List<Integer>> training = documents(5, 800);
        for (int i = 0; i < 32; i++) {
            // Rows 100 to 131 of shard 0 once more in shard 3, with labels as they were: 640 - 100 is a multiple of 4.
            training.set(640 + i, training.get(100 + i));
        }
        // Equal rows whose labels are 1 and 2.
        training.set(402, training.get(201));
        for (int i = 0; i < 30; i++) {
            // Of 36 to 96 shingles the last is another: Jaccard 35/37 at least. Labels are i % 4 and (i + 1) % 4.
            List<Integer> near = new ArrayList<>(training.get(300 + i));
            near.set(near.size() - 1, 1999);
            training.set(501 + i, near);
        }
        String data = write("data", training, 200);

        validate(data, Optional.empty(), "gate");

        JsonNode verdict = verdict("gate");
        assertThat(violations(verdict))
                .containsExactly(
                        "WARN conflicting-labels",
                        "WARN exact-duplicates",
                        "WARN near-duplicates",
                        "WARN repeated-blocks");
        assertThat(evidence(verdict, "exact-duplicates")).startsWith("33 of 800 rows are equal to an earlier one");
        assertThat(evidence(verdict, "near-duplicates")).startsWith("30 of 767 different contents");
        // 33 groups of equal rows and 30 near pairs; one and all of them conflict.
        assertThat(evidence(verdict, "conflicting-labels")).startsWith("In 31 of 63 groups");
        assertThat(pairs(verdict, "repeated-blocks"))
                .containsExactly("train shard-0.parquet 100 ~ train shard-3.parquet 40");
        assertThat(pairs(verdict, "exact-duplicates"))
                .hasSize(33)
                .contains("train shard-1.parquet 1 ~ train shard-2.parquet 2");
        assertThat(pairs(verdict, "near-duplicates"))
                .hasSize(30)
                .contains("train shard-1.parquet 100 ~ train shard-2.parquet 101");
    }

    private static String evidence(JsonNode verdict, String check) {
        for (JsonNode each : verdict.path("checks")) {
            if (each.path("id").asText().equals(check)) {
                return each.at("/judgements/0/evidence").asText();
            }
        }
        return "";
    }

    @Test
    void listsFlippedLabelsAndWhereTheyStand() throws IOException {
        // Classes three deviations apart in each of two numbers; every fiftieth label is the next class's.
        SplittableRandom random = new SplittableRandom(8);
        StringBuilder lines = new StringBuilder();
        List<Integer> flipped = new ArrayList<>();
        for (int row = 0; row < 600; row++) {
            int truth = random.nextInt(3);
            boolean flip = row % 50 == 7;
            if (flip) {
                flipped.add(row);
            }
            lines.append(String.format(
                    Locale.ROOT,
                    "{\"x\":%.4f,\"y\":%.4f,\"label\":%d}%n",
                    6 * (truth % 2) + random.nextGaussian(),
                    6 * (truth / 2) + random.nextGaussian(),
                    flip ? (truth + 1) % 3 : truth));
        }
        Path data = Files.createDirectories(folder.resolve("numbers"));
        Files.writeString(data.resolve("rows.jsonl"), lines);

        validate(data.toString(), Optional.empty(), "gate", "validate.probe-rows=1000");

        JsonNode verdict = verdict("gate");
        assertThat(violations(verdict)).containsExactly("WARN mislabelled");
        List<Integer> suspects = new ArrayList<>();
        verdict.path("suspects")
                .forEach(suspect -> suspects.add(suspect.path("row").asInt()));
        // Of twelve those of which the model is surer than on average, and hardly any sound row.
        assertThat(suspects).filteredOn(flipped::contains).hasSizeGreaterThanOrEqualTo(8);
        assertThat(suspects).filteredOn(row -> !flipped.contains(row)).hasSizeLessThanOrEqualTo(2);
    }

    @Test
    void saysOfPenguinsThatTheirSpeciesAreSound() throws IOException {
        Path penguins = Corpus.folder("penguins").resolve("penguins.json");

        validate(
                penguins.toString(),
                Optional.empty(),
                "gate",
                "validate.probe-rows=1000",
                "validate.label-columns=Species");

        // Measured birds of three species: a model that sees four lengths is almost always right.
        JsonNode verdict = verdict("gate");
        assertThat(violations(verdict)).doesNotContain("WARN mislabelled", "FAIL mislabelled");
        assertThat(evidence(verdict, "mislabelled")).contains("of 342 rows");
    }

    @Test
    void aTextThatAMillionRowsNearlyHaveCostsNoMillionSquared() {
        // 2,000 members of one key: every pair of the first 32, then two for each further one.
        List<Row> rows = new ArrayList<>();
        for (long member = 0; member < 2000; member++) {
            rows.add(RowFactory.create(member, 7L));
        }
        rows.add(RowFactory.create(5L, 8L));
        rows.add(RowFactory.create(6L, 8L));

        List<Row> pairs = new ArrayList<>();
        new CandidatePairs(rows.iterator(), 32).forEachRemaining(pairs::add);

        // 32·31/2 + 1,968·2 + 1, and a row that counts the others of 2,000·1,999/2.
        assertThat(pairs).hasSize(496 + 3936 + 1 + 1);
        assertThat(pairs.get(pairs.size() - 1)).isEqualTo(RowFactory.create(-1L, 1_999_000L - 496 - 3936));
    }
}
