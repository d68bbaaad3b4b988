package io.tiltmeter.blocks;

import io.tiltmeter.model.Metric;

/**
 * What a block holds a matrix of: every {@link Metric} under its ordinal, and what only workers can be compared by. A hash
 * is held as a number made of it, good for equality and nothing else.
 */
public final class Channel {
    private Channel() {}

    /** Fingerprint of the batch a worker read. */
    public static final int BATCH_HASH = Metric.count();
    /** Fingerprint of a worker's parameters after the step. */
    public static final int PARAMETER_HASH = Metric.count() + 1;
    /** A metric that has no column of its own. */
    public static final int VALUE = Metric.count() + 2;
    /** Number of channels that a slice may hold. */
    public static final int STORED = Metric.count() + 3;
    /** Time of the step that a worker did not spend waiting for the others; made of other channels. */
    public static final int BUSY = STORED;

    private static final int HASH_BITS = 52;

    /** Column of a channel; {@link #VALUE} has none. */
    public static String column(int channel) {
        if (channel < Metric.count()) {
            return Metric.of(channel).column();
        }
        return channel == BATCH_HASH
                ? "batch_hash"
                : channel == PARAMETER_HASH ? "parameter_hash" : channel == BUSY ? "busy_seconds" : "value";
    }

    /** A hash as a positive finite number that is equal for equal hashes, and for others with a chance of 2^-52. */
    public static double ofHash(long hash) {
        // SplitMix64's finalizer (Steele, Lea and Flood 2014): the hash may hold its information in few bits.
        long a = (hash ^ (hash >>> 30)) * 0xbf58476d1ce4e5b9L;
        long b = (a ^ (a >>> 27)) * 0x94d049bb133111ebL;
        return 1 + (double) ((b ^ (b >>> 31)) >>> (Long.SIZE - HASH_BITS));
    }
}
