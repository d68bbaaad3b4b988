package io.tiltmeter.model;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/** One row of the {@code shards} table: which samples of which data shard a worker read at a step. */
public record ShardRecord(
        String runId,
        int attempt,
        int worker,
        long step,
        String shard,
        @Nullable Long firstSample,
        @Nullable Long lastSample)
        implements Serializable {}
