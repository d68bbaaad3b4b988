package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;

/** Classes are mixed otherwise in the evaluation data. */
@AutoService(Check.class)
public final class EvalLabelsCheck extends EvalDriftCheck {
    /** Compares as {@link LabelBalanceCheck} does. */
    public EvalLabelsCheck() {
        super(
                new LabelBalanceCheck(),
                "eval-labels",
                "Classes of evaluation data",
                "A class has a larger or smaller share of the evaluation data than of the dataset: accuracy then tells of the mix as much as of the model.");
    }
}
