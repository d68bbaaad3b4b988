package io.tiltmeter.validate;

import java.util.Locale;

/** How much a violated check matters. */
public enum Level {
    /** Reported; the gate stays open. */
    WARNING,
    /** The gate closes. */
    ERROR;

    /** The text of settings and JSON, e.g. {@code error}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
