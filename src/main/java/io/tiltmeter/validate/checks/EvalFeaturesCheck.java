package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.validate.Check;

/** Numbers of the evaluation data have moved. */
@AutoService(Check.class)
public final class EvalFeaturesCheck extends EvalDriftCheck {
    /** Compares as {@link FeatureDriftCheck} does. */
    public EvalFeaturesCheck() {
        super(
                new FeatureDriftCheck(),
                "eval-features",
                "Numbers of evaluation data",
                "Numbers of the evaluation data are distributed otherwise than the dataset's: another scaling, unit or population.");
    }
}
