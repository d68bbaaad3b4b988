package io.tiltmeter.model;

import org.jspecify.annotations.Nullable;

/** One row of the {@code topology} table: where a worker runs and its coordinates in the parallel layout. */
public record TopologyRecord(
        String runId,
        int attempt,
        int worker,
        @Nullable String host,
        @Nullable String device,
        @Nullable Integer dataCoordinate,
        @Nullable Integer tensorCoordinate,
        @Nullable Integer pipelineCoordinate,
        @Nullable Integer contextCoordinate,
        @Nullable Integer expertCoordinate) {}
