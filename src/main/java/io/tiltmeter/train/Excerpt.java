package io.tiltmeter.train;

import java.util.Arrays;

/**
 * Which elements of a flat vector to look at in a step when all would be too many: all where they are no more than some
 * blocks have, of more these blocks evenly apart, which move on by one block each turn and so come by everywhere. A turn has
 * the same places on every worker.
 */
final class Excerpt {
    // The elements, as from, to, from, to ... in ascending order, and how many there are before each pair.
    private final long[] ranges;
    private final long[] before;
    private final long elements;
    private final int blocks;
    private final int block;

    /**
     * An excerpt of some elements.
     *
     * @param ranges where they lie in the flat vector, as from, to, from, to ... in ascending order
     * @param blocks most blocks to look at in a turn
     * @param block elements of a block
     */
    Excerpt(long[] ranges, int blocks, int block) {
        this.ranges = ranges;
        this.blocks = blocks;
        this.block = block;
        before = new long[ranges.length / 2];
        long n = 0;
        for (int i = 0; i < before.length; i++) {
            before[i] = n;
            n += ranges[2 * i + 1] - ranges[2 * i];
        }
        elements = n;
    }

    /** Elements of which this is an excerpt. */
    long elements() {
        return elements;
    }

    /** Most elements of a turn. */
    int most() {
        return (int) Math.min(elements, (long) blocks * block);
    }

    /** The places of a turn, as from, to, from, to ...; not to be changed. */
    long[] at(long turn) {
        if (elements <= (long) blocks * block) {
            return ranges;
        }
        long all = (elements + block - 1) / block;
        long apart = all / blocks;
        Places places = new Places(blocks);
        for (int i = 0; i < blocks; i++) {
            long number = (turn + i * apart) % all;
            add(places, number * block, Math.min(elements, (number + 1) * block));
        }
        return places.toArray();
    }

    /** Adds the elements that are the from-th to the to-th of all. */
    private void add(Places places, long from, long to) {
        int found = Arrays.binarySearch(before, from);
        int pair = found < 0 ? -found - 2 : found;
        long at = from;
        while (at < to) {
            long start = ranges[2 * pair] + at - before[pair];
            long end = Math.min(ranges[2 * pair + 1], start + to - at);
            places.add(start, end);
            at += end - start;
            pair++;
        }
    }

    private static final class Places {
        private long[] pairs;
        private int length;

        Places(int blocks) {
            pairs = new long[2 * blocks];
        }

        void add(long from, long to) {
            if (length == pairs.length) {
                pairs = Arrays.copyOf(pairs, 2 * length);
            }
            pairs[length++] = from;
            pairs[length++] = to;
        }

        long[] toArray() {
            return Arrays.copyOf(pairs, length);
        }
    }
}
