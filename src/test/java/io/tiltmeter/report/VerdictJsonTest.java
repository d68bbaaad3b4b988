package io.tiltmeter.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tiltmeter.validate.Checks;
import io.tiltmeter.validate.Contamination;
import io.tiltmeter.validate.Duplicates;
import io.tiltmeter.validate.EvalSummary;
import io.tiltmeter.validate.Gate;
import io.tiltmeter.validate.LabelProbe;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.RowPair;
import io.tiltmeter.validate.RowPlace;
import io.tiltmeter.validate.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class VerdictJsonTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final RowPlace TRAIN = new RowPlace(false, "a \"quoted\" shard", 3);
    private static final RowPlace EVAL = new RowPlace(true, "b", 4);

    private static Verdict verdict(Optional<EvalSummary> eval) {
        Results results = new Results();
        results.count(Checks.all().get(0), "x", "s", Double.POSITIVE_INFINITY, 0, "values", "as many as there are");
        return new Verdict(
                "id",
                "data",
                "",
                "0123456789abcdef",
                "footers",
                1,
                1,
                10,
                100,
                Gate.verdicts(Checks.all(), results, Map.of()),
                eval,
                List.of(new RowPair("near-duplicates", TRAIN, EVAL, 0.9, "note")),
                List.of(new LabelProbe.Suspect(TRAIN, "0", "1", 0.1, 0.9)));
    }

    private static JsonNode json(Optional<EvalSummary> eval) throws IOException {
        return MAPPER.readTree(VerdictJson.text(verdict(eval)));
    }

    private static JsonNode schema() throws IOException {
        try (InputStream in = VerdictJson.class.getResourceAsStream("verdict.schema.json")) {
            return MAPPER.readTree(in);
        }
    }

    private static EvalSummary evaluation() {
        return new EvalSummary(
                "held-out",
                "fedcba",
                1,
                5,
                "tokens",
                Optional.of(new Duplicates.Eval(5, 4, 1, 2)),
                Optional.of(new Contamination("tokens", 13, 5, 5, 1, 2, 1, 0.7, List.of())));
    }

    @Test
    void keepsToItsSchemaWithAndWithoutEvaluationData() throws IOException {
        assertThat(SchemaCheck.violations(schema(), json(Optional.empty()))).isEmpty();
        assertThat(SchemaCheck.violations(schema(), json(Optional.of(evaluation()))))
                .isEmpty();

        JsonNode broken = json(Optional.of(evaluation()));
        ((ObjectNode) broken.at("/pairs/0/second")).put("data", "test");
        ((ObjectNode) broken.at("/eval")).remove("rows");
        assertThat(SchemaCheck.violations(schema(), broken)).hasSize(2);
    }

    @Test
    void saysWhatOfTheEvaluationDataIsInTheDataset() throws IOException {
        JsonNode verdict = json(Optional.of(evaluation()));

        assertThat(verdict.at("/eval/duplicates").toString())
                .isEqualTo("{\"rows\":5,\"contents\":4,\"equal\":1,\"near\":2}");
        assertThat(verdict.at("/eval/contamination/covered").asInt()).isEqualTo(1);
        assertThat(verdict.at("/pairs/0/first").toString())
                .isEqualTo("{\"data\":\"train\",\"shard\":\"a \\\"quoted\\\" shard\",\"row\":3}");
        assertThat(verdict.at("/suspects/0/likely").asText()).isEqualTo("1");
        assertThat(json(Optional.empty()).get("eval").isNull()).isTrue();
    }
}
