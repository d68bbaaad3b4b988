package io.tiltmeter.cli;

import io.tiltmeter.config.ConfigException;
import io.tiltmeter.config.MetricNamesFile;
import io.tiltmeter.config.Nearest;
import io.tiltmeter.config.Settings;
import io.tiltmeter.sources.LogFormat;
import io.tiltmeter.spark.IngestJob;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** {@code jobs/ingest}. */
@CommandLine.Command(
        description = "Reads training logs and writes metric tables.",
        footer = {
            "%nExamples:",
            "  jobs/ingest --input logs --output metrics",
            "  jobs/ingest --input s3a://fleet/2026-11-23 /mnt/old --output metrics --strict",
            "  jobs/ingest --input logs --output metrics --dry-run"
        })
final class IngestCommand extends Command {
    private static final String AUTO = "auto";

    @Option(
            names = "--input",
            paramLabel = "PATH",
            required = true,
            arity = "1..*",
            description = "Folders or files with logs; several, or several times.")
    List<String> inputs = new ArrayList<>();

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = AUTO,
            completionCandidates = Formats.class,
            description = "Format of all files, one of: ${COMPLETION-CANDIDATES}. Default: auto, which looks at each"
                    + " file's content.")
    String format = AUTO;

    @Option(names = "--output", paramLabel = "DIR", required = true, description = "Where the metric tables go.")
    String output = "";

    @Option(
            names = "--names",
            paramLabel = "FILE",
            description = "Names of your metrics, over those of conf/metric-names.conf.")
    @Nullable
    Path names;

    /** What {@code --format} accepts. */
    static List<String> formats() {
        List<String> formats = new ArrayList<>();
        for (LogFormat each : ServiceLoader.load(LogFormat.class, LogFormat.class.getClassLoader())) {
            formats.add(each.id());
        }
        formats.sort(null);
        formats.add(0, AUTO);
        return formats;
    }

    @Override
    String name() {
        return "ingest";
    }

    @Override
    String output() {
        return output;
    }

    @Override
    Action prepare(Settings settings, Terminal terminal) {
        List<String> formats = formats();
        if (!formats.contains(format)) {
            String advice = Nearest.to(format, formats)
                    .map(nearest -> "; did you mean '" + nearest + "'?")
                    .orElse("");
            throw new ConfigException(
                    "Unknown format '" + format + "', expected one of " + String.join(", ", formats) + advice);
        }
        Map<String, String> table = MetricNamesFile.load(Optional.ofNullable(names));
        IngestJob.Request request = new IngestJob.Request(List.copyOf(inputs), format, output, table, common().dryRun);
        return (jobs, progress) -> jobs.ingest(request, settings, progress);
    }

    /** For the help text. */
    static final class Formats implements Iterable<String> {
        @Override
        public java.util.Iterator<String> iterator() {
            return formats().iterator();
        }
    }
}
