package io.tiltmeter.cli;

import io.tiltmeter.config.ConfigException;
import io.tiltmeter.config.Settings;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.config.TrainConfigLoader;
import io.tiltmeter.train.TrainJob;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** {@code jobs/train}. */
@CommandLine.Command(
        description = "Trains a Deeplearning4j network data-parallel on Spark; records and watches every step."
                + " --config names the training's own file, see conf/train-example.conf; --set changes its keys.",
        footer = {
            "%nExamples:",
            "  jobs/train --config my-training.conf --output runs",
            "  jobs/train --config my-training.conf --output runs --check",
            "  jobs/train --master spark://head:7077 --config my-training.conf --output s3a://fleet/runs"
        })
final class TrainCommand extends Command {
    @Option(
            names = "--output",
            paramLabel = "DIR",
            required = true,
            description = "Where models (DIR/<run-id>) and metric tables (DIR/metrics, shared by runs) go.")
    String output = "";

    @Option(
            names = "--check",
            description = "Pre-flight only: checks network, data and settings; exit code 1 on failure.")
    boolean check;

    @Option(names = "--resume", description = "Go on from the run's last checkpoint.")
    boolean resume;

    @Option(
            names = "--require-verdict",
            paramLabel = "PATH",
            description = "Train only on data that the gate has let pass and that is still the same; what jobs/validate"
                    + " wrote. Exit code 3 if not.")
    @Nullable
    String requireVerdict;

    @Option(
            names = "--verdict",
            paramLabel = "PATH",
            description = "Note in the run what the gate said of its data, whatever it said.")
    @Nullable
    String verdict;

    @Override
    String name() {
        return "train";
    }

    @Override
    String output() {
        return output;
    }

    @Override
    Settings settings() {
        return SettingsLoader.defaults();
    }

    @Override
    Action prepare(Settings settings, Terminal terminal) {
        if (common().config == null) {
            throw new CommandLine.ParameterException(new CommandLine(this), "Missing required option: '--config=FILE'");
        }
        TrainConfig config = TrainConfigLoader.load(common().config, overrides(common().sets));
        if (requireVerdict != null && verdict != null) {
            throw new ConfigException(
                    "Both '--require-verdict' and '--verdict' are given, expected at most one of them");
        }
        String path = requireVerdict != null ? requireVerdict : verdict;
        TrainJob.Request request = new TrainJob.Request(
                config,
                output,
                check,
                resume,
                common().dryRun,
                terminal.width(),
                Optional.ofNullable(path).map(each -> new TrainJob.GateVerdict(each, requireVerdict != null)));
        return (jobs, progress) -> jobs.train(request, progress);
    }

    private static Map<String, String> overrides(List<String> sets) {
        Map<String, String> overrides = new LinkedHashMap<>();
        for (String set : sets) {
            int equals = set.indexOf('=');
            if (equals < 1) {
                throw new ConfigException("Option '--set' is '" + set + "', expected KEY=VALUE");
            }
            overrides.put(
                    set.substring(0, equals).strip(), set.substring(equals + 1).strip());
        }
        return overrides;
    }
}
