package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;

/** Evaluation data uses other tokens than the dataset. */
@AutoService(Check.class)
public final class EvalTokensCheck extends EvalDriftCheck {
    /** Compares as {@link TokenDriftCheck} does. */
    public EvalTokensCheck() {
        super(
                new TokenDriftCheck(),
                "eval-tokens",
                "Tokens of evaluation data",
                "Evaluation data uses tokens in other proportions than the dataset: another domain or language, or another tokenizer.");
    }
}
