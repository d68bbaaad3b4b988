package io.tiltmeter.compare;

import java.util.Arrays;

/**
 * Series of several runs over the steps they share, as means over blocks, in fixed memory: when all blocks are full,
 * neighbours are merged and the grain doubles.
 */
final class BlockMeans {
    private final int capacity;
    private final double[][] sums;
    private final int[][] counts;
    private final long[] first;
    private final long[] last;
    private int grain = 1;
    private int inBlock;
    private int blocks;

    /** @param capacity most blocks, an even number */
    BlockMeans(int runs, int capacity) {
        this.capacity = capacity;
        sums = new double[runs][capacity];
        counts = new int[runs][capacity];
        first = new long[capacity];
        last = new long[capacity];
    }

    /** Takes one value of each run at a step; NaN for a run without one. Steps ascend. */
    void add(long step, double[] values) {
        if (inBlock == 0 || inBlock == grain) {
            if (blocks == capacity) {
                merge();
            }
            first[blocks++] = step;
            inBlock = 0;
        }
        int block = blocks - 1;
        for (int run = 0; run < values.length; run++) {
            if (!Double.isNaN(values[run])) {
                sums[run][block] += values[run];
                counts[run][block]++;
            }
        }
        last[block] = step;
        inBlock++;
    }

    private void merge() {
        for (int block = 0; block < capacity / 2; block++) {
            for (int run = 0; run < sums.length; run++) {
                sums[run][block] = sums[run][2 * block] + sums[run][2 * block + 1];
                counts[run][block] = counts[run][2 * block] + counts[run][2 * block + 1];
            }
            first[block] = first[2 * block];
            last[block] = last[2 * block + 1];
        }
        for (int run = 0; run < sums.length; run++) {
            Arrays.fill(sums[run], capacity / 2, capacity, 0);
            Arrays.fill(counts[run], capacity / 2, capacity, 0);
        }
        blocks = capacity / 2;
        grain *= 2;
        inBlock = grain;
    }

    int size() {
        return blocks;
    }

    /** First step of a block. */
    long from(int block) {
        return first[block];
    }

    /** Last step of a block. */
    long to(int block) {
        return last[block];
    }

    /** Mean of a run over blocks from one to another (exclusive); NaN if it has no value there. */
    double mean(int run, int from, int to) {
        double sum = 0;
        int count = 0;
        for (int block = from; block < to; block++) {
            sum += sums[run][block];
            count += counts[run][block];
        }
        return count == 0 ? Double.NaN : sum / count;
    }
}
