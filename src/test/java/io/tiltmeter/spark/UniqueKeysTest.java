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
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Columns that should be unique, end to end. */
class UniqueKeysTest {
    @TempDir
    Path folder = Path.of("");

    /** Four shards of 50 rows; the last one's first ten rows come from the first shard, and two rows have no key. */
    private String data() throws IOException {
        Path data = Files.createDirectories(folder.resolve("data"));
        for (int shard = 0; shard < 4; shard++) {
            List<String> lines = new ArrayList<>();
            for (int row = 0; row < 50; row++) {
                int id = shard == 3 && row < 10 ? row : 50 * shard + row;
                String key = shard == 2 && row > 47 ? "null" : Integer.toString(id);
                lines.add("{\"id\": " + key + ", \"name\": \"n" + id + "\", \"value\": " + (id % 7) + ".5}");
            }
            Files.write(data.resolve("part-" + shard + ".jsonl"), lines);
        }
        return data.toString();
    }

    private JsonNode validate(String data, String keys) throws IOException {
        ValidateJob.Request request = new ValidateJob.Request(
                data, List.of(), Optional.empty(), folder.resolve("out").toString(), false, 120, false);
        ValidateJob.run(
                LocalSpark.session(),
                request,
                SettingsLoader.load(Optional.empty(), List.of("validate.unique-columns=" + keys)),
                stage -> {});
        return new ObjectMapper().readTree(Files.readString(folder.resolve("out/verdict.json")));
    }

    private static JsonNode check(JsonNode verdict) {
        for (JsonNode check : verdict.path("checks")) {
            if (check.path("id").asText().equals("unique-keys")) {
                return check;
            }
        }
        throw new AssertionError("No check 'unique-keys' in " + verdict);
    }

    @Test
    void keysOfSeveralRowsFailAndAreNamed() throws IOException {
        JsonNode verdict = validate(data(), "id, name");

        JsonNode check = check(verdict);
        assertThat(check.path("status").asText()).isEqualTo("FAIL");
        List<String> evidence = check.path("judgements").findValuesAsText("evidence");
        assertThat(evidence)
                .containsExactlyInAnyOrder(
                        "20 of 198 rows have a key that another row has too; 188 different keys",
                        "20 of 200 rows have a key that another row has too; 190 different keys");
        JsonNode first = verdict.path("pairs").path(0);
        assertThat(first.path("check").asText()).isEqualTo("unique-keys");
        assertThat(first.path("first").path("shard").asText()).isEqualTo("part-0.jsonl");
        assertThat(first.path("first").path("row").asInt()).isZero();
        assertThat(first.path("second").path("shard").asText()).isEqualTo("part-3.jsonl");
        assertThat(first.path("second").path("row").asInt()).isZero();
    }

    /** One writer's numbers are ints, another's longs: the same number is the same key. */
    @Test
    void theWidthOfANumberIsNoPartOfTheKey() throws IOException {
        Path data = Files.createDirectories(folder.resolve("widths"));
        for (String type : List.of("int", "bigint")) {
            LocalSpark.session()
                    .range(-5, 20, 1, 1)
                    .selectExpr("cast(if(id < 3, id, id + length('" + type + "') * 100) as " + type + ") as id")
                    .write()
                    .parquet(data.resolve(type).toString());
        }

        // -5 to 2 are in both.
        assertThat(check(validate(data.toString(), "id")).path("judgements").findValuesAsText("evidence"))
                .contains("16 of 50 rows have a key that another row has too; 42 different keys");
    }

    @Test
    void withoutKeysNothingIsJudged() throws IOException {
        assertThat(check(validate(data(), "")).path("judged").asInt()).isZero();
    }

    @Test
    void aKeyThatIsNotThereIsOneLine() throws IOException {
        String data = data();
        assertThatThrownBy(() -> validate(data, "user"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(
                        "Setting 'validate.unique-columns' names 'user', expected columns of numbers or text")
                .hasMessageContaining("it has id bigint, name string, value double");
    }
}
