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
        TrainJob.Request request =
                new TrainJob.Request(config, output, check, resume, common().dryRun, terminal.width());
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
