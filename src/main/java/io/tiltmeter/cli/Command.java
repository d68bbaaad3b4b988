package io.tiltmeter.cli;

import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.Outcome;
import io.tiltmeter.spark.Progress;
import picocli.CommandLine.Mixin;

/** One command: its options, and how it calls its job. */
abstract class Command {
    @Mixin
    private final CommonOptions common = new CommonOptions();

    /** Name after {@code jobs/}. */
    abstract String name();

    /** Folder that gets {@code status.json}. */
    abstract String output();

    /** Checks what the parser cannot, and makes the action ready; runs before Spark starts. */
    abstract Action prepare(Settings settings, Terminal terminal);

    /** Settings by {@code --config} and {@code --set}; a command that gives those another meaning has the defaults. */
    Settings settings() {
        return common.settings();
    }

    final CommonOptions common() {
        return common;
    }

    /** The part that needs Spark. */
    @FunctionalInterface
    interface Action {
        Outcome run(Jobs jobs, Progress progress);
    }
}
