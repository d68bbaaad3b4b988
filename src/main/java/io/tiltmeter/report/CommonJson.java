package io.tiltmeter.report;

import io.tiltmeter.model.Archetype;
import io.tiltmeter.model.Combination;
import io.tiltmeter.model.CommonTraits;
import io.tiltmeter.model.RiskEvaluation;
import io.tiltmeter.model.RiskScore;
import io.tiltmeter.model.SymptomOrder;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Writes the member {@code common} of {@code findings.json}. */
final class CommonJson {
    private final Json json;

    private CommonJson(Json json) {
        this.json = json;
    }

    /** Writes the member, where there is anything in it. */
    static void write(CommonTraits common, Json json) throws IOException {
        if (!common.isEmpty()) {
            new CommonJson(json).common(common);
        }
    }

    private void common(CommonTraits common) throws IOException {
        json.name("common").object().name("combinations").array();
        for (Combination combination : common.combinations()) {
            combination(combination);
        }
        json.endArray().name("archetypes").array();
        for (Archetype archetype : common.archetypes()) {
            json.object()
                    .field("name", archetype.name())
                    .field("exemplar", archetype.exemplar())
                    .field("of", archetype.of());
            strings("traits", archetype.traits());
            strings("runs", archetype.runs());
            json.endObject();
        }
        json.endArray().name("sequences").array();
        for (SymptomOrder order : common.orders()) {
            json.flatObject()
                    .field("first", order.first())
                    .field("then", order.then())
                    .field("before", order.before())
                    .field("after", order.after())
                    .field("together", order.together())
                    .field("median_lead", order.medianLead())
                    .field("q_value", order.qValue())
                    .endObject();
        }
        json.endArray().name("risk");
        risk(common.risk());
        json.name("scores").array();
        for (RiskScore score : common.scores()) {
            json.flatObject()
                    .field("run_id", score.runId())
                    .field("risk", score.risk())
                    .field("low", score.low())
                    .field("high", score.high())
                    .field("archetype", score.archetype())
                    .field("model_date", score.modelDate())
                    .endObject();
        }
        json.endArray();
        strings("silences", common.silences());
        json.endObject();
    }

    private void combination(Combination combination) throws IOException {
        json.object().field("kind", combination.kind());
        strings("items", combination.items());
        json.field("cases", combination.cases())
                .field("runs", combination.runs())
                .field("expected", combination.expected())
                .field("low", combination.low())
                .field("high", combination.high())
                .field("lift", combination.lift())
                .field("q_value", combination.qValue());
        strings("case_runs", combination.caseRuns());
        json.field("evidence", combination.evidence()).endObject();
    }

    private void risk(Optional<RiskEvaluation> evaluation) throws IOException {
        if (evaluation.isEmpty()) {
            json.value((String) null);
            return;
        }
        RiskEvaluation risk = evaluation.get();
        json.object()
                .field("model", risk.model())
                .field("grouping", risk.grouping())
                .field("runs", risk.runs())
                .field("unstable", risk.unstable())
                .field("groups", risk.groups())
                .field("brier", risk.brier())
                .field("base_brier", risk.baseBrier())
                .field("skill", risk.skill())
                .field("skill_low", risk.skillLow())
                .field("skill_high", risk.skillHigh())
                .field("log_loss", risk.logLoss())
                .field("auc", risk.auc())
                .field("auc_low", risk.aucLow())
                .field("auc_high", risk.aucHigh())
                .field("useful", risk.useful())
                .name("bins")
                .array();
        for (RiskEvaluation.Bin bin : risk.bins()) {
            json.flatObject()
                    .field("from", bin.from())
                    .field("to", bin.to())
                    .field("runs", bin.runs())
                    .field("unstable", bin.unstable())
                    .field("predicted", bin.predicted())
                    .field("low", bin.low())
                    .field("high", bin.high())
                    .endObject();
        }
        json.endArray();
        strings("drivers", risk.drivers());
        json.endObject();
    }

    private void strings(String name, List<String> values) throws IOException {
        json.name(name).array();
        for (String value : values) {
            json.value(value);
        }
        json.endArray();
    }
}
