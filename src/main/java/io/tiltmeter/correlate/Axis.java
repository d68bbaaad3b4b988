package io.tiltmeter.correlate;

import java.util.Locale;

/** What runs with the same kind of incident may have in common, in the order in which equals are told. */
public enum Axis {
    STEP(
            Family.STEPS,
            "All these runs read the same data in the same order, or change a setting there: look at the batch."),
    TIME(
            Family.TIMES,
            "Runs of different age failed at one time of the clock: look at storage, network, power and maintenance then."),
    HOST(
            Family.HARDWARE,
            "Drain the host and test its devices, memory, network card and clocks before it is used again."),
    DEVICE(Family.HARDWARE, "Take the device out of service and test it."),
    RACK(Family.HARDWARE, "Look at what the machines of the rack share: switch, power, cooling."),
    SHARD(Family.SHARDS, "Quarantine the shard and validate it."),
    DATASET_VERSION(Family.DATA, "Compare this version of the data with one that does well, and validate it."),
    DATASET(Family.DATA, "Validate the data, and compare its profile with that of data that do well."),
    TOKENIZER(
            Family.DATA, "Compare what the tokenizers make of the same text: unknown tokens, lengths, special tokens."),
    CODE_VERSION(Family.SETTINGS, "Compare this version of the code with the last one that does well."),
    FRAMEWORK(Family.SETTINGS, "Compare with the version of the framework that does well."),
    HARDWARE(Family.HARDWARE, "Compare drivers, kernels and number formats of this kind of machine with the others'."),
    SETTING(Family.SETTINGS, "Use values that do well, or find out what these need besides."),
    SCALE(
            Family.SETTINGS,
            "Settings that are sound at a smaller scale may not be here: look at learning rate and warm-up.");

    /** Axes whose tests share the allowed rate of false discoveries. */
    enum Family {
        STEPS,
        TIMES,
        HARDWARE,
        SHARDS,
        DATA,
        SETTINGS
    }

    private final Family family;
    private final String advice;

    Axis(Family family, String advice) {
        this.family = family;
        this.advice = advice;
    }

    Family family() {
        return family;
    }

    /** What to do about a pattern on this axis. */
    public String advice() {
        return advice;
    }

    /** Name in reports, e.g. {@code dataset_version}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
