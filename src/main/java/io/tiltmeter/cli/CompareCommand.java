package io.tiltmeter.cli;

import io.tiltmeter.config.MetricNamesFile;
import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.CompareJob;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** {@code jobs/compare}. */
@CommandLine.Command(
        description =
                "Compares runs with one another: where they part, in which metric, layer and worker first; which run"
                        + " leaves the band of its seeds; whether what helps a small run helps a large one.",
        footer = {
            "%nExamples:",
            "  jobs/compare --metrics metrics --runs baseline-1 baseline-2 --output comparison",
            "  jobs/compare --metrics metrics --project gpt-small --output comparison",
            "  jobs/compare --metrics metrics --project gpt-small --sizes d_model --ignore note --output comparison"
        })
final class CompareCommand extends Command {
    @Option(
            names = "--metrics",
            paramLabel = "PATH|TABLE",
            required = true,
            description = "Folder of metric tables, or a table or schema of the catalog.")
    String metrics = "";

    @Option(
            names = "--runs",
            paramLabel = "RUN",
            arity = "2..*",
            description = "Runs to compare with one another, at least two. Default: the runs of each configuration"
                    + " (all settings equal but the seed).")
    List<String> runs = new ArrayList<>();

    @Option(names = "--project", paramLabel = "PROJECT", description = "Only runs of this project.")
    @Nullable
    String project;

    @Option(
            names = "--sizes",
            paramLabel = "SETTING",
            arity = "1..*",
            description = "Settings that make a size. Default: the usual names of depth, width and batch size.")
    List<String> sizes = new ArrayList<>();

    @Option(
            names = "--ignore",
            paramLabel = "SETTING",
            arity = "1..*",
            description = "Settings that do not make another configuration.")
    List<String> ignored = new ArrayList<>();

    @Option(names = "--output", paramLabel = "DIR", required = true, description = "Where the report goes.")
    String output = "";

    @Option(
            names = "--names",
            paramLabel = "FILE",
            description = "Names of your columns and metrics, over those of conf/metric-names.conf.")
    @Nullable
    Path names;

    @Override
    String name() {
        return "compare";
    }

    @Override
    String output() {
        return output;
    }

    @Override
    Action prepare(Settings settings, Terminal terminal) {
        Map<String, String> table = MetricNamesFile.load(Optional.ofNullable(names));
        CompareJob.Request request = new CompareJob.Request(
                metrics,
                output,
                runs,
                Optional.ofNullable(project),
                Set.copyOf(sizes),
                Set.copyOf(ignored),
                table,
                common().dryRun);
        return (jobs, progress) -> ReportLink.addTo(jobs.compare(request, settings, progress));
    }
}
