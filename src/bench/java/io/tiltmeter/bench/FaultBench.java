package io.tiltmeter.bench;

import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.spark.NightlyJob;
import io.tiltmeter.spark.Progress;
import io.tiltmeter.train.TrainJob;
import io.tiltmeter.train.faults.FaultRecipe;
import io.tiltmeter.train.faults.PlantedTraining;
import io.tiltmeter.train.faults.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * How many planted faults a night finds in real trainings, on which worker and how soon, and how many healthy ones it
 * blames. A round plants every recipe into every program it fits, and trains as many healthy runs. What has been trained is
 * not trained again; a smaller number of runs is a part of a greater one.
 *
 * <pre>./mvnw -Pbench,faults verify -DskipTests [-Dbench.runs=300 -Dbench.workers=4 -Dbench.steps=200 -Dbench.recipes=worker -Dbench.round=0]</pre>
 *
 * <p>The first round's number makes the seeds: what was set after looking at some rounds is measured on others. Recipes are {@code all}, those of one {@link FaultRecipe.Place} by its name ({@code worker}), or ids with commas between
 * them; healthy runs always are among the fleet, one for each that is not.
 */
public final class FaultBench {
    private FaultBench() {}

    private static final Progress QUIET = stage -> {};

    /** A step so near to the fault's first is taken for it. */
    private static final int NEAR = 2;

    private record Found(String detector, boolean error, int worker, long step) {}

    /** Arguments: folder for the data, runs, workers, steps, recipes, number of the first round. */
    public static void main(String[] arguments) throws IOException {
        int workers = Integer.parseInt(arguments[2]);
        int steps = Integer.parseInt(arguments[3]);
        Path root = Path.of(arguments[0])
                .toAbsolutePath()
                .resolve("faults-" + workers + "x" + steps + "-from-" + arguments[5]);
        int firstRound = Integer.parseInt(arguments[5]);
        List<PlantedTraining> fleet =
                fleet(Integer.parseInt(arguments[1]), workers, steps, recipes(arguments[4]), firstRound);
        Files.createDirectories(root.resolve("labels"));
        // As many tasks at once as workers, whatever the number of cores: they start together or not at all.
        try (SparkSession spark = SparkSession.builder()
                .master("local[" + workers + "]")
                .appName("fault bench")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
                .config("spark.sql.shuffle.partitions", Integer.toString(workers))
                .config("spark.local.dir", root.resolve("spark").toString())
                .getOrCreate()) {
            train(spark, root, fleet);
            Path report = root.resolve("report-" + arguments[4].replace(',', '+') + "-" + fleet.size());
            delete(report);
            NightlyJob.run(
                    spark,
                    new NightlyJob.Request(
                            root.resolve("metrics").toString(),
                            report.toString(),
                            Optional.empty(),
                            Map.of(),
                            false,
                            100,
                            false),
                    SettingsLoader.defaults(),
                    QUIET);
            print(fleet, findings(spark, report));
        }
    }

    /** Rounds of all recipes in an order drawn once, so that a part of a round is a fair sample. */
    static List<PlantedTraining> fleet(int runs, int workers, int steps, List<FaultRecipe> recipes, int firstRound) {
        List<PlantedTraining> fleet = new ArrayList<>();
        for (int round = firstRound; fleet.size() < runs; round++) {
            List<PlantedTraining> these = new ArrayList<>();
            int number = 0;
            for (FaultRecipe recipe : FaultRecipe.values()) {
                for (Program program : Program.values()) {
                    if (recipe == FaultRecipe.HEALTHY || !recipe.programs().contains(program)) {
                        continue;
                    }
                    if (recipes.contains(recipe)) {
                        these.add(run(program, recipe, 1000L * round + number, workers, steps));
                        these.add(run(program, FaultRecipe.HEALTHY, 1000L * round + 500 + number, workers, steps));
                    }
                    number++;
                }
            }
            Collections.shuffle(these, new Random(round));
            fleet.addAll(these);
        }
        return fleet.subList(0, runs);
    }

    private static List<FaultRecipe> recipes(String choice) {
        List<String> ids = List.of(choice.split(","));
        List<FaultRecipe> chosen = Stream.of(FaultRecipe.values())
                .filter(recipe -> recipe != FaultRecipe.HEALTHY)
                .filter(recipe -> choice.equals("all")
                        || recipe.place().name().toLowerCase(Locale.ROOT).equals(choice)
                        || ids.contains(recipe.id()))
                .toList();
        if (chosen.isEmpty()) {
            throw new IllegalArgumentException(
                    "No recipe is '" + choice + "', expected all, a place or ids of recipes");
        }
        return chosen;
    }

    private static PlantedTraining run(Program program, FaultRecipe recipe, long seed, int workers, int steps) {
        String updater = seed / 2 % 2 == 0 ? "adam" : "sgd";
        String id = recipe.id() + "-" + program.id() + "-" + updater + "-" + seed;
        return new PlantedTraining(id, program, recipe, seed, workers, steps, updater);
    }

    private static void train(SparkSession spark, Path root, List<PlantedTraining> fleet) throws IOException {
        long begin = System.nanoTime();
        int trained = 0;
        for (int i = 0; i < fleet.size(); i++) {
            PlantedTraining run = fleet.get(i);
            Path label = root.resolve("labels").resolve(run.runId() + ".json");
            if (Files.exists(label)) {
                continue;
            }
            Path data = root.resolve("data").resolve(run.dataName());
            if (!Files.exists(data.resolve("_SUCCESS"))) {
                run.data().write(spark, data.toString());
            }
            delete(root.resolve(run.runId()));
            String ended;
            try {
                TrainJob.run(
                        spark,
                        new TrainJob.Request(run.config(data.toString()), root.toString(), false, false, false, 100),
                        QUIET);
                ended = "trained";
            } catch (RuntimeException e) {
                if (spark.sparkContext().isStopped()) {
                    // The bench itself was ended; this run and the rest are to be trained another time.
                    throw e;
                }
                // A training that breaks is a result too: the table shows it, and the others go on.
                ended = "broke";
                System.out.println(run.runId() + " broke: " + e);
            }
            delete(root.resolve(run.runId()));
            Files.writeString(label, label(run, ended));
            trained++;
            System.out.printf(
                    "%d of %d: %s %s, %.1f s a run%n",
                    i + 1, fleet.size(), run.runId(), ended, (System.nanoTime() - begin) / 1e9 / trained);
        }
    }

    private static String label(PlantedTraining run, String ended) {
        FaultRecipe.Plan plan = run.plan();
        return String.format(
                "{\"run_id\":\"%s\",\"recipe\":\"%s\",\"program\":\"%s\",\"seed\":%d,\"worker\":%d,\"first_step\":%d,"
                        + "\"ended\":\"%s\"}%n",
                run.runId(), run.recipe().id(), run.program().id(), run.seed(), plan.worker(), plan.firstStep(), ended);
    }

    /** Findings that a person would look at, by run. */
    private static Map<String, List<Found>> findings(SparkSession spark, Path report) throws IOException {
        Path table;
        try (Stream<Path> all = Files.walk(report)) {
            table = all.filter(path -> path.getFileName().toString().equals("findings"))
                    .filter(Files::isDirectory)
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
        }
        Map<String, List<Found>> found = new TreeMap<>();
        List<Row> rows = spark.read()
                .parquet(table.toString())
                .filter("severity in ('error', 'warning')")
                .select("run_id", "detector", "severity", "worker", "step_from")
                .collectAsList();
        for (Row row : rows) {
            found.computeIfAbsent(row.getString(0), run -> new ArrayList<>())
                    .add(new Found(row.getString(1), row.getString(2).equals("error"), row.getInt(3), row.getLong(4)));
        }
        return found;
    }

    private static void print(List<PlantedTraining> fleet, Map<String, List<Found>> findings) {
        System.out.printf(
                "%n%-27s %5s %6s %9s %7s %7s  %s%n", "recipe", "runs", "found", "any alarm", "worker", "delay", "by");
        for (FaultRecipe recipe : FaultRecipe.values()) {
            List<PlantedTraining> runs =
                    fleet.stream().filter(run -> run.recipe() == recipe).toList();
            if (runs.isEmpty()) {
                continue;
            }
            int right = 0;
            int any = 0;
            int located = 0;
            List<Long> delays = new ArrayList<>();
            Map<String, Integer> by = new TreeMap<>();
            for (PlantedTraining run : runs) {
                List<Found> all = findings.getOrDefault(run.runId(), List.of());
                List<Found> expected = all.stream()
                        .filter(f -> recipe.detectors().contains(f.detector()))
                        .toList();
                any += all.isEmpty() ? 0 : 1;
                right += expected.isEmpty() ? 0 : 1;
                FaultRecipe.Plan plan = run.plan();
                located += expected.stream().anyMatch(f -> f.worker() == plan.worker()) ? 1 : 0;
                expected.stream()
                        .mapToLong(f -> f.step() - plan.firstStep())
                        .min()
                        .ifPresent(delays::add);
                all.stream().map(Found::detector).distinct().forEach(id -> by.merge(id, 1, Integer::sum));
            }
            Collections.sort(delays);
            boolean healthy = recipe == FaultRecipe.HEALTHY;
            System.out.printf(
                    "%-27s %5d %6s %9d %7s %7s  %s%n",
                    recipe.id(),
                    runs.size(),
                    healthy ? "-" : Integer.toString(right),
                    any,
                    recipe.place() == FaultRecipe.Place.WORKER ? Integer.toString(located) : "-",
                    delays.isEmpty() ? "-" : Long.toString(delays.get(delays.size() / 2)),
                    by.entrySet().stream()
                            .map(one -> one.getKey() + " " + one.getValue())
                            .collect(Collectors.joining(", ")));
        }
        printWorkers(fleet, findings);
        System.out.println(
                "found: a warning or error of an expected detector; worker: of those, on the worker to blame;"
                        + " delay: median of its first step minus the fault's. For healthy runs any alarm is a false one.");
    }

    /** What becomes of all faults of one worker together, and whether sound workers are blamed. */
    private static void printWorkers(List<PlantedTraining> fleet, Map<String, List<Found>> findings) {
        int faults = 0;
        int right = 0;
        int near = 0;
        int othersBlamed = 0;
        int healthy = 0;
        int healthyBlamed = 0;
        for (PlantedTraining run : fleet) {
            List<Found> all = findings.getOrDefault(run.runId(), List.of());
            FaultRecipe.Plan plan = run.plan();
            boolean blamed = all.stream().anyMatch(f -> f.error() && f.worker() >= 0 && f.worker() != plan.worker());
            if (run.recipe() == FaultRecipe.HEALTHY) {
                healthy++;
                healthyBlamed += blamed ? 1 : 0;
            }
            if (run.recipe().place() == FaultRecipe.Place.WORKER) {
                List<Found> expected = all.stream()
                        .filter(f -> run.recipe().detectors().contains(f.detector()) && f.worker() == plan.worker())
                        .toList();
                faults++;
                right += expected.isEmpty() ? 0 : 1;
                near += expected.stream().anyMatch(f -> Math.abs(f.step() - plan.firstStep()) <= NEAR) ? 1 : 0;
                othersBlamed += blamed ? 1 : 0;
            }
        }
        if (faults == 0) {
            return;
        }
        System.out.printf(
                "%nfaults of a worker: %d; on the right worker: %d (%.3f), of these within %d steps: %d; with an error on another"
                        + " worker: %d%nhealthy runs: %d; with an error on a worker: %d (%.1f %%)%n%n",
                faults,
                right,
                (double) right / faults,
                NEAR,
                near,
                othersBlamed,
                healthy,
                healthyBlamed,
                100.0 * healthyBlamed / healthy);
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
