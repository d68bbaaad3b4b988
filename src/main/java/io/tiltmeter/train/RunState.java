package io.tiltmeter.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a training has to know of itself to go on in another process: {@code state.json} beside the checkpoints.
 *
 * @param schema version of the format, {@value #SCHEMA}
 * @param identity what may not change in the middle of a run, by the key of its setting
 * @param startMicros when the run began, microseconds since the epoch
 * @param attempt number of the attempt that wrote this
 * @param workers numbers of the workers that are left, in the order of their ranks
 * @param soundOnly whether examples with values that are no numbers are no longer dealt
 * @param rollbacks used up
 * @param learningRateFactor by which rollbacks have multiplied the learning rate
 * @param checkpoints from the oldest to the newest
 */
record RunState(
        int schema,
        SortedMap<String, String> identity,
        long startMicros,
        int attempt,
        List<Integer> workers,
        boolean soundOnly,
        int rollbacks,
        double learningRateFactor,
        List<Checkpoint> checkpoints) {
    static final int SCHEMA = 1;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    /**
     * A model that was kept.
     *
     * @param file its name
     * @param cursor the step before which it was so, and where the data are then
     * @param batchesPerEpoch of a worker, at that time
     */
    record Checkpoint(String file, Cursor cursor, int batchesPerEpoch) {
        long step() {
            return cursor.step();
        }
    }

    RunState {
        identity = new TreeMap<>(identity);
        workers = List.copyOf(workers);
        checkpoints = List.copyOf(checkpoints);
    }

    /** Of a run that begins. */
    static RunState beginning(Map<String, String> identity, long startMicros, List<Integer> workers) {
        return new RunState(SCHEMA, new TreeMap<>(identity), startMicros, 0, workers, false, 0, 1, List.of());
    }

    /** After a worker has been left out: the others keep their numbers, and bad examples are dealt no more. */
    RunState without(int worker) {
        return new RunState(
                schema,
                identity,
                startMicros,
                attempt,
                workers.stream().filter(w -> w != worker).toList(),
                true,
                rollbacks,
                learningRateFactor,
                checkpoints);
    }

    /** After a rollback. */
    RunState rolledBack(double factor) {
        return new RunState(
                schema,
                identity,
                startMicros,
                attempt,
                workers,
                soundOnly,
                rollbacks + 1,
                learningRateFactor * factor,
                checkpoints);
    }

    /** In an attempt, with these checkpoints. */
    RunState with(int number, List<Checkpoint> others) {
        return new RunState(
                schema, identity, startMicros, number, workers, soundOnly, rollbacks, learningRateFactor, others);
    }

    /** What is not as it was, one phrase a key: {@code 'seed' was 1, is 2}. */
    List<String> changes(Map<String, String> now) {
        TreeSet<String> keys = new TreeSet<>(identity.keySet());
        keys.addAll(now.keySet());
        List<String> changes = new ArrayList<>();
        for (String key : keys) {
            String before = identity.getOrDefault(key, "not set");
            String after = now.getOrDefault(key, "not set");
            if (!Objects.equals(before, after)) {
                changes.add("'" + key + "' was " + before + ", is " + after);
            }
        }
        return changes;
    }

    byte[] json() {
        try {
            return JSON.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("Cannot write " + this, e);
        }
    }

    /**
     * Reads what {@link #json} wrote.
     *
     * @throws IOException if it is of another version, or damaged
     */
    static RunState parse(byte[] json) throws IOException {
        RunState state = JSON.readValue(json, RunState.class);
        if (state.schema != SCHEMA || state.checkpoints.isEmpty() || state.workers.isEmpty()) {
            throw new IOException(
                    "it has schema " + state.schema + ", " + state.checkpoints.size() + " checkpoints and "
                            + state.workers.size() + " workers, expected schema " + SCHEMA + " and some of both");
        }
        return state;
    }
}
