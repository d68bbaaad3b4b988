package io.tiltmeter.sources;

import io.tiltmeter.model.Metric;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What foreign names of metrics mean: the one place for synonyms and units. Names are compared without case, and with
 * spaces, dashes, slashes, dots and brackets all taken as {@code _}; a unit at the end of a time's name ({@code _ms},
 * {@code (s)}) is understood. Immutable and serializable.
 */
public final class MetricNames implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int MAX_NAME = 200;

    /** What a foreign column holds. */
    public enum Role {
        /** A column of the {@code steps} table. */
        METRIC,
        /** Time since the run began; its differences are step times. */
        CUMULATIVE_SECONDS,
        /** Number of the step. */
        STEP,
        /** Time of day, seconds, milliseconds or microseconds since the epoch. */
        TIME,
        /** Number of the worker (rank). */
        WORKER,
        /** Name of the run the row belongs to. */
        RUN,
        /** Says whether the row is of training or of validation. */
        SPLIT,
        /** Carries nothing of its own, such as a running mean of what is logged anyway. */
        IGNORED,
        /** Anything else: a row of the {@code metrics} table under its own name. */
        OTHER
    }

    /**
     * Meaning of one foreign name.
     *
     * @param role what the column holds
     * @param metric the column of the {@code steps} table, only for {@link Role#METRIC}
     * @param name the metric's name in our tables
     * @param factor multiply by it to get the stored unit
     */
    public record Target(Role role, @Nullable Metric metric, String name, double factor) implements Serializable {}

    private static final Map<String, Double> SECONDS_IN = Map.ofEntries(
            Map.entry("s", 1.0),
            Map.entry("sec", 1.0),
            Map.entry("secs", 1.0),
            Map.entry("second", 1.0),
            Map.entry("seconds", 1.0),
            Map.entry("ms", 1e-3),
            Map.entry("msec", 1e-3),
            Map.entry("millis", 1e-3),
            Map.entry("milliseconds", 1e-3),
            Map.entry("us", 1e-6),
            Map.entry("micros", 1e-6),
            Map.entry("microseconds", 1e-6),
            Map.entry("ns", 1e-9),
            Map.entry("nanos", 1e-9),
            Map.entry("nanoseconds", 1e-9),
            Map.entry("min", 60.0),
            Map.entry("minutes", 60.0),
            Map.entry("h", 3600.0),
            Map.entry("hours", 3600.0));

    private static final Map<String, Target> STANDARD_NAMES = standardNames();
    private static final MetricNames STANDARD = new MetricNames(Map.of());

    private final HashMap<String, Target> names = new HashMap<>(STANDARD_NAMES);

    /**
     * The standard names and the user's on top of them.
     *
     * @param extra foreign name to {@code metric} or {@code metric@unit}, e.g. {@code step_seconds@ms}; the metric is a
     *     column of the {@code steps} table, one of the roles {@code step}, {@code time}, {@code worker}, {@code run},
     *     {@code split}, {@code cumulative_seconds}, {@code ignored}, or any other name, under which the value then goes
     *     to the {@code metrics} table
     * @throws IllegalArgumentException if a name, metric or unit is not understood
     */
    public MetricNames(Map<String, String> extra) {
        extra.forEach((foreign, meaning) -> names.put(normalise(foreign), parse(foreign, meaning)));
    }

    /** The names known without any configuration. */
    public static MetricNames standard() {
        return STANDARD;
    }

    /** What the foreign name means; never fails, an unknown name is {@link Role#OTHER}. */
    public Target resolve(String foreign) {
        String key = normalise(foreign);
        Target known = names.get(key);
        if (known != null) {
            return known;
        }
        int cut = key.lastIndexOf('_');
        Double factor = cut > 0 ? SECONDS_IN.get(key.substring(cut + 1)) : null;
        if (factor != null) {
            Target base = names.get(key.substring(0, cut));
            if (base != null && isTime(base)) {
                return new Target(base.role(), base.metric(), base.name(), factor);
            }
        }
        return new Target(Role.OTHER, null, Texts.clean(foreign.strip(), MAX_NAME), 1);
    }

    /** Whether a zero before the first other value means that the metric was not logged at all. */
    public static boolean zeroMeansMissing(Metric metric) {
        return switch (metric) {
            case LOSS,
                    EVAL_LOSS,
                    GRAD_NORM,
                    PARAM_NORM,
                    UPDATE_NORM,
                    LOSS_SCALE,
                    STEP_SECONDS,
                    COMPUTE_SECONDS,
                    TOKENS,
                    LOSS_TOKENS,
                    EXAMPLES -> true;
            default -> false;
        };
    }

    private static boolean isTime(Target target) {
        return target.role() == Role.CUMULATIVE_SECONDS
                || (target.metric() != null && target.metric().unit().equals("s"));
    }

    private static Target parse(String foreign, String meaning) {
        int at = meaning.indexOf('@');
        String name = (at < 0 ? meaning : meaning.substring(0, at)).strip();
        String unit = at < 0 ? "" : meaning.substring(at + 1).strip();
        if (name.isEmpty() || foreign.isBlank()) {
            throw new IllegalArgumentException(
                    "Metric name '" + foreign + "' is mapped to '" + meaning + "' but needs a name on both sides");
        }
        double factor = 1;
        if (!unit.isEmpty()) {
            Double seconds = SECONDS_IN.get(unit);
            if (seconds == null) {
                throw new IllegalArgumentException("Metric name '" + foreign + "' has unit '" + unit
                        + "' but must have one of s, ms, us, ns, min, h");
            }
            factor = seconds;
        }
        Metric metric = Metric.byColumn(name).orElse(null);
        if (metric != null) {
            return new Target(Role.METRIC, metric, metric.column(), factor);
        }
        for (Role role : Role.values()) {
            if (role != Role.METRIC && role != Role.OTHER && role.name().equalsIgnoreCase(name)) {
                return new Target(role, null, name, factor);
            }
        }
        return new Target(Role.OTHER, null, Texts.clean(name, MAX_NAME), factor);
    }

    /** Lower case, with every run of other characters than letters, digits and {@code %} as one {@code _}. */
    static String normalise(String name) {
        StringBuilder key = new StringBuilder(name.length());
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (Character.isLetterOrDigit(c) || c == '%') {
                key.append(c);
            } else if (key.length() > 0 && key.charAt(key.length() - 1) != '_') {
                key.append('_');
            }
        }
        int length = key.length();
        if (length > 0 && key.charAt(length - 1) == '_') {
            key.setLength(length - 1);
        }
        return key.toString().toLowerCase(Locale.ROOT);
    }

    private static Map<String, Target> standardNames() {
        Map<String, Target> names = new HashMap<>();
        for (Metric metric : Metric.values()) {
            metric(names, metric, metric.column());
        }
        metric(names, Metric.LOSS, "train_loss training_loss loss_train lm_loss trl train_losses total_loss");
        metric(names, Metric.LOSS, "train_loss_step train_lm_loss");
        metric(
                names,
                Metric.EVAL_LOSS,
                "val_loss valid_loss validation_loss eval_loss test_loss loss_val dev_loss tel");
        metric(names, Metric.EVAL_LOSS, "val_losses eval_losses lm_loss_value loss_eval loss_valid loss_validation");
        metric(names, Metric.GRAD_NORM, "gradient_norm norm grad_norms global_grad_norm gnorm train_grad_norm");
        metric(names, Metric.GRAD_NORM, "total_grad_norm grad_l2_norm train_global_grad_norm");
        metric(names, Metric.PARAM_NORM, "params_norm parameter_norm weight_norm");
        metric(names, Metric.LEARNING_RATE, "lr train_lr train_learning_rate lr_0 learning_rates");
        metric(names, Metric.LOSS_SCALE, "grad_scale grad_scaler_scale");
        metric(names, Metric.SKIPPED, "number_of_skipped_iterations skipped_iterations skipped_steps");
        metric(names, Metric.EXAMPLES, "global_batch_size");
        metric(names, Metric.CONSUMED_EXAMPLES, "consumed_samples consumed_train_samples");
        metric(names, Metric.CONSUMED_TOKENS, "tokens_seen tokens_seen_train train_tokens_seen total_tokens");
        metric(names, Metric.TOKENS, "tokens_per_step");
        metric(names, Metric.STEP_SECONDS, "step_time iteration_time iter_time time_per_step time_per_iteration");
        metric(names, Metric.STEP_SECONDS, "elapsed_time_per_iteration step_duration batch_time avg_batch_time");
        metric(names, Metric.STEP_SECONDS, "avg_batch_times train_step_time");
        metric(names, Metric.COMPUTE_SECONDS, "compute_time");
        metric(names, Metric.COLLECTIVE_WAIT_SECONDS, "collective_wait collective_wait_time allreduce_wait comm_wait");
        metric(names, Metric.DATA_WAIT_SECONDS, "data_wait data_wait_time data_time dataloader_wait data_loading_time");
        for (Metric metric : Metric.values()) {
            if (metric.unit().equals("s")) {
                metric(
                        names,
                        metric,
                        metric.column().substring(0, metric.column().length() - "_seconds".length()));
            }
        }
        // "step" alone is the number of the step, not its duration.
        names.remove("step");
        role(
                names,
                Role.STEP,
                "step steps iteration iterations iter global_step train_global_step trainer_global_step");
        role(names, Role.TIME, "timestamp time_epoch event_time unix_time date_time datetime");
        role(names, Role.WORKER, "rank worker worker_id global_rank");
        role(names, Role.RUN, "run run_id run_name");
        role(names, Role.SPLIT, "split phase subset");
        role(names, Role.CUMULATIVE_SECONDS, "train_time cumulative_time");
        role(names, Role.IGNORED, "step_avg");
        return Map.copyOf(names);
    }

    private static void metric(Map<String, Target> names, Metric metric, String words) {
        for (String word : words.split(" ")) {
            names.put(word, new Target(Role.METRIC, metric, metric.column(), 1));
        }
    }

    private static void role(Map<String, Target> names, Role role, String words) {
        for (String word : words.split(" ")) {
            names.put(word, new Target(role, null, word, 1));
        }
    }
}
