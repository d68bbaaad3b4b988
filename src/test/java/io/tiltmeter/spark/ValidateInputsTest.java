package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.config.SettingsLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the gate is told beside the data: evaluation data, a vocabulary, a manifest; and data that is a table. */
class ValidateInputsTest {
    private static final String DATA = "gate_inputs_data";
    private static final String EVAL = "gate_inputs_eval";

    @TempDir
    Path folder = Path.of("");

    private final SparkSession spark = LocalSpark.session();

    @AfterEach
    void forgetTables() {
        spark.sql("DROP TABLE IF EXISTS " + DATA);
        spark.sql("DROP TABLE IF EXISTS " + EVAL);
    }

    /** Rows of 60 ids below 200, the same for the same numbers. */
    private Dataset<Row> rows(long from, long to) {
        return spark.range(from, to, 1, 2)
                .selectExpr("transform(sequence(1, 60), i -> cast(pmod(xxhash64(id, i), 200) as int)) as tokens");
    }

    private Outcome validate(String data, Optional<String> eval, List<String> baseline, String output, String... sets) {
        ValidateJob.Request request = new ValidateJob.Request(
                data, baseline, eval, folder.resolve(output).toString(), false, 120, false);
        List<String> all = new ArrayList<>(List.of("validate.probe-rows=0"));
        all.addAll(Arrays.asList(sets));
        return ValidateJob.run(spark, request, SettingsLoader.load(Optional.empty(), all), stage -> {});
    }

    private JsonNode verdict(String output) throws IOException {
        return new ObjectMapper()
                .readTree(Files.readString(folder.resolve(output).resolve("verdict.json")));
    }

    /** Violations of checks of these ids, as check, shard and text. */
    private List<String> violations(String output, String... ids) throws IOException {
        List<String> violations = new ArrayList<>();
        for (JsonNode check : verdict(output).path("checks")) {
            if (!List.of(ids).contains(check.path("id").asText())) {
                continue;
            }
            for (JsonNode judgement : check.path("judgements")) {
                if (judgement.path("status").asText().equals("FAIL")) {
                    violations.add(judgement.path("shard").asText("all") + ": "
                            + judgement.path("evidence").asText());
                }
            }
        }
        return violations;
    }

    @Test
    void dataAndEvaluationDataMayBeTables() throws IOException {
        rows(0, 1000).write().mode("overwrite").saveAsTable(DATA);
        // The last is the training data's row 500.
        rows(2000, 2100).union(rows(500, 501)).write().mode("overwrite").saveAsTable(EVAL);

        Outcome outcome = validate(DATA, Optional.of(EVAL), List.of(), "gate");

        assertThat(outcome.failed()).isPresent();
        JsonNode verdict = verdict("gate");
        assertThat(verdict.path("data").path("rows").asLong()).isEqualTo(1000);
        List<JsonNode> pairs = new ArrayList<>();
        verdict.path("pairs").forEach(pairs::add);
        assertThat(pairs)
                .filteredOn(pair -> pair.path("check").asText().equals("eval-duplicates"))
                .hasSize(1);
        assertThat(violations("gate", "eval-duplicates")).isNotEmpty();
        assertThat(verdict.path("eval").path("source").asText()).isEqualTo(EVAL);
        assertThat(verdict.path("eval").path("rows").asLong()).isEqualTo(101);

        rows(2000, 2100).write().mode("overwrite").saveAsTable(EVAL);
        validate(DATA, Optional.of(EVAL), List.of(), "without");
        assertThat(violations("without", "eval-duplicates", "contamination")).isEmpty();
    }

    @Test
    void aVocabularyFileTellsHolesAndForeignIds() throws IOException {
        String data = folder.resolve("data").toString();
        rows(0, 200).coalesce(1).write().parquet(data);
        // Ids 0 to 189; 7 has no text, and 8 is no token at all.
        StringBuilder json = new StringBuilder("{");
        for (int id = 0; id < 190; id++) {
            json.append(id == 8 ? "" : "\"" + (id == 7 ? "" : "t" + id) + "\":" + id + (id < 189 ? "," : ""));
        }
        Path file = Files.writeString(folder.resolve("vocab.json"), json.append("}"));
        long empty = ids(data, "id in (7, 8)");
        long beyond = ids(data, "id >= 190");

        validate(data, Optional.empty(), List.of(), "gate", "validate.vocabulary-file=" + file);

        assertThat(violations("gate", "empty-tokens")).anyMatch(text -> text.contains(String.format("%,d", empty)));
        assertThat(violations("gate", "token-range")).anyMatch(text -> text.contains(String.format("%,d", beyond)));

        Path other = Files.writeString(folder.resolve("other.json"), "{\"a\":0,\"b\":199}");
        validate(
                data,
                Optional.empty(),
                List.of(folder.resolve("gate").toString()),
                "again",
                "validate.vocabulary-file=" + other);
        assertThat(violations("again", "vocabulary"))
                .singleElement()
                .asString()
                .contains(fingerprint(other))
                .contains(fingerprint(file));
    }

    private long ids(String data, String condition) {
        return spark.read()
                .parquet(data)
                .selectExpr("explode(tokens) as id")
                .where(condition)
                .count();
    }

    private static String fingerprint(Path file) {
        return VocabularyFile.load(file.toString(), new Configuration()).fingerprint();
    }

    @Test
    void aVocabularyIsTheSameInEveryFormat() throws IOException {
        Path map = Files.writeString(folder.resolve("vocab.json"), "{\"b\":1,\"a\":0,\"<s>\":2}");
        Path list = Files.writeString(folder.resolve("vocab.txt"), "a\nb\n<s>\n");
        Path bpe = Files.writeString(
                folder.resolve("bpe.json"),
                "{\"model\":{\"vocab\":{\"a\":0,\"b\":1}},\"added_tokens\":[{\"id\":2,\"content\":\"<s>\"}]}");
        Path unigram = Files.writeString(
                folder.resolve("unigram.json"), "{\"model\":{\"vocab\":[[\"a\",-1.5],[\"b\",-2],[\"<s>\",0]]}}");

        assertThat(List.of(fingerprint(list), fingerprint(bpe), fingerprint(unigram)))
                .containsOnly(fingerprint(map));
        assertThat(VocabularyFile.load(map.toString(), new Configuration()).size())
                .isEqualTo(3);
    }

    @Test
    void aVocabularyThatCannotBeReadIsOneLine() throws IOException {
        Path broken = Files.writeString(folder.resolve("broken.json"), "{\"a\": 0,");
        Path none = Files.writeString(folder.resolve("none.json"), "{\"model\": {}}");

        assertThatThrownBy(() -> fingerprint(folder.resolve("nowhere.json")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("Cannot read vocabulary")
                .hasMessageContaining("nowhere.json");
        assertThatThrownBy(() -> fingerprint(broken))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("broken.json");
        assertThatThrownBy(() -> fingerprint(none))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("expected a JSON object of token to id, a tokenizer.json or a token a line");
    }

    @Test
    void aManifestTellsShardsThatAreMissingLeftOverOrOfOtherRows() throws IOException {
        Path data = folder.resolve("data");
        Files.createDirectories(data);
        for (int shard = 0; shard < 3; shard++) {
            Path written = folder.resolve("writing");
            rows(100 * shard, 100 * shard + 100)
                    .coalesce(1)
                    .write()
                    .mode("overwrite")
                    .parquet(written.toString());
            try (var files = Files.list(written)) {
                Files.move(
                        files.filter(f -> f.toString().endsWith(".parquet"))
                                .findFirst()
                                .orElseThrow(),
                        data.resolve("shard-" + shard + ".parquet"));
            }
        }
        Path manifest = Files.writeString(
                folder.resolve("manifest.csv"),
                "path,rows\n# written by hand\nshard-0.parquet,100\nshard-1.parquet\t99\nshard-3.parquet,100\n");

        validate(data.toString(), Optional.empty(), List.of(), "gate", "validate.manifest=" + manifest);

        assertThat(violations("gate", "manifest"))
                .containsExactlyInAnyOrder(
                        "all: 3 shards are not as the manifest says",
                        "shard-1.parquet: 100 rows, and 99 by the manifest",
                        "shard-2.parquet: The manifest has no such shard",
                        "shard-3.parquet: The manifest has it, the dataset has not");
    }

    @Test
    void aManifestThatCannotBeReadOrIsOfATableIsOneLine() throws IOException {
        rows(0, 10).write().mode("overwrite").saveAsTable(DATA);
        Path wrong = Files.writeString(folder.resolve("wrong.csv"), "path,rows\nshard-0.parquet,many\n");
        Path right = Files.writeString(folder.resolve("right.csv"), "shard-0.parquet,1\n");

        assertThatThrownBy(() -> ManifestFile.load(wrong.toString(), new Configuration()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("wrong.csv', line 2: 'shard-0.parquet,many', expected a path");
        assertThatThrownBy(() -> validate(DATA, Optional.empty(), List.of(), "gate", "validate.manifest=" + right))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("'validate.manifest'")
                .hasMessageContaining(DATA);
    }
}
