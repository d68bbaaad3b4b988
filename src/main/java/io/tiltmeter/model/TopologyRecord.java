package io.tiltmeter.model;

import org.jspecify.annotations.Nullable;

/**
 * One row of the {@code topology} table: where a worker runs and its coordinates in the parallel layout.
 *
 * @param rack what the machine shares with others: rack, pod or switch
 */
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
        @Nullable Integer expertCoordinate,
        @Nullable String rack) {

    /** A place of which the rack is not known. */
    public TopologyRecord(
            String runId,
            int attempt,
            int worker,
            @Nullable String host,
            @Nullable String device,
            @Nullable Integer dataCoordinate,
            @Nullable Integer tensorCoordinate,
            @Nullable Integer pipelineCoordinate,
            @Nullable Integer contextCoordinate,
            @Nullable Integer expertCoordinate) {
        this(
                runId,
                attempt,
                worker,
                host,
                device,
                dataCoordinate,
                tensorCoordinate,
                pipelineCoordinate,
                contextCoordinate,
                expertCoordinate,
                null);
    }
}
