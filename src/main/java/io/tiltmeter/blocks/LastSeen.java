package io.tiltmeter.blocks;

/** Where each of some values was seen last: a hash table that is emptied in no time. Not thread-safe. */
final class LastSeen {
    private final long[] keys;
    private final int[] place;
    private final int[] round;
    private int now;

    /** Prepares for so many different values. */
    LastSeen(int most) {
        int size = Integer.highestOneBit(Math.max(1, most)) << 2;
        keys = new long[size];
        place = new int[size];
        round = new int[size];
    }

    /** Forgets all of them. */
    void clear() {
        now++;
    }

    /** Puts a value at a place; returns where it was before, or -1. */
    int put(long key, int at) {
        int slot = Long.hashCode(key * 0x9E37_79B9_7F4A_7C15L) & (keys.length - 1);
        while (round[slot] == now && keys[slot] != key) {
            slot = (slot + 1) & (keys.length - 1);
        }
        int was = round[slot] == now ? place[slot] : -1;
        round[slot] = now;
        keys[slot] = key;
        place[slot] = at;
        return was;
    }
}
