package io.tiltmeter.model;

import java.util.Locale;

/** What the time of a run was spent on. Every second of it belongs to exactly one. */
public enum TimeUse {
    PRODUCTIVE("steps that are part of the result, at the healthy step time"),
    REPLAY("sound steps whose effect a later start overwrote"),
    RESTART("from a start, or from the last step before it, to the first step after it"),
    STALL("what steps took beyond the healthy step time, for no other reason here"),
    STRAGGLER("waiting for the slowest worker, in the range of a straggler finding"),
    CHECKPOINT("what steps beside a checkpoint or an evaluation took beyond the healthy step time"),
    DIVERGENCE("steps after an error from which their start did not recover"),
    UNACCOUNTED("between steps and after the last one, for no logged reason");

    private final String meaning;

    TimeUse(String meaning) {
        this.meaning = meaning;
    }

    /** Name in tables and reports, e.g. {@code replay}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What counts as this, in a few words. */
    public String meaning() {
        return meaning;
    }
}
