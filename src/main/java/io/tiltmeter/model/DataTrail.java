package io.tiltmeter.model;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where the data of an incident came from, where to go back to, and who is about to read the same.
 *
 * @param incident id of the incident
 * @param step first step at which its values went wrong: what was read there is looked at
 * @param worker worker whose data are looked at, {@link StepRecord#NO_WORKER} for those of all
 * @param ranges what was read there, ordered by shard; empty where it is not known
 * @param rangesInAll number of shards read, of which only so many are told
 * @param checkpoint last good checkpoint; null where none is known
 * @param passedOver later checkpoints before the incident that were written in trouble of another kind
 * @param readers other runs that have read any of it or are known to be about to, the next ones first
 * @param readersInAll number of them
 * @param unknown runs that go on with the same data of which it is not known when they read it, ordered
 * @param unknownInAll number of them
 */
public record DataTrail(
        String incident,
        long step,
        int worker,
        List<Range> ranges,
        int rangesInAll,
        @Nullable Checkpoint checkpoint,
        int passedOver,
        List<Reader> readers,
        int readersInAll,
        List<String> unknown,
        int unknownInAll)
        implements Serializable {

    public DataTrail {
        ranges = List.copyOf(ranges);
        readers = List.copyOf(readers);
        unknown = List.copyOf(unknown);
    }

    /**
     * Samples of one data shard.
     *
     * @param first first sample, null where only the shard is known
     * @param last last sample
     * @param workers how many workers read it
     */
    public record Range(
            String shard, @Nullable Long first, @Nullable Long last, int workers) implements Serializable {}

    /**
     * A checkpoint that a run wrote.
     *
     * @param detail what the log says of it
     */
    public record Checkpoint(
            int attempt, long step, @Nullable String detail) implements Serializable {}

    /** When another run reads a range. */
    public enum When {
        /** It goes through the data in the same order and has not got there yet. */
        NEXT,
        /** It has read it. */
        READ;

        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Another run that reads the range.
     *
     * @param step step of that run at which it does or did so first
     * @param at last step it has logged
     * @param troubled whether it has a warning or error that begins there
     */
    public record Reader(String runId, When when, long step, long at, boolean troubled) implements Serializable {}
}
