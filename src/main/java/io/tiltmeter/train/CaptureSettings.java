package io.tiltmeter.train;

import java.io.Serializable;

/**
 * What the workers measure while they train.
 *
 * @param layers whether details of layers are measured at all
 * @param budget share of a step's time that measuring may take, in (0, 1]
 * @param everySteps fixed interval of the details of layers, with norms at every step; 0 to follow the budget
 */
record CaptureSettings(boolean layers, double budget, int everySteps) implements Serializable {
    /** Details of layers as far as 2 % of the time allow. */
    static final CaptureSettings DEFAULT = new CaptureSettings(true, 0.02, 0);

    CaptureSettings {
        if (!(budget > 0 && budget <= 1)) {
            throw new IllegalArgumentException("Budget of measuring is " + budget + ", expected > 0 and <= 1");
        }
        if (everySteps < 0) {
            throw new IllegalArgumentException("Interval of measuring is " + everySteps + " steps, expected >= 0");
        }
    }
}
