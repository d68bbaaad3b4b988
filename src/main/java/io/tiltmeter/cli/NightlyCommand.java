package io.tiltmeter.cli;

import io.tiltmeter.config.MetricNamesFile;
import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.NightlyJob;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code jobs/nightly}. */
@CommandLine.Command(
        description = "Analyses metric tables: which runs were unstable, since which step, and why.",
        footer = {
            "%nExamples:",
            "  jobs/nightly --metrics metrics --output reports",
            "  jobs/nightly --metrics warehouse.training --output s3a://fleet/reports --date 2026-11-23",
            "  jobs/nightly --metrics metrics --output reports --fail-on error --set report.max-charts=20"
        })
final class NightlyCommand extends Command {
    @Option(
            names = "--metrics",
            paramLabel = "PATH|TABLE",
            required = true,
            description = "Folder of metric tables, or a table or schema of the catalog.")
    String metrics = "";

    @Option(names = "--output", paramLabel = "DIR", required = true, description = "Where the report goes.")
    String output = "";

    @Option(
            names = "--date",
            paramLabel = "DATE",
            converter = DateConverter.class,
            description = "Date of the data, as 2026-11-23. Default: the last one in the data.")
    @Nullable
    LocalDate date;

    @Option(
            names = "--names",
            paramLabel = "FILE",
            description = "Names of your columns and metrics, over those of conf/metric-names.conf.")
    @Nullable
    Path names;

    @Override
    String name() {
        return "nightly";
    }

    @Override
    String output() {
        return output;
    }

    @Override
    Action prepare(Settings settings, Terminal terminal) {
        Map<String, String> table = MetricNamesFile.load(Optional.ofNullable(names));
        NightlyJob.Request request = new NightlyJob.Request(
                metrics,
                output,
                Optional.ofNullable(date).map(LocalDate::toString),
                table,
                common().dryRun,
                terminal.width(),
                terminal.colour());
        return (jobs, progress) -> ReportLink.addTo(jobs.nightly(request, settings, progress));
    }

    /** Accepts ISO dates. */
    static final class DateConverter implements ITypeConverter<LocalDate> {
        @Override
        public LocalDate convert(String value) {
            try {
                return LocalDate.parse(value);
            } catch (DateTimeParseException e) {
                throw new TypeConversionException("'" + value + "' is no date, expected one as 2026-11-23");
            }
        }
    }
}
