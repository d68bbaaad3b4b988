package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.config.SettingsLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that logged nothing but metrics outside the table of steps are not empty, and not sound either. */
class MetricsOnlyTest {
    @TempDir
    Path folder = Path.of("");

    private void table(String name, String run, long rows, Column... columns) {
        List<Column> all = new ArrayList<>(List.of(functions.lit(run).as("run_id")));
        all.addAll(Arrays.asList(columns));
        LocalSpark.session()
                .range(0, rows, 1, 1)
                .select(all.toArray(Column[]::new))
                .write()
                .mode("append")
                .parquet(folder.resolve("tables").resolve(name).toString());
    }

    private void run(String id, String status) {
        table(
                "runs",
                id,
                1,
                functions.lit("p").as("project"),
                functions.lit(status).as("status"));
    }

    private void steps(String run) {
        table(
                "steps",
                run,
                300,
                functions.col("id").as("step"),
                functions
                        .lit(2)
                        .plus(functions.lit(8).divide(functions.col("id").plus(1)))
                        .as("loss"));
    }

    private void metrics(String run) {
        table(
                "metrics",
                run,
                50,
                functions.col("id").as("step"),
                functions.lit("kl").as("name"),
                functions.lit(0.1).as("value"));
    }

    private Outcome analyse() {
        return NightlyJob.run(
                LocalSpark.session(),
                new NightlyJob.Request(
                        folder.resolve("tables").toString(),
                        folder.resolve("reports").toString(),
                        Optional.of("2026-11-23"),
                        Map.of(),
                        false,
                        120,
                        false),
                SettingsLoader.defaults(),
                line -> {});
    }

    private JsonNode report() throws IOException {
        return new ObjectMapper()
                .readTree(folder.resolve("reports/2026-11-23/findings.json").toFile());
    }

    private Map<String, String> verdicts() throws IOException {
        Map<String, String> verdicts = new TreeMap<>();
        report().path("runs")
                .forEach(run -> verdicts.put(
                        run.path("run_id").asText(), run.path("verdict").asText()));
        return verdicts;
    }

    @Test
    void areListedAsUnknown() throws IOException {
        steps("trained");
        metrics("trained");
        run("logged", "");
        metrics("logged");
        metrics("known nowhere else");
        run("nothing", "");
        run("broken", "failed");
        metrics("broken");

        Outcome outcome = analyse();

        assertThat(verdicts())
                .isEqualTo(Map.of(
                        "trained", "sound",
                        "logged", "unknown",
                        "known nowhere else", "unknown",
                        "nothing", "warning",
                        "broken", "error"));
        assertThat(outcome.text()).contains("1 sound · 2 unknown");
        for (JsonNode run : report().path("runs")) {
            if (run.path("verdict").asText().equals("unknown")) {
                assertThat(run.path("incidents")).isEmpty();
                assertThat(run.path("coverage")).hasSizeGreaterThan(10).allSatisfy(coverage -> {
                    assertThat(coverage.path("status").asText()).isEqualTo("not_observable");
                    assertThat(coverage.path("reason").asText())
                            .isEqualTo("only metrics outside the steps table were logged");
                });
            }
        }
    }

    @Test
    void areThereWithoutAnyOtherTable() throws IOException {
        metrics("a");
        metrics("b");

        Outcome outcome = analyse();

        assertThat(verdicts()).isEqualTo(Map.of("a", "unknown", "b", "unknown"));
        assertThat(outcome.text()).contains("2 runs: 2 unknown");
    }

    @Test
    void aDamagedFileIsSetAside() throws IOException {
        steps("trained");
        metrics("damaged");
        try (Stream<Path> files = Files.list(folder.resolve("tables/metrics"))) {
            Path file = files.filter(f -> f.toString().endsWith(".parquet"))
                    .findFirst()
                    .orElseThrow();
            byte[] bytes = Files.readAllBytes(file);
            Arrays.fill(bytes, 4, bytes.length / 3, (byte) 0xff);
            Files.write(file, bytes);
            try (Stream<Path> sums = Files.list(file.getParent())) {
                for (Path sum : sums.filter(f -> f.toString().endsWith(".crc")).toList()) {
                    Files.delete(sum);
                }
            }
        }
        metrics("logged");

        Outcome outcome = analyse();

        assertThat(verdicts()).isEqualTo(Map.of("trained", "sound", "logged", "unknown"));
        assertThat(outcome.rejected())
                .singleElement()
                .satisfies(rejection -> assertThat(rejection.reason()).startsWith("Damaged inside"));
    }
}
