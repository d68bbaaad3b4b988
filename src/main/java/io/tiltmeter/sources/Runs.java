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

    private Runs() {}

    /** A run with its settings, and the seed and planned steps they name. */
    static RunRecord record(String runId, String project, Map<String, String> attributes) {
        return RunRecord.of(runId, project, attributes)
                .withSeed(find(attributes, SEED))
                .withPlannedSteps(positive(find(attributes, PLANNED_STEPS)));
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
