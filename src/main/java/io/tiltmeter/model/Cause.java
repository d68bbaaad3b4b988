package io.tiltmeter.model;

import java.util.Locale;

/** Family of first causes of an incident. */
public enum Cause {
    DATA,
    NUMERICS,
    OPTIMIZER,
    WORKER,
    INFRASTRUCTURE,
    UNKNOWN;

    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
