package io.tiltmeter.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tiltmeter.compare.ComparedSet;
import io.tiltmeter.compare.Comparison;
import io.tiltmeter.compare.Comparison.SetReport;
import io.tiltmeter.compare.Ladder;
import io.tiltmeter.compare.RunSet;
import io.tiltmeter.compare.Verdicts;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.Severity;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ComparisonJsonTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private static Comparison comparison() {
        RunSet set =
                new RunSet("p", List.of(RunRecord.of("a", "p", Map.of()), RunRecord.of("b", "p", Map.of())), Map.of());
        Finding twin = new Finding(
                "b",
                "twin-mismatch",
                "grad_norm",
                0,
                2,
                null,
                "attention",
                null,
                60,
                60,
                60,
                Double.POSITIVE_INFINITY,
                1e-5,
                Severity.ERROR,
                Cause.WORKER,
                "equal bit for bit up to step 59");
        ComparedSet compared = new ComparedSet(
                List.of(),
                List.of(),
                List.of(
                        new ComparedSet.End(100, 99, 2.5, Double.NaN, List.of()),
                        new ComparedSet.End(0, 0, Double.NaN, Double.NaN, List.of())),
                0);
        Ladder ladder = new Ladder(
                "p",
                "optimizer",
                "",
                "muon",
                "",
                false,
                List.of(
                        new Ladder.Rung("width=64", 3, 3, 3, 2.9, -0.03, -0.04, -0.02),
                        new Ladder.Rung("width=256", 3, 3, 2, 2.1, 0.05, 0.04, 0.06)));
        return new Comparison(
                "metrics",
                List.of(new SetReport(set, compared, List.of(twin), "parts at step 60")),
                List.of(ladder),
                Verdicts.ofLadders(List.of(ladder)),
                List.of(new Rejection("steps/a.parquet", 0, "not Parquet", 1, Rejection.Level.REJECTED)));
    }

    @Test
    void followsItsSchema() throws IOException {
        assertThat(SchemaCheck.violations(schema("comparison"), document())).isEmpty();
    }

    /** Whoever reads findings of a night can read those of a comparison: the same fields, and the run. */
    @Test
    void itsFindingsHaveTheFieldsOfANightlyReports() throws IOException {
        List<String> nightly = names(schema("findings").at("/$defs/finding/required"));
        nightly.add(0, "run_id");
        JsonNode finding = document().at("/sets/0/findings/0");

        List<String> fields = new ArrayList<>();
        finding.fieldNames().forEachRemaining(fields::add);
        assertThat(fields).containsExactlyElementsOf(nightly);
        assertThat(finding.path("worker").asInt()).isEqualTo(2);
        assertThat(finding.path("layer").asText()).isEqualTo("attention");
        assertThat(finding.path("score").asText()).isEqualTo("Infinity");
        assertThat(finding.path("parameter").asText()).isEqualTo("rounding");
        assertThat(finding.path("meaning").asText()).startsWith("Runs of one configuration and seed");
        assertThat(finding.path("advice").asText()).isNotEmpty();
        assertThat(document().at("/findings/0/detector").asText()).isEqualTo("no-transfer");
        assertThat(document().at("/findings/0/worker").isNull()).isTrue();
    }

    @Test
    void itsSchemaTellsWhatIsWrong() throws IOException {
        ObjectNode document = document();
        document.put("surprise", 1);
        ((ObjectNode) document.at("/sets/0/runs/0")).remove("points");

        assertThat(SchemaCheck.violations(schema("comparison"), document))
                .containsExactlyInAnyOrder("$ has undeclared surprise", "$.sets[0].runs[0] lacks \"points\"");
    }

    private static ObjectNode document() throws IOException {
        StringBuilder out = new StringBuilder();
        ComparisonJson.write(comparison(), out);
        return (ObjectNode) MAPPER.readTree(out.toString());
    }

    private static List<String> names(JsonNode array) {
        List<String> names = new ArrayList<>();
        array.forEach(name -> names.add(name.asText()));
        return names;
    }

    private static JsonNode schema(String name) throws IOException {
        try (InputStream in = ComparisonJson.class.getResourceAsStream(name + ".schema.json")) {
            return MAPPER.readTree(in);
        }
    }
}
