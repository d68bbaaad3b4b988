package io.tiltmeter.train.faults;

import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.config.TrainConfig.Action;
import io.tiltmeter.train.programs.TrainingSets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A training with a fault in it, or without. The sentinel only warns, so that the fault runs its course.
 *
 * @param runId name of the run
 * @param program network and data
 * @param recipe what is wrong
 * @param seed of parameters, order of examples, and place of the fault
 * @param workers replicas
 * @param steps of the training
 * @param updater adam or sgd
 */
public record PlantedTraining(
        String runId, Program program, FaultRecipe recipe, long seed, int workers, int steps, String updater) {
    /** Examples of a data set: every worker sees its own a few times. */
    public static final int EXAMPLES = 4_000;

    /** The recipe made up for this run, which is the truth about it. */
    public FaultRecipe.Plan plan() {
        return recipe.plan(runId, workers, steps, seed);
    }

    /** Runs that can be expected to end alike: one program, updater and data, whatever is wrong with it. */
    public String project() {
        return program.id() + "-" + updater + "-" + seed % 2;
    }

    /** Name of the data set it needs; equal names mean equal data. */
    public String dataName() {
        return program.id() + (plan().raw() ? "-raw" : "") + "-" + seed % 2;
    }

    /** The data set of that name. */
    public TrainingSets.Table data() {
        return program.data(EXAMPLES, plan().raw(), seed % 2);
    }

    /**
     * What {@code jobs/train} is to do.
     *
     * @param data folder of the data set
     */
    public TrainConfig config(String data) {
        FaultRecipe.Plan plan = plan();
        Map<String, String> arguments = new TreeMap<>(plan.arguments());
        arguments.put("updater", updater);
        return new TrainConfig(
                runId,
                project(),
                null,
                seed,
                new TrainConfig.Model(null, program.factory(), arguments),
                columns(data),
                new TrainConfig.Training(
                        TrainConfig.Way.SYNCHRONOUS,
                        workers,
                        program.batch(),
                        1_000,
                        (long) steps,
                        steps,
                        1,
                        true,
                        plan.interceptor(),
                        plan.interceptorArguments()),
                new TrainConfig.Capture(true, 1, 1, 60),
                new TrainConfig.Sentinel(Map.of("non-finite", List.of(Action.WARN)), null, 0.5, 0),
                Map.of());
    }

    private TrainConfig.Data columns(String path) {
        boolean text = program.reads();
        boolean characters = program == Program.LSTM;
        List<Integer> shape = program == Program.CNN ? List.of(1, TrainingSets.SIDE, TrainingSets.SIDE) : List.of();
        return new TrainConfig.Data(
                path,
                TrainConfig.Format.PARQUET,
                List.of(text ? "tokens" : program == Program.CNN ? "pixels" : "features"),
                text ? TrainConfig.FeatureEncoding.ONE_HOT : TrainConfig.FeatureEncoding.VALUES,
                text ? TrainingSets.CHARACTERS : null,
                List.of(characters ? "next" : text ? "after" : "label"),
                characters ? TrainConfig.LabelEncoding.ONE_HOT_SEQUENCE : TrainConfig.LabelEncoding.CLASS,
                text ? TrainingSets.CHARACTERS : TrainingSets.CLASSES,
                TrainConfig.Layout.AUTO,
                text ? Program.LENGTH : null,
                shape,
                null,
                null,
                0.05,
                null);
    }
}
