package io.tiltmeter.compare;

import io.tiltmeter.model.Metric;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A column of the {@code steps} or {@code layers} table that is compared between runs. Times and waiting differ between
 * any two runs and are left out, and so is the cosine with the others' gradients: it may be a running mean, which another
 * point of resuming changes though the training is the same, and what makes the gradients differ shows in their norms.
 *
 * @param name name in its table
 * @param rank place in a step's course: what comes in before what is computed from it. Of all that differs at a step, the
 *     column of the lowest rank is the nearest to the cause
 * @param judged whether its size is compared beyond noise, and not only bit for bit; such a column is positive
 */
public record Quantity(String name, int rank, boolean judged) implements Serializable {
    private static final Set<Metric> LEFT_OUT = Set.of(
            Metric.STEP_SECONDS,
            Metric.COMPUTE_SECONDS,
            Metric.COLLECTIVE_WAIT_SECONDS,
            Metric.DATA_WAIT_SECONDS,
            Metric.GRAD_COSINE);

    private static final int INPUT = 0;
    private static final int SETTING = 1;
    private static final int FORWARD = 2;
    private static final int LOSS = 3;
    private static final int BACKWARD = 4;
    private static final int REDUCED = 5;
    private static final int UPDATE = 6;
    private static final int STATE = 7;

    /** Columns of a row without a layer. */
    public static final List<Quantity> OF_STEPS = ofSteps();

    /** Columns of a row with a layer. */
    public static final List<Quantity> OF_LAYERS = List.of(
            new Quantity("activation_mean", FORWARD, false),
            new Quantity("activation_std", FORWARD, true),
            new Quantity("activation_zero_fraction", FORWARD, false),
            new Quantity("activation_saturated_fraction", FORWARD, false),
            new Quantity("grad_norm", BACKWARD, true),
            new Quantity("grad_mean_abs", BACKWARD, false),
            new Quantity("grad_max_abs", BACKWARD, false),
            new Quantity("grad_zero_fraction", BACKWARD, false),
            new Quantity("non_finite_count", BACKWARD, false),
            new Quantity("second_moment_ratio", UPDATE, false),
            new Quantity("update_norm", UPDATE, true),
            new Quantity("param_norm", STATE, true));

    /** Most columns of a row. */
    public static final int MOST = Math.max(OF_STEPS.size(), OF_LAYERS.size());

    /** Place of a column in {@link #OF_STEPS}. */
    static int ofSteps(Metric metric) {
        for (int i = 0; i < OF_STEPS.size(); i++) {
            if (OF_STEPS.get(i).name().equals(metric.column())) {
                return i;
            }
        }
        throw new IllegalArgumentException("Metric " + metric + " is not compared");
    }

    /** Whether it tells what a step was given, rather than what it made of it. */
    boolean isInput() {
        return rank == INPUT;
    }

    /** Whether it is a number, and no checksum. */
    public boolean isNumber() {
        return !name.endsWith("_hash");
    }

    boolean isForward() {
        return rank == FORWARD;
    }

    private static List<Quantity> ofSteps() {
        List<Quantity> quantities = new ArrayList<>();
        quantities.add(new Quantity("batch_hash", INPUT, false));
        for (Metric metric : Metric.values()) {
            if (!LEFT_OUT.contains(metric)) {
                quantities.add(new Quantity(metric.column(), rank(metric), isJudged(metric)));
            }
        }
        quantities.add(new Quantity("parameter_hash", STATE, false));
        return List.copyOf(quantities);
    }

    private static int rank(Metric metric) {
        return switch (metric) {
            case TOKENS, LOSS_TOKENS, EXAMPLES, CONSUMED_EXAMPLES, CONSUMED_TOKENS, NAN_INPUTS, NAN_LABELS -> INPUT;
            case LEARNING_RATE -> SETTING;
            case LOSS -> LOSS;
            case GRAD_NORM, LOSS_SCALE, SKIPPED -> REDUCED;
            case UPDATE_NORM -> UPDATE;
            default -> STATE;
        };
    }

    private static boolean isJudged(Metric metric) {
        return switch (metric) {
            case LOSS, EVAL_LOSS, GRAD_NORM, PARAM_NORM, UPDATE_NORM -> true;
            default -> false;
        };
    }
}
