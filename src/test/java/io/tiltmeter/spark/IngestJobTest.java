package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.config.MetricNamesFile;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.spark.Nights.Night;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IngestJobTest {
    private static final SparkSession SPARK = LocalSpark.session();
    private static final Map<String, String> NAMES = MetricNamesFile.load(Optional.empty());

    @TempDir
    Path folder = Path.of("");

    private Path logs = Path.of("");
    private Path output = Path.of("");

    @BeforeEach
    void name() throws IOException {
        logs = Files.createDirectories(folder.resolve("logs"));
        output = folder.resolve("fleet");
    }

    private Outcome ingest(boolean dryRun) {
        return IngestJob.run(
                SPARK,
                new IngestJob.Request(List.of(logs.toString()), "auto", output.toString(), NAMES, dryRun),
                SettingsLoader.defaults(),
                message -> {});
    }

    private static String lines(int from, int to, String more) {
        StringBuilder text = new StringBuilder();
        for (int step = from; step < to; step++) {
            text.append(String.format(
                    "{\"step\": %d, \"train_loss\": %s, \"lr\": 0.001%s}%n", step, 3.0 - step / 100.0, more));
        }
        return text.toString();
    }

    private List<String> attempts() throws IOException {
        try (Stream<Path> all = Files.list(output)) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> name.startsWith("attempt-"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aFolderOfLogsBecomesTablesThatANightCanRead() throws IOException {
        Files.writeString(logs.resolve("one.jsonl"), lines(0, 30, "") + "{broken\n" + lines(30, 40, ""));
        Files.writeString(logs.resolve("two.jsonl"), lines(0, 20, ", \"rank\": 1"));
        Files.write(logs.resolve("picture.bin"), new byte[] {0, 1, 2, 3, -1, -2});

        Outcome dry = ingest(true);
        assertThat(dry.text()).startsWith("Dry run: nothing is written.").contains("jsonl");
        assertThat(output).doesNotExist();
        Outcome outcome = ingest(false);

        assertThat(outcome.location()).contains(output.toString());
        MetricTables tables = MetricTables.open(SPARK, output.toString(), new ColumnMapping(Map.of()));
        assertThat(tables.names()).contains("runs", "steps", "quarantine");
        assertThat(tables.read("steps").orElseThrow().count()).isEqualTo(60);
        assertThat(tables.read("steps").orElseThrow().where("worker = 1").count())
                .isEqualTo(20);
        List<Row> quarantine = tables.read("quarantine").orElseThrow().collectAsList();
        assertThat(quarantine)
                .anySatisfy(row -> assertThat(row.<String>getAs("file")).endsWith("one.jsonl"))
                .anySatisfy(row -> assertThat(row.<Long>getAs("line")).isEqualTo(31));
        assertThat(outcome.rejected()).hasSameSizeAs(quarantine);
        assertThat(attempts()).containsExactly("attempt-000001");
        try (Stream<Path> all = Files.list(output.resolve("attempt-000001"))) {
            assertThat(all.map(path -> path.getFileName().toString())).doesNotContain("staging");
        }
        Night night = Nights.night(output, folder.resolve("output"));
        assertThat(night.runIds()).hasSize(2).allSatisfy(id -> assertThat(id).startsWith("logs/"));
        assertThat(night.report().path("rejected").toString()).contains("one.jsonl");
    }

    @Test
    void whereNoLogHasAPointTheAttemptIsAbandonedAndTheLastStays() throws IOException {
        Files.writeString(logs.resolve("one.jsonl"), lines(0, 30, ""));
        ingest(false);
        // It begins as a log does, and holds nothing but a loss that is no number at all.
        Files.writeString(logs.resolve("one.jsonl"), "{\"step\": 1, \"train_loss\":\n");

        assertThatThrownBy(() -> ingest(false))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("Nothing readable in " + logs);

        assertThat(attempts()).containsExactly("attempt-000001");
        assertThat(MetricTables.open(SPARK, output.toString(), new ColumnMapping(Map.of()))
                        .read("steps")
                        .orElseThrow()
                        .count())
                .isEqualTo(30);
        assertThatThrownBy(() -> IngestJob.run(
                        SPARK,
                        new IngestJob.Request(
                                List.of(logs.toString()), "hf-trainer-nope", output.toString(), Map.of(), false),
                        SettingsLoader.defaults(),
                        message -> {}))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void hostileNamesStayData() throws IOException {
        String script = "<script>alert(1)<";
        Files.createDirectories(logs.resolve(script).resolve("[a]{b}* 100%"));
        Files.writeString(logs.resolve(script).resolve("[a]{b}* 100%/x.jsonl"), lines(0, 30, ""));
        Files.writeString(logs.resolve("2026-01-01T12:00:00.jsonl"), lines(0, 30, ""));
        Files.writeString(
                logs.resolve("many.jsonl"),
                lines(0, 20, ", \"run\": \"../../etc/passwd\"") + lines(0, 20, ", \"run\": \"a\\u0000\\n'\\\"b\""));

        Outcome outcome = ingest(false);
        Night night = Nights.night(output, folder.resolve("output"));

        assertThat(night.runIds())
                .anySatisfy(id -> assertThat(id).contains("../../etc/passwd"))
                .anySatisfy(id -> assertThat(id).contains(script));
        assertThat(night.html()).doesNotContain("<script>alert(1)<");
        assertThat(folder.resolve("etc")).doesNotExist();
        assertThat(night.runIds()).contains("logs/2026-01-01T12:00:00");
        assertThat(outcome.rejected()).isEmpty();
    }
}
