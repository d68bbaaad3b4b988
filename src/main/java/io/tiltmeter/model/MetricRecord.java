package io.tiltmeter.model;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/** One row of the long {@code metrics} table: a metric without a column of its own in {@code steps}. */
public record MetricRecord(
        String runId,
        int attempt,
        int worker,
        long step,
        @Nullable Long timeMicros,
        String name,
        double value) implements Serializable {}
