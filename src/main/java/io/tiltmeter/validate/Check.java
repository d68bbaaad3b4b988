package io.tiltmeter.validate;

/**
 * One rule about a dataset. It judges the dataset as a whole, each shard by itself, or both; one that has nothing to say
 * about a column or shard (another kind, no baseline) says nothing. Registered by {@code @AutoService(Check.class)}.
 */
public interface Check {
    CheckInfo info();

    /** Judges the dataset; called once. */
    default void judge(Dataset data, CheckSettings settings, Results results) {}

    /**
     * Judges one shard against the dataset and, where there is one, the baseline; called once a shard, on any machine.
     * {@link Dataset#facts()} is empty here.
     */
    default void judgeShard(ShardProfile shard, Dataset data, CheckSettings settings, Results results) {}
}
