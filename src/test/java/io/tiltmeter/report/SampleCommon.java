package io.tiltmeter.report;

import io.tiltmeter.model.Archetype;
import io.tiltmeter.model.Combination;
import io.tiltmeter.model.CommonTraits;
import io.tiltmeter.model.RiskEvaluation;
import io.tiltmeter.model.RiskScore;
import io.tiltmeter.model.SymptomOrder;
import java.util.List;
import java.util.Optional;

/** Made-up traits that incidents have in common. */
final class SampleCommon {
    private SampleCommon() {}

    /** One of each kind, with this text wherever there is foreign text. */
    static CommonTraits of(String text) {
        RiskEvaluation risk = new RiskEvaluation(
                "logistic regression",
                "project",
                200,
                40,
                8,
                0.12,
                0.16,
                0.25,
                0.1,
                0.4,
                0.38,
                0.81,
                0.7,
                0.9,
                true,
                List.of(
                        new RiskEvaluation.Bin(0.01, 0.1, 100, 5, 0.05, 0.02, 0.11),
                        new RiskEvaluation.Bin(0.1, 0.9, 100, 35, 0.35, 0.26, 0.45)),
                List.of(text));
        return new CommonTraits(
                List.of(new Combination(
                        text, List.of(text, "precision=fp16"), 18, 20, 9, 0.7, 0.97, 2, 1e-5, List.of(text), text)),
                List.of(new Archetype(text, text, List.of(text), 40, List.of(text))),
                List.of(new SymptomOrder(text, "non-finite", 30, 2, 4, 12, 1e-6)),
                Optional.of(risk),
                List.of(
                        new RiskScore(text, 0.72, 0.26, 0.45, text, "2026-11-23"),
                        new RiskScore("b", Double.NaN, Double.NaN, Double.NaN, text, "2026-11-23")),
                List.of(text));
    }
}
