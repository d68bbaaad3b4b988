package io.tiltmeter.model;

import java.util.Locale;
import java.util.Optional;

/**
 * A numeric column of the {@code steps} table.
 *
 * <p>The {@link #reduction()} says how one value for the whole run is made of the values of several workers when no
 * reduced (global) value was logged.
 */
public enum Metric {
    LOSS("1", Reduction.MEAN, "Training loss"),
    EVAL_LOSS("1", Reduction.MEAN, "Loss on held-out data"),
    GRAD_NORM("1", Reduction.MEDIAN, "L2 norm of the gradient"),
    GRAD_COSINE(
            "1",
            Reduction.MIN,
            "Cosine between a worker's gradient and the mean of the other workers', or between running means of their signs"),
    PARAM_NORM("1", Reduction.MEDIAN, "L2 norm of the parameters"),
    UPDATE_NORM("1", Reduction.MEDIAN, "L2 norm of the parameter update"),
    LEARNING_RATE("1", Reduction.MEDIAN, "Learning rate"),
    LOSS_SCALE("1", Reduction.MIN, "Loss scale of mixed-precision training"),
    SKIPPED("steps", Reduction.MAX, "Optimizer steps skipped"),
    TOKENS("tokens", Reduction.SUM, "Tokens of the step"),
    LOSS_TOKENS("tokens", Reduction.SUM, "Tokens that count in the loss"),
    EXAMPLES("examples", Reduction.SUM, "Examples of the step"),
    CONSUMED_EXAMPLES("examples", Reduction.MAX, "Examples consumed since the run began (data cursor)"),
    CONSUMED_TOKENS("tokens", Reduction.MAX, "Tokens consumed since the run began (data cursor)"),
    NAN_INPUTS("values", Reduction.SUM, "Non-finite values among the inputs"),
    NAN_LABELS("values", Reduction.SUM, "Non-finite values among the labels"),
    STEP_SECONDS("s", Reduction.MAX, "Duration of the step"),
    COMPUTE_SECONDS("s", Reduction.MAX, "Time spent computing"),
    COLLECTIVE_WAIT_SECONDS("s", Reduction.MIN, "Time spent waiting in collectives"),
    DATA_WAIT_SECONDS("s", Reduction.MAX, "Time spent waiting for data");

    /** How the values of several workers become one value of the run. */
    public enum Reduction {
        MEAN,
        MEDIAN,
        MIN,
        MAX,
        SUM
    }

    private static final Metric[] VALUES = values();

    private final String column;
    private final String unit;
    private final Reduction reduction;
    private final String meaning;

    Metric(String unit, Reduction reduction, String meaning) {
        this.column = name().toLowerCase(Locale.ROOT);
        this.unit = unit;
        this.reduction = reduction;
        this.meaning = meaning;
    }

    /** Name of the column in the {@code steps} table, e.g. {@code grad_norm}. */
    public String column() {
        return column;
    }

    /** Unit of the stored values; {@code "1"} for pure numbers. */
    public String unit() {
        return unit;
    }

    public Reduction reduction() {
        return reduction;
    }

    /** What it measures, in a few words. */
    public String meaning() {
        return meaning;
    }

    /** Number of metrics, the length of arrays indexed by {@link #ordinal()}. */
    public static int count() {
        return VALUES.length;
    }

    /** The metric with this ordinal, without copying the array of values. */
    public static Metric of(int ordinal) {
        return VALUES[ordinal];
    }

    /** The metric stored in the column of this name. */
    public static Optional<Metric> byColumn(String column) {
        for (Metric metric : VALUES) {
            if (metric.column.equals(column)) {
                return Optional.of(metric);
            }
        }
        return Optional.empty();
    }
}
