package io.tiltmeter.cli;

import io.tiltmeter.config.ConfigException;
import io.tiltmeter.config.MetricNamesFile;
import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.NightlyJob;
import io.tiltmeter.spark.Outcome;
import io.tiltmeter.spark.Progress;
import io.tiltmeter.spark.SimulateJob;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** {@code jobs/demo}. */
@CommandLine.Command(
        description = "Simulates a fleet with planted faults and analyses it; needs nothing but this repository.",
        footer = {
            "%nExamples:",
            "  jobs/demo --output demo",
            "  jobs/demo --output demo --runs 200 --workers 8 --steps 5000"
        })
final class DemoCommand extends Command {
    @Option(names = "--output", paramLabel = "DIR", required = true, description = "Where tables and report go.")
    String output = "";

    @Option(names = "--runs", paramLabel = "N", defaultValue = "24", description = "Default: ${DEFAULT-VALUE}.")
    int runs;

    @Option(
            names = "--workers",
            paramLabel = "N",
            defaultValue = "4",
            description = "Workers of a run. Default: ${DEFAULT-VALUE}.")
    int workers;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "1500",
            description = "Steps of a run. Default: ${DEFAULT-VALUE}.")
    int steps;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "42",
            description = "Of the random numbers; equal seeds give equal fleets. Default: ${DEFAULT-VALUE}.")
    long seed;

    @Override
    String name() {
        return "demo";
    }

    @Override
    String output() {
        return output;
    }

    @Override
    Action prepare(Settings settings, Terminal terminal) {
        atLeastOne("--runs", runs);
        atLeastOne("--workers", workers);
        atLeastOne("--steps", steps);
        String metrics = below("metrics");
        String report = below("report");
        if (common().dryRun) {
            String plan = "Would simulate " + runs + " runs of " + workers + " workers and " + steps + " steps (seed "
                    + seed + ") into " + metrics + ", and analyse them into " + report;
            return (jobs, progress) -> new Outcome(plan, Optional.empty(), List.of(), Optional.empty());
        }
        Map<String, String> names = MetricNamesFile.load(Optional.empty());
        return (jobs, progress) -> run(jobs, progress, settings, terminal, metrics, report, names);
    }

    private Outcome run(
            Jobs jobs,
            Progress progress,
            Settings settings,
            Terminal terminal,
            String metrics,
            String report,
            Map<String, String> names) {
        jobs.simulate(new SimulateJob.Request(metrics, runs, workers, steps, seed), progress);
        Outcome outcome = jobs.nightly(
                new NightlyJob.Request(
                        metrics, report, Optional.empty(), names, false, terminal.width(), terminal.colour()),
                settings,
                progress);
        return ReportLink.addTo(outcome);
    }

    private String below(String folder) {
        return output.endsWith("/") ? output + folder : output + "/" + folder;
    }

    private static void atLeastOne(String option, int value) {
        if (value < 1) {
            throw new ConfigException(
                    "Option '" + option + "' is '" + value + "', expected a whole number, at least 1");
        }
    }
}
