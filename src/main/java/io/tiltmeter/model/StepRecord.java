package io.tiltmeter.model;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * One row of the {@code steps} table.
 *
 * @param worker rank that logged the values, or {@link #NO_WORKER} for values of the run as a whole
 * @param timeMicros when it was logged, microseconds since the epoch
 * @param stepSpan how many steps a value averages, at least 1
 * @param gradNormKind {@code before_clip}, {@code after_clip} or null when unknown
 */
public record StepRecord(
        String runId,
        int attempt,
        int worker,
        long step,
        @Nullable Long timeMicros,
        Scope scope,
        int stepSpan,
        MetricValues values,
        @Nullable String gradNormKind,
        @Nullable String batchHash,
        @Nullable String parameterHash)
        implements Serializable {

    /** Worker number of values that belong to no single worker. */
    public static final int NO_WORKER = -1;

    public StepRecord {
        if (stepSpan < 1) {
            throw new IllegalArgumentException(
                    "Step span of run '" + runId + "' step " + step + " is " + stepSpan + " but must be >= 1");
        }
    }

    /** A row with the values of the run as a whole. */
    public static StepRecord global(
            String runId, int attempt, long step, @Nullable Long timeMicros, MetricValues values) {
        return new StepRecord(runId, attempt, NO_WORKER, step, timeMicros, Scope.GLOBAL, 1, values, null, null, null);
    }
}
