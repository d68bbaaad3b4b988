package io.tiltmeter.cli;

import io.tiltmeter.config.Settings;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.model.Severity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Options that every command takes. */
final class CommonOptions {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Settings; conf/tiltmeter.conf shows every key. (Spark's own settings: --conf key=value.)")
    @Nullable
    Path config;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "One setting, over --config; may be given several times.")
    List<String> sets = new ArrayList<>();

    @Option(names = "--dry-run", description = "Print what would be read and done; write nothing.")
    boolean dryRun;

    @Option(
            names = "--fail-on",
            paramLabel = "SEVERITY",
            converter = SeverityConverter.class,
            description = "Exit with 1 if there is a finding at or above: info, warning or error."
                    + " Without it findings do not change the exit code.")
    @Nullable
    Severity failOn;

    @Option(names = "--strict", description = "Exit with 3 if any input was rejected.")
    boolean strict;

    Settings settings() {
        return SettingsLoader.load(Optional.ofNullable(config), sets);
    }

    /** Accepts the texts of {@link Severity}. */
    static final class SeverityConverter implements ITypeConverter<Severity> {
        @Override
        public Severity convert(String value) {
            return Arrays.stream(Severity.values())
                    .filter(severity -> severity.text().equals(value))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException(
                            "'" + value + "' is no severity, expected info, warning or error"));
        }
    }
}
