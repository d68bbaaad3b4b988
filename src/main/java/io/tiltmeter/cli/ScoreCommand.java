package io.tiltmeter.cli;

import io.tiltmeter.config.MetricNamesFile;
import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.ScoreJob;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** {@code jobs/score}. */
@CommandLine.Command(
        description = "Says how likely planned runs are to go wrong, by the models that earlier nights left.",
        footer = {
            "%nExamples:",
            "  jobs/score --metrics planned --models reports --output scores",
            "  jobs/score --metrics planned --models s3a://fleet/reports --output scores --before 2026-11-23"
        })
final class ScoreCommand extends Command {
    @Option(
            names = "--metrics",
            paramLabel = "PATH|TABLE",
            required = true,
            description = "Folder of metric tables, or a schema of the catalog, with the runs in the table runs.")
    String metrics = "";

    @Option(
            names = "--models",
            paramLabel = "DIR",
            required = true,
            description = "Output of jobs/nightly; its newest models are used.")
    String models = "";

    @Option(names = "--output", paramLabel = "DIR", required = true, description = "Where the scores go.")
    String output = "";

    @Option(
            names = "--before",
            paramLabel = "DATE",
            converter = NightlyCommand.DateConverter.class,
            description = "Only models of nights before this date.")
    @Nullable
    LocalDate before;

    @Option(
            names = "--names",
            paramLabel = "FILE",
            description = "Names of your columns and metrics, over those of conf/metric-names.conf.")
    @Nullable
    Path names;

    @Override
    String name() {
        return "score";
    }

    @Override
    String output() {
        return output;
    }

    @Override
    Action prepare(Settings settings, Terminal terminal) {
        Map<String, String> table = MetricNamesFile.load(Optional.ofNullable(names));
        ScoreJob.Request request = new ScoreJob.Request(
                metrics, models, output, Optional.ofNullable(before).map(LocalDate::toString), table, common().dryRun);
        return (jobs, progress) -> jobs.score(request, progress);
    }
}
