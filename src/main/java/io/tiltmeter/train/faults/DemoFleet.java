package io.tiltmeter.train.faults;

import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.spark.Outcome;
import io.tiltmeter.spark.Progress;
import io.tiltmeter.spark.ValidateJob;
import io.tiltmeter.train.TrainJob;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** A small fleet of real trainings, some of them with a fault: what {@code jobs/demo} analyses. */
public final class DemoFleet {
    private DemoFleet() {}

    /** Replicas of a run: the application must have room for as many tasks. */
    public static final int WORKERS = 2;

    /** The trainings, in order. */
    public static List<PlantedTraining> runs() {
        return List.of(
                run("clouds-1", Program.MLP, FaultRecipe.HEALTHY, 2, 300),
                run("clouds-2", Program.MLP, FaultRecipe.HEALTHY, 4, 300),
                run("clouds-3", Program.MLP, FaultRecipe.HEALTHY, 6, 300),
                run("clouds-fast", Program.MLP, FaultRecipe.LEARNING_RATE_FAR_TOO_HIGH, 8, 300),
                run("clouds-nan", Program.MLP, FaultRecipe.NAN_INPUTS, 10, 300),
                run("clouds-dead", Program.MLP, FaultRecipe.DYING_RELU, 12, 300),
                run("shapes", Program.CNN, FaultRecipe.HEALTHY, 2, 150),
                run("text", Program.LSTM, FaultRecipe.HEALTHY, 2, 220),
                run("text-fast", Program.LSTM, FaultRecipe.LEARNING_RATE_FAR_TOO_HIGH, 4, 220));
    }

    private static PlantedTraining run(String id, Program program, FaultRecipe recipe, long seed, int steps) {
        return new PlantedTraining(id, program, recipe, seed, WORKERS, steps, "adam");
    }

    /**
     * Trains all of them.
     *
     * @param output folder that gets {@code data}, a folder a run, and {@code metrics}
     */
    public static Outcome train(SparkSession spark, String output, Progress progress) {
        // Of an earlier demo, simulated or trained: this one stands alone.
        forget(spark, new Path(output, "metrics"));
        Set<String> written = new HashSet<>();
        List<PlantedTraining> runs = runs();
        for (int i = 0; i < runs.size(); i++) {
            PlantedTraining run = runs.get(i);
            String what = run.recipe() == FaultRecipe.HEALTHY
                    ? "healthy"
                    : run.recipe().id().replace('-', ' ');
            progress.stage(String.format(
                    Locale.ROOT,
                    "Training %d of %d: %s (%s, %s)",
                    i + 1,
                    runs.size(),
                    run.runId(),
                    run.program().id(),
                    what));
            String data = new Path(new Path(output, "data"), run.dataName()).toString();
            if (written.add(run.dataName())) {
                run.data().write(spark, data);
                if (run.program() == Program.LSTM) {
                    gate(spark, data, verdict(output, run), progress);
                }
            }
            forget(spark, new Path(output, run.runId()));
            Optional<TrainJob.GateVerdict> verdict = run.program() == Program.LSTM
                    ? Optional.of(new TrainJob.GateVerdict(verdict(output, run), false))
                    : Optional.empty();
            TrainJob.run(
                    spark,
                    new TrainJob.Request(run.config(data), output, false, false, false, 80, verdict),
                    stage -> {});
        }
        return new Outcome(
                "Trained " + runs.size() + " runs on " + WORKERS + " workers into " + output,
                Optional.empty(),
                List.of(),
                Optional.of(output));
    }

    private static String verdict(String output, PlantedTraining run) {
        return new Path(new Path(output, "gate"), run.dataName()).toString();
    }

    /** The gate before the training on text: the runs carry its verdict into the nightly report. */
    private static void gate(SparkSession spark, String data, String output, Progress progress) {
        progress.stage("Validating the text before it is trained on; see " + new Path(output, "report.html"));
        ValidateJob.run(
                spark,
                new ValidateJob.Request(data, List.of(), Optional.empty(), output, false, 80, false),
                SettingsLoader.defaults(),
                stage -> {});
    }

    /** Checkpoints of an earlier demo in this folder would keep a run from being trained anew. */
    private static void forget(SparkSession spark, Path folder) {
        try {
            folder.getFileSystem(spark.sparkContext().hadoopConfiguration()).delete(folder, true);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot remove '" + folder + "' of an earlier demo", e);
        }
    }
}
