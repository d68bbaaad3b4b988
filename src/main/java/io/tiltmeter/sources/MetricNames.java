package io.tiltmeter.sources;

import io.tiltmeter.config.MetricNamesFile;
import io.tiltmeter.model.Metric;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What foreign names of metrics mean, as a table of names says: synonyms and units. Names are compared without case, and with
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
        OTHER;

        /** What the role is called in a table of names. */
        String word() {
            return this == RUN ? "run_id" : name().toLowerCase(Locale.ROOT);
        }

        /** Whether the column says what the row is of, and holds no value. */
        boolean isKey() {
            return this == STEP || this == TIME || this == WORKER || this == RUN;
        }
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

    private static final Map<String, Double> TOKENS_IN =
            Map.of("tokens", 1.0, "ktokens", 1e3, "mtokens", 1e6, "btokens", 1e9);

    private static final MetricNames STANDARD = new MetricNames(MetricNamesFile.load(Optional.empty()));

    private final HashMap<String, Target> names = new HashMap<>();

    /**
     * The columns of the {@code steps} table under their own names, and these names on top of them.
     *
     * @param table foreign name to {@code meaning} or {@code meaning@unit}, e.g. {@code step_seconds@ms}, see
     *     {@link MetricNamesFile}; the meaning is a column of the {@code steps} table, one of the roles {@code step},
     *     {@code time}, {@code worker}, {@code run_id}, {@code split}, {@code cumulative_seconds}, {@code ignored}, or any
     *     other name, under which the value then goes to the {@code metrics} table
     * @throws IllegalArgumentException if a name, metric or unit is not understood
     */
    public MetricNames(Map<String, String> table) {
        for (Metric metric : Metric.values()) {
            names.put(metric.column(), new Target(Role.METRIC, metric, metric.column(), 1));
        }
        for (Role role : Role.values()) {
            if (role.isKey()) {
                names.put(role.word(), new Target(role, null, role.word(), 1));
            }
        }
        table.forEach((foreign, meaning) -> names.put(normalise(foreign), parse(foreign, meaning)));
    }

    /** The names known without any configuration: those of {@code conf/metric-names.conf}. */
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
        Metric metric = Metric.byColumn(name).orElse(null);
        if (metric != null) {
            Map<String, Double> units = metric.unit().equals("s")
                    ? SECONDS_IN
                    : metric.unit().equals("tokens") ? TOKENS_IN : Map.<String, Double>of();
            return new Target(Role.METRIC, metric, metric.column(), factor(foreign, name, unit, units));
        }
        for (Role role : Role.values()) {
            if (role != Role.METRIC && role != Role.OTHER && role.word().equals(name)) {
                // A time of day tells its unit by its size or is text.
                double factor = role == Role.TIME ? 1 : factor(foreign, name, unit, SECONDS_IN);
                return new Target(role, null, name, factor);
            }
        }
        return new Target(Role.OTHER, null, Texts.clean(name, MAX_NAME), factor(foreign, name, unit, SECONDS_IN));
    }

    private static double factor(String foreign, String name, String unit, Map<String, Double> units) {
        Double factor = unit.isEmpty() ? (Double) 1.0 : units.get(unit);
        if (factor == null) {
            throw new IllegalArgumentException("Metric name '" + foreign + "' has unit '" + unit + "', but '" + name
                    + "' takes "
                    + (units.isEmpty() ? "none" : "one of " + String.join(", ", new TreeSet<>(units.keySet()))));
        }
        return factor;
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
}
