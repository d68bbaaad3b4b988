package io.tiltmeter.model;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * One row of the {@code attempts} table: one (re)start of a run.
 *
 * @param attempt number of the start, from 0
 * @param resumeStep first step of the attempt; for a restart the step training fell back to
 * @param worldSize number of workers
 * @param globalBatch examples a step over all workers
 */
public record AttemptRecord(
        String runId,
        int attempt,
        @Nullable Long startMicros,
        @Nullable Long resumeStep,
        @Nullable String checkpoint,
        @Nullable Integer worldSize,
        @Nullable Long globalBatch,
        @Nullable String exitReason)
        implements Serializable {}
