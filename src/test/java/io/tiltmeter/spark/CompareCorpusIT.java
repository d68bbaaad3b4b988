package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.config.MetricNamesFile;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.corpus.Corpus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bands of real seeds: few of them are left, and what has many seeds at several sizes makes ladders. */
class CompareCorpusIT {
    /** Sets of 3 to 100 runs that differ in nothing but the seed: the files hold 279 + 62 + 14 + 12 + 12 of them. */
    private static final int BANDS = 379;

    @TempDir
    Path folder = Path.of("");

    @Test
    void fewSeedsOfOneRecipeLeaveTheirBand() throws IOException {
        Map<String, String> names = MetricNamesFile.load(Optional.empty());
        String tables = folder.resolve("tables").toString();
        IngestJob.run(
                LocalSpark.session(),
                new IngestJob.Request(
                        List.of(Corpus.folder("snimu-attention").toString()), "auto", tables, names, false),
                SettingsLoader.defaults(),
                line -> {});
        CompareJob.run(
                LocalSpark.session(),
                new CompareJob.Request(
                        tables,
                        folder.resolve("out").toString(),
                        List.of(),
                        Optional.empty(),
                        Set.of(),
                        Set.of(),
                        names,
                        false),
                SettingsLoader.defaults(),
                line -> {});

        JsonNode report =
                new ObjectMapper().readTree(folder.resolve("out/findings.json").toFile());
        int bands = 0;
        int left = 0;
        for (JsonNode set : report.path("sets")) {
            boolean leaves = false;
            for (JsonNode finding : set.path("findings")) {
                leaves |= finding.path("detector").asText().equals("left-band")
                        && finding.path("severity").asText().equals("warning");
            }
            bands += set.path("runs").size() >= 3 ? 1 : 0;
            left += leaves ? 1 : 0;
        }
        assertThat(bands).isEqualTo(BANDS);
        assertThat(left).isBetween(1, BANDS / 100);
        assertThat(report.path("ladders")).isNotEmpty();
    }
}
