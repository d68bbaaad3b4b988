package io.tiltmeter.cli;

import io.tiltmeter.config.ConfigException;
import io.tiltmeter.config.MetricNamesFile;
import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.NightlyJob;
import io.tiltmeter.spark.Outcome;
import io.tiltmeter.spark.Progress;
import io.tiltmeter.spark.SimulateJob;
import io.tiltmeter.train.faults.DemoFleet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** {@code jobs/demo}. */
@CommandLine.Command(
        description =
                "Trains a small fleet of networks, some with planted faults, and analyses it; needs nothing but this"
                        + " repository. --simulate makes up a larger fleet in place of training one.",
        footer = {
            "%nExamples:",
            "  jobs/demo --output demo",
            "  jobs/demo --output demo --simulate --runs 200 --workers 8 --steps 5000"
        })
final class DemoCommand extends Command {
    private static final int RUNS = 24;
    private static final int WORKERS = 4;
    private static final int STEPS = 1500;
    private static final long SEED = 42;

    @Option(names = "--output", paramLabel = "DIR", required = true, description = "Where tables and report go.")
    String output = "";

    @Option(names = "--simulate", description = "Simulate the fleet's metrics; nothing is trained.")
    boolean simulate;

    @Option(names = "--runs", paramLabel = "N", description = "With --simulate. Default: " + RUNS + ".")
    @Nullable
    Integer runs;

    @Option(
            names = "--workers",
            paramLabel = "N",
            description = "With --simulate: workers of a run. Default: " + WORKERS + ".")
    @Nullable
    Integer workers;

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "With --simulate: steps of a run. Default: " + STEPS + ".")
    @Nullable
    Integer steps;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description =
                    "With --simulate: of the random numbers; equal seeds give equal fleets. Default: " + SEED + ".")
    @Nullable
    Long seed;

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
        String metrics = below("metrics");
        String report = below("report");
        Making making = simulate ? simulation(metrics) : training();
        if (common().dryRun) {
            String plan = "Would " + making.plan + " into " + metrics + ", and analyse them into " + report;
            return (jobs, progress) -> new Outcome(plan, Optional.empty(), List.of(), Optional.empty());
        }
        Map<String, String> names = MetricNamesFile.load(Optional.empty());
        return (jobs, progress) -> {
            making.work.accept(jobs, progress);
            Outcome outcome = jobs.nightly(
                    new NightlyJob.Request(
                            metrics, report, Optional.empty(), names, false, terminal.width(), terminal.colour()),
                    settings,
                    progress);
            return ReportLink.addTo(outcome);
        };
    }

    /** How the fleet comes about. */
    private record Making(String plan, BiConsumer<Jobs, Progress> work) {}

    private Making simulation(String metrics) {
        SimulateJob.Request request = new SimulateJob.Request(
                metrics,
                atLeastOne("--runs", runs, RUNS),
                atLeastOne("--workers", workers, WORKERS),
                atLeastOne("--steps", steps, STEPS),
                seed == null ? SEED : seed);
        String plan = "simulate " + request.runs() + " runs of " + request.workers() + " workers and " + request.steps()
                + " steps (seed " + request.seed() + ")";
        return new Making(plan, (jobs, progress) -> jobs.simulate(request, progress));
    }

    private Making training() {
        onlySimulated("--runs", runs);
        onlySimulated("--workers", workers);
        onlySimulated("--steps", steps);
        onlySimulated("--seed", seed);
        return new Making(
                "train " + DemoFleet.runs().size() + " runs of " + DemoFleet.WORKERS + " workers",
                (jobs, progress) -> jobs.demoFleet(output, progress));
    }

    private String below(String folder) {
        return output.endsWith("/") ? output + folder : output + "/" + folder;
    }

    private static void onlySimulated(String option, @Nullable Number value) {
        if (value != null) {
            throw new ConfigException("Option '" + option + "' is '" + value + "', but is only for --simulate");
        }
    }

    private static int atLeastOne(String option, @Nullable Integer value, int otherwise) {
        if (value == null) {
            return otherwise;
        }
        if (value < 1) {
            throw new ConfigException(
                    "Option '" + option + "' is '" + value + "', expected a whole number, at least 1");
        }
        return value;
    }
}
