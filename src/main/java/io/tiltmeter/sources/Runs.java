package io.tiltmeter.sources;

import io.tiltmeter.model.RunRecord;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Builds rows of the {@code runs} table from what the surroundings of a log say. */
final class Runs {
    /** Status of a run that logged no point. */
    static final String EMPTY = "empty";
    /** Status of a run that reached its planned last step. */
    static final String FINISHED = "finished";

    private static final Set<String> SEED = Set.of("seed", "random_seed", "rng_seed", "global_seed");
    private static final Set<String> PLANNED_STEPS = Set.of(
            "max_iters",
            "max_steps",
            "train_iters",
            "total_steps",
            "num_iterations",
            "num_train_steps",
            "num_training_steps",
            "train_steps",
            "max_train_steps");

    private static final String RUNNING = "running";
    private static final String FAILED = "failed";

    private Runs() {}

    /** A run with its settings, and what they say about it: seed, planned steps, and a tracker's status and times. */
    static RunRecord record(String runId, String project, Map<String, String> attributes) {
        RunRecord run = RunRecord.of(runId, project, attributes)
                .withSeed(find(attributes, SEED))
                .withPlannedSteps(positive(find(attributes, PLANNED_STEPS)));
        return describesRun(attributes)
                ? run.withStatus(status(attributes.getOrDefault("status", "")))
                        .withTimes(time(attributes, "start_time"), time(attributes, "end_time"))
                : run;
    }

    /** The run as one without a point: {@code empty}, unless a tracker knows that it still runs or how it failed. */
    static RunRecord emptied(RunRecord run) {
        return RUNNING.equals(run.status()) || FAILED.equals(run.status()) ? run : run.withStatus(EMPTY);
    }

    /** Whether these settings are a tracker's description of a run (MLflow's {@code meta.yaml}). */
    static boolean describesRun(Map<String, String> settings) {
        return settings.containsKey("lifecycle_stage")
                && settings.containsKey("status")
                && (settings.containsKey("run_id") || settings.containsKey("run_uuid"));
    }

    // MLflow's RunStatus, as number or word. A run may be killed on purpose: that alone is no failure.
    private static @Nullable String status(String tracker) {
        return switch (tracker) {
            case "1", "2", "RUNNING", "SCHEDULED" -> RUNNING;
            case "3", "FINISHED" -> FINISHED;
            case "4", "FAILED" -> FAILED;
            default -> null;
        };
    }

    private static @Nullable Long time(Map<String, String> attributes, String key) {
        return Texts.timeMicros(attributes.getOrDefault(key, ""));
    }

    /** The whole number written in the text, also as {@code 42.0}; null if there is none. */
    static @Nullable Long wholeNumber(@Nullable String text) {
        if (text == null || !Texts.isNumber(text)) {
            return null;
        }
        double value = Texts.number(text);
        return value == Math.rint(value) && Math.abs(value) < 9e15 ? (Long) (long) value : null;
    }

    private static @Nullable Long positive(@Nullable Long value) {
        return value != null && value > 0 ? value : null;
    }

    private static @Nullable Long find(Map<String, String> attributes, Set<String> names) {
        for (Map.Entry<String, String> attribute : new TreeMap<>(attributes).entrySet()) {
            String key = attribute.getKey();
            Long value = names.contains(MetricNames.normalise(key.substring(key.lastIndexOf('.') + 1)))
                    ? wholeNumber(attribute.getValue())
                    : null;
            if (value != null) {
                return value;
            }
        }
        return null;
    }
}
