package io.tiltmeter.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.model.TimeUse;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The page on cost, and the schema of findings, say of each use of time what the program says. */
class CostDocumentTest {
    @Test
    void explainsEveryUse() throws IOException {
        String page = Repository.text("src/site/markdown/cost.md");
        JsonNode schema = new ObjectMapper()
                .readTree(Repository.text("src/main/resources/io/tiltmeter/report/findings.schema.json"));
        JsonNode hours = schema.at("/$defs/worker_hours/properties");

        for (TimeUse use : TimeUse.values()) {
            assertThat(page).contains("| `" + use.text() + "` | " + use.meaning() + " |");
            assertThat(hours.path(use.text()).path("description").asText()).isEqualToIgnoringCase(use.meaning());
        }
        // Beside the uses: what is allocated, and what of it is lost.
        assertThat(hours).hasSize(TimeUse.values().length + 2);
    }
}
