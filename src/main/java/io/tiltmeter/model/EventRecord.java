package io.tiltmeter.model;

import org.jspecify.annotations.Nullable;

/**
 * One row of the {@code events} table.
 *
 * @param kind {@code checkpoint}, {@code evaluation}, {@code learning_rate_change}, {@code batch_change},
 *     {@code skipped_batch}, {@code intervention}, {@code device_error}, {@code network_error}, {@code restart}
 */
public record EventRecord(
        String runId,
        int attempt,
        int worker,
        @Nullable Long step,
        @Nullable Long timeMicros,
        String kind,
        @Nullable String detail) {}
