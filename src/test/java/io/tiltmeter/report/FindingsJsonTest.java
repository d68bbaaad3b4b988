package io.tiltmeter.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FindingsJsonTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Test
    void writesASmallReportExactly() throws IOException {
        assertThat(write(SampleReports.small())).isEqualTo("""
{
  "schema": 1,
  "date": "2026-11-24",
  "source": "data/metrics",
  "summary": {
    "runs": 2,
    "verdicts": {"error": 1, "warning": 0, "info": 0, "sound": 0, "unknown": 1},
    "steps": 4901,
    "incidents": 1,
    "patterns": 1,
    "rejected": 3,
    "doubtful": 0
  },
  "runs": [
    {
      "run_id": "llm-a",
      "project": "llm",
      "status": "failed",
      "verdict": "error",
      "summary": {"attempts": 1, "workers": 8, "points": 4901, "first_step": 0, "last_step": 4900, "loss_points": 4813, "start_loss": 11.25, "final_loss": 2.2, "best_loss": 2.125, "final_eval_loss": "NaN", "loss_is_eval": false, "replay_noise": "NaN"},
      "coverage": [
        {"detector": "grad-norm-rise", "status": "not_observable", "reason": "no grad_norm logged"},
        {"detector": "loss-spike", "status": "observed", "reason": ""},
        {"detector": "non-finite", "status": "observed", "reason": ""}
      ],
      "incidents": [
        {
          "id": "llm-a/0/4812",
          "cause": "data",
          "why": "Non-finite inputs came one step before the first non-finite loss",
          "severity": "error",
          "attempt": 0,
          "first_step": 4812,
          "last_step": 4900,
          "advice": "Validate the shard that worker 3 read at step 4,812.",
          "findings": [
            {
              "detector": "non-finite",
              "metric": "nan_inputs",
              "attempt": 0,
              "worker": 3,
              "host": "gpu-17",
              "layer": null,
              "group": null,
              "step_from": 4812,
              "step_to": 4812,
              "peak_step": 4812,
              "score": 12,
              "threshold": 1,
              "parameter": "count",
              "severity": "error",
              "cause": "data",
              "meaning": "A logged value is NaN or infinite.",
              "source": "One is enough: it spreads by the next reduction",
              "advice": "Find where it enters: inputs, one worker, or an overflow.",
              "evidence": "12 non-finite inputs on worker 3 at step 4,812"
            },
            {
              "detector": "non-finite",
              "metric": "loss",
              "attempt": 0,
              "worker": null,
              "host": null,
              "layer": null,
              "group": null,
              "step_from": 4813,
              "step_to": 4900,
              "peak_step": 4813,
              "score": "NaN",
              "threshold": 1,
              "parameter": "count",
              "severity": "error",
              "cause": "numerics",
              "meaning": "A logged value is NaN or infinite.",
              "source": "One is enough: it spreads by the next reduction",
              "advice": "Find where it enters: inputs, one worker, or an overflow.",
              "evidence": "Loss is NaN from step 4,813 on"
            }
          ]
        }
      ]
    },
    {
      "run_id": "llm-b",
      "project": null,
      "status": null,
      "verdict": "unknown",
      "summary": {"attempts": 0, "workers": 0, "points": 0, "first_step": null, "last_step": null, "loss_points": 0, "start_loss": "NaN", "final_loss": "NaN", "best_loss": "NaN", "final_eval_loss": "NaN", "loss_is_eval": false, "replay_noise": "NaN"},
      "coverage": [
        {"detector": "loss-spike", "status": "inconclusive", "reason": "needs 128 steps, got 0"}
      ],
      "incidents": []
    }
  ],
  "patterns": [
    {
      "axis": "shard",
      "value": "web-0042",
      "project": "llm",
      "kind": "non-finite",
      "metric": "nan_inputs",
      "severity": "error",
      "step_from": 4812,
      "step_to": 4812,
      "runs": [
        "llm-a"
      ],
      "exposed": 2,
      "lift": 9.5,
      "lift_interval": [1.25, 20],
      "q_value": 0.00125,
      "median_score": 12,
      "evidence": "1 of 2 runs read shard web-0042 and got non-finite inputs",
      "explanation": "",
      "contrasts": [
        {"among": "comparable runs without it", "affected": 0, "of": 6}
      ],
      "confounders": [
        {"axis": "dataset", "value": "web", "q_value": 0.0125, "p_given_pattern": 0.5, "rejected": true}
      ],
      "advice": "Quarantine the shard."
    }
  ],
  "rejected": [
    {"file": "data/metrics/c.csv", "line": 7, "reason": "step is 'abc', expected a whole number", "count": 3, "level": "rejected"}
  ],
  "detectors": [
    {
      "id": "loss-spike",
      "title": "Loss spike",
      "meaning": "The loss jumped far above its own recent level and came back.",
      "advice": "Look at the batches of these steps; skip them and restart from the checkpoint before.",
      "metrics": ["loss"],
      "parameters": [
        {"name": "z", "value": 6, "unit": "MADs", "meaning": "How far above the running median", "source": "Chowdhery et al., PaLM, 2022, section 5.1"},
        {"name": "window", "value": 128, "unit": "steps", "meaning": "Length of the running median", "source": "Shortest window whose false alarms stay under 1 in 10,000 steps on the corpus"}
      ]
    },
    {
      "id": "non-finite",
      "title": "Non-finite value",
      "meaning": "A logged value is NaN or infinite.",
      "advice": "Find where it enters: inputs, one worker, or an overflow.",
      "metrics": ["loss", "grad_norm", "nan_inputs"],
      "parameters": [
        {"name": "count", "value": 1, "unit": "values", "meaning": "Non-finite values at one step", "source": "One is enough: it spreads by the next reduction"}
      ]
    }
  ]
}
""");
    }

    @Test
    void namesTheParameterThatJudgedAndItsOrigin() throws IOException {
        JsonNode findings =
                MAPPER.readTree(write(SampleReports.judgedBySecond())).at("/runs/0/incidents/0/findings");

        assertThat(findings).hasSize(2);
        assertThat(findings.get(0).path("parameter").asText()).isEqualTo("z");
        assertThat(findings.get(0).path("source").asText()).startsWith("Chowdhery");
        assertThat(findings.get(1).path("parameter").asText()).isEqualTo("window");
        assertThat(findings.get(1).path("source").asText()).startsWith("Shortest window");
    }

    @Test
    void followsItsSchema() throws IOException {
        for (FleetReport report : new FleetReport[] {
            SampleReports.small(), SampleReports.fleet(), SampleReports.hostile(SampleReports.SCRIPT)
        }) {
            assertThat(SchemaCheck.violations(schema(), MAPPER.readTree(write(report))))
                    .isEmpty();
        }
    }

    @Test
    void itsSchemaTellsWhatIsWrong() throws IOException {
        ObjectNode document = (ObjectNode) MAPPER.readTree(write(SampleReports.small()));
        document.put("surprise", 1);
        ((ObjectNode) document.at("/runs/0/incidents/0/findings/0")).put("score", "huge");
        ((ObjectNode) document.at("/runs/1")).remove("verdict");

        assertThat(SchemaCheck.violations(schema(), document))
                .containsExactlyInAnyOrder(
                        "$ has undeclared surprise",
                        "$.runs[0].incidents[0].findings[0].score fits no alternative: \"huge\"",
                        "$.runs[1] lacks \"verdict\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                SampleReports.SCRIPT,
                SampleReports.PATH,
                SampleReports.RTL,
                SampleReports.ESCAPE,
                "\ud800 \u2028 \\ \""
            })
    void givesForeignTextBackUnchanged(String text) throws IOException {
        JsonNode document = MAPPER.readTree(write(SampleReports.hostile(text)));

        assertThat(document.at("/runs/0/run_id").asText()).isEqualTo(text);
        assertThat(document.at("/runs/0/incidents/0/findings/1/evidence").asText())
                .isEqualTo(text);
        assertThat(document.at("/rejected/0/file").asText()).isEqualTo(text);
    }

    @Test
    void isTheSameEveryTime() throws IOException {
        assertThat(write(SampleReports.fleet())).isEqualTo(write(SampleReports.fleet()));
    }

    private static String write(FleetReport report) throws IOException {
        StringBuilder out = new StringBuilder();
        FindingsJson.write(report, out);
        return out.toString();
    }

    private static JsonNode schema() throws IOException {
        try (InputStream in = FindingsJson.class.getResourceAsStream("findings.schema.json")) {
            return MAPPER.readTree(in);
        }
    }
}
