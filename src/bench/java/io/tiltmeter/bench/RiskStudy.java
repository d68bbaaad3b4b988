package io.tiltmeter.bench;

import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.correlate.mining.MadeUpRuns;
import io.tiltmeter.correlate.mining.MinedRun;
import io.tiltmeter.model.CommonTraits;
import io.tiltmeter.spark.ModelTrial;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.SparkSession;

/**
 * What combinations, archetypes and the risk model are worth: on made-up fleets of 300 runs in 6 projects whose truth is
 * known, over several seeds, and on imported logs.
 *
 * <pre>./mvnw -Pbench verify -DskipTests -Dbench.main=io.tiltmeter.bench.RiskStudy -Dbench.arguments="5 ../shared/corpus"
 * </pre>
 */
public final class RiskStudy {
    private static final int RUNS = 300;
    private static final int PROJECTS = 6;

    private RiskStudy() {}

    private static Map<String, MadeUpRuns.Risk> truths() {
        Map<String, MadeUpRuns.Risk> truths = new TreeMap<>();
        truths.put("even risk", settings -> 0.3);
        truths.put("learning rate", settings -> 1 / (1 + Math.exp(-4 * (MadeUpRuns.decades(settings) + 1.75))));
        truths.put(
                "pair of settings",
                settings -> "fp16".equals(settings.get("precision")) && "lion".equals(settings.get("optimizer"))
                        ? 0.7
                        : 0.1);
        truths.put(
                "project alone",
                settings -> "project-1 project-2 project-4".contains(String.valueOf(settings.get("team"))) ? 0.7 : 0.1);
        return truths;
    }

    /** Arguments: folder for the data, seeds, and folders of logs. */
    public static void main(String[] arguments) throws IOException {
        Path root =
                Files.createDirectories(Path.of(arguments[0]).toAbsolutePath().resolve("risk"));
        int seeds = Integer.parseInt(arguments[1]);
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .appName("risk study")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "4")
                .getOrCreate()) {
            ModelTrial trial = new ModelTrial(spark, root, SettingsLoader.defaults());
            for (Map.Entry<String, MadeUpRuns.Risk> truth : truths().entrySet()) {
                for (int seed = 1; seed <= seeds; seed++) {
                    List<MinedRun> fleet = MadeUpRuns.fleet(seed, RUNS, PROJECTS, truth.getValue());
                    long begin = System.nanoTime();
                    CommonTraits traits = trial.traits(fleet);
                    double seconds = (System.nanoTime() - begin) / 1e9;
                    System.out.printf(
                            "%-17s seed %d: %s; combinations %s; %.1f s%n",
                            truth.getKey(),
                            seed,
                            traits.risk()
                                    .map(r -> String.format(
                                            "%s, skill %.3f (%.3f to %.3f), AUC %.2f (%.2f to %.2f), useful %s",
                                            r.model(),
                                            r.skill(),
                                            r.skillLow(),
                                            r.skillHigh(),
                                            r.auc(),
                                            r.aucLow(),
                                            r.aucHigh(),
                                            r.useful()))
                                    .orElse("no risk model"),
                            traits.combinations().stream().map(c -> c.items()).toList(),
                            seconds);
                }
            }
            for (int i = 2; i < arguments.length; i++) {
                System.out.println(
                        trial.night(Path.of(arguments[i]).toAbsolutePath().normalize()));
            }
        }
    }
}
