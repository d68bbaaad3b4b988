package io.tiltmeter.model;

import java.util.Locale;

/** What the time of a run was spent on. Every second of it belongs to exactly one. */
public enum TimeUse {
    PRODUCTIVE("steps that are part of the result, at the healthy step time"),
    REPLAY("steps whose effect a later start overwrote"),
    RESTART("from a start, or the last step before it, to the first step after it"),
    STALL("steps that took longer than healthy ones"),
    STRAGGLER("waiting for the slowest worker, in the range of a straggler finding"),
    CHECKPOINT("steps with a checkpoint or an evaluation, beyond the healthy step time"),
    DIVERGENCE("training on after an error from which the run did not recover"),
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
