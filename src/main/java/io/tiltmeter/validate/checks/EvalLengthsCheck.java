package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;

/** Evaluation examples are of other lengths than the dataset's. */
@AutoService(Check.class)
public final class EvalLengthsCheck extends EvalDriftCheck {
    /** Compares as {@link LengthDriftCheck} does. */
    public EvalLengthsCheck() {
        super(
                new LengthDriftCheck(),
                "eval-lengths",
                "Lengths of evaluation data",
                "Evaluation examples are longer or shorter than those of the dataset: the loss at their positions was trained more or less.");
    }
}
