package io.tiltmeter.model;

import org.jspecify.annotations.Nullable;

/** One row of the {@code groups} table: a part of the batch, by data domain, source, timestep, modality or length. */
public record GroupRecord(
        String runId,
        int attempt,
        long step,
        String kind,
        String group,
        @Nullable Double loss,
        @Nullable Double examples,
        @Nullable Double tokens,
        @Nullable Double weight,
        @Nullable Double gradientShare) {}
