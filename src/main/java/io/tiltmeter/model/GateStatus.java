package io.tiltmeter.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How a run's data stood to the verdict that the run names. */
public enum GateStatus {
    /** The gate let it pass, and it is still the same. */
    PASSED,
    /** The gate refused it. */
    FAILED,
    /** It is no longer what was judged. */
    CHANGED;

    /** Attribute of a run that tells it. */
    public static final String ATTRIBUTE = "gate.status";

    /** The text in the attribute, e.g. {@code passed}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** That of a run, empty if the run does not say. */
    public static Optional<GateStatus> of(RunRecord run) {
        String text = run.attributes().get(ATTRIBUTE);
        return Arrays.stream(values())
                .filter(status -> status.text().equals(text))
                .findFirst();
    }
}
