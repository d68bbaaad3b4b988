package io.tiltmeter.model;

import java.util.Locale;

/** How much a finding matters; ordered. */
public enum Severity {
    /** Worth knowing; no action. */
    INFO,
    /** Look at it. */
    WARNING,
    /** Training is harmed. */
    ERROR;

    /** The text used in tables, JSON and on the command line, e.g. {@code warning}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
