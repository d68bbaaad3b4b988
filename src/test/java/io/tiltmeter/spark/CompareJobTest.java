package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareJobTest {
    private static final String RUNS =
            "required binary run_id (STRING); optional binary project (STRING);" + " optional int64 seed;";
    private static final String LAYERS =
            "required binary run_id (STRING); optional int32 attempt; optional int32 worker;"
                    + " required int64 step; required binary layer (STRING); optional int32 depth; optional double grad_norm;";

    @TempDir
    Path folder = Path.of("");

    private Outcome compare(String output, List<String> runs) {
        return CompareJob.run(
                LocalSpark.session(),
                new CompareJob.Request(
                        folder.resolve("metrics").toString(),
                        folder.resolve(output).toString(),
                        runs,
                        Optional.empty(),
                        Set.of(),
                        Set.of(),
                        Map.of(),
                        false),
                SettingsLoader.defaults(),
                line -> {});
    }

    /** Two twins of four workers; the second's worker 2 computes another gradient from step 60 on, first in layer b. */
    private void writeTwins() {
        StepFile runs = StepFile.of(RUNS);
        StepFile steps = StepFile.of();
        StepFile layers = StepFile.of(LAYERS);
        for (String run : List.of("twin-a", "twin-b")) {
            boolean second = run.equals("twin-b");
            runs.row(run, "p", 7L);
            for (long step = 0; step < 100; step++) {
                for (int worker = StepRecord.NO_WORKER; worker < 4; worker++) {
                    boolean bad = second && (step > 60 || step == 60 && worker == 2);
                    steps.row(
                            run,
                            0,
                            worker < 0 ? null : worker,
                            step,
                            StepFile.START_MICROS + step,
                            null,
                            3 - step / 50.0 + (second && step > 60 ? 0.1 : 0),
                            worker < 0 && step == 60 && second ? 1.3 : bad ? 2.0 : 1.0);
                    for (int layer = 0; worker >= 0 && layer < 3; layer++) {
                        layers.row(
                                run,
                                0,
                                worker,
                                step,
                                "abc".substring(layer, layer + 1),
                                layer,
                                bad && layer < 2 ? 2.0 : 1.0);
                    }
                }
            }
        }
        // A first start of the second twin, whose steps from 30 on do not count.
        steps.steps("twin-b", -1, 0, 30, 50);
        runs.write(folder.resolve("metrics/runs/r.parquet"));
        steps.write(folder.resolve("metrics/steps/s.parquet"));
        layers.write(folder.resolve("metrics/layers/l.parquet"));
    }

    @Test
    void findsStepWorkerAndLayerAtWhichTwinsPart() throws IOException {
        writeTwins();

        Outcome outcome = compare("out", List.of("twin-a", "twin-b"));

        JsonNode set = json("out").path("sets").path(0);
        JsonNode finding = set.path("findings").path(0);
        assertThat(finding.path("detector").asText()).isEqualTo("twin-mismatch");
        assertThat(finding.path("step_from").asLong()).isEqualTo(60);
        assertThat(finding.path("worker").asInt()).isEqualTo(2);
        assertThat(finding.path("layer").asText()).isEqualTo("b");
        assertThat(finding.path("metric").asText()).isEqualTo("grad_norm");
        assertThat(set.path("verdict").asText()).contains("equal to 'twin-a' up to step 59");
        assertThat(outcome.worst()).contains(Severity.ERROR);
        assertThat(LocalSpark.session()
                        .read()
                        .parquet(folder.resolve("out/attempt-000001/partings").toString())
                        .count())
                .isPositive();
    }

    @Test
    void comparesTheRunsOfAConfigurationWithoutBeingTold() throws IOException {
        writeTwins();

        compare("named", List.of("twin-a", "twin-b"));
        compare("found", List.of());
        compare("again", List.of());

        assertThat(json("found").path("sets").path(0).path("findings"))
                .isEqualTo(json("named").path("sets").path(0).path("findings"));
        for (String file : List.of("findings.json", "report.html")) {
            assertThat(folder.resolve("found").resolve(file))
                    .hasSameBinaryContentAs(folder.resolve("again").resolve(file));
        }
        String page = Files.readString(folder.resolve("found/report.html"));
        assertThat(page)
                .contains("<svg class=\"overlay\"")
                .doesNotContain("<script")
                .doesNotContain("http://");
    }

    @Test
    void namesTheNearestRun() {
        writeTwins();

        assertThatThrownBy(() -> compare("out", List.of("twin-a", "twin-c")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("Cannot compare run 'twin-c'")
                .hasMessageContaining("did you mean 'twin-");
    }

    private JsonNode json(String output) throws IOException {
        return new ObjectMapper()
                .readTree(folder.resolve(output).resolve("findings.json").toFile());
    }
}
