package io.tiltmeter.cli;

import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.ValidateJob;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** {@code jobs/validate}. */
@CommandLine.Command(
        description = "Decides whether a dataset may be trained on; exit code 1 when the gate is closed.",
        footer = {
            "%nExamples:",
            "  jobs/validate --data corpus/2026-11 --output gates/2026-11",
            "  jobs/validate --data corpus/2026-11 --baseline gates/2026-10 --output gates/2026-11",
            "  jobs/validate --data corpus/2026-11 --eval benchmarks/held-out --output gates/2026-11",
            "  jobs/validate --data warehouse.examples --output gates/examples --set validate.classes=10"
        })
final class ValidateCommand extends Command {
    @Option(
            names = "--data",
            paramLabel = "PATH|TABLE",
            required = true,
            description =
                    "The dataset: a folder or file of Parquet, CSV (with a header) or JSON, or a table of the catalog.")
    String data = "";

    @Option(
            names = "--baseline",
            paramLabel = "PATH|TABLE",
            arity = "1..*",
            description =
                    "What to compare it with: the output of an earlier validation (several are merged, without reading"
                            + " their data again), or a dataset.")
    List<String> baseline = new ArrayList<>();

    @Option(
            names = "--eval",
            paramLabel = "PATH|TABLE",
            description = "Data the trained model will be evaluated on: none of it may be in the dataset.")
    @Nullable
    String eval;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            required = true,
            description = "Where verdict.json, report.html and the profile go.")
    String output = "";

    @Override
    String name() {
        return "validate";
    }

    @Override
    String output() {
        return output;
    }

    @Override
    Action prepare(Settings settings, Terminal terminal) {
        ValidateJob.Request request = new ValidateJob.Request(
                data,
                baseline,
                Optional.ofNullable(eval),
                output,
                common().dryRun,
                terminal.width(),
                terminal.colour());
        return (jobs, progress) -> ReportLink.addTo(jobs.validate(request, settings, progress));
    }
}
