package io.tiltmeter.train;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** Shards of an executor, kept from segment to segment: the examples of a run are unpacked once, not at every checkpoint. */
final class ShardCache {
    private static final Map<String, Entry> SHARDS = new HashMap<>();

    private ShardCache() {}

    private record Entry(String deal, Shard shard) {}

    /** The shard of a worker; an older deal of the same worker is let go. */
    static Shard get(String run, String deal, int rank, Supplier<Shard> load) {
        String key = run + '\n' + rank;
        synchronized (SHARDS) {
            Entry entry = SHARDS.get(key);
            if (entry != null && entry.deal.equals(deal)) {
                return entry.shard;
            }
        }
        // Outside the lock, so that workers in one JVM load side by side.
        Shard loaded = load.get();
        synchronized (SHARDS) {
            Entry old = SHARDS.put(key, new Entry(deal, loaded));
            if (old != null) {
                old.shard.close();
            }
        }
        return loaded;
    }

    /** Lets go of all shards of a run that this JVM holds. */
    static void drop(String run) {
        synchronized (SHARDS) {
            SHARDS.entrySet().removeIf(one -> {
                boolean own = one.getKey().startsWith(run + '\n');
                if (own) {
                    one.getValue().shard.close();
                }
                return own;
            });
        }
    }
}
