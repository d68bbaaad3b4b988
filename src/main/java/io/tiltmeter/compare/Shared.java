package io.tiltmeter.compare;

import java.util.Arrays;

/**
 * A metric of several runs on the steps they share, as logarithms less their mean over the runs. Where one run logs means
 * over an interval and another every step, the other's values are averaged since the last shared step, so that like is
 * compared with like.
 */
final class Shared {
    private final BlockMeans blocks;
    private final double[] sums;
    private final int[] counts;

    Shared(int runs, int capacity) {
        blocks = new BlockMeans(runs, capacity);
        sums = new double[runs];
        counts = new int[runs];
    }

    /**
     * Takes one step's values; NaN for a run that did not log it. What is not positive and finite has no logarithm and is
     * left out: other parts of the program look after such values.
     */
    void add(long step, double[] values, int[] spans) {
        int present = 0;
        int longest = 1;
        for (int run = 0; run < values.length; run++) {
            if (usable(values[run])) {
                sums[run] += Math.log(values[run]);
                counts[run]++;
                present++;
                longest = Math.max(longest, spans[run]);
            }
        }
        if (present < 2) {
            return;
        }
        double[] logs = new double[values.length];
        double total = 0;
        for (int run = 0; run < values.length; run++) {
            boolean averages = longest > 1 && spans[run] == 1;
            logs[run] = !usable(values[run]) ? Double.NaN : averages ? sums[run] / counts[run] : Math.log(values[run]);
            total += Double.isNaN(logs[run]) ? 0 : logs[run];
        }
        for (int run = 0; run < logs.length; run++) {
            logs[run] -= total / present;
        }
        blocks.add(step, logs);
        Arrays.fill(sums, 0);
        Arrays.fill(counts, 0);
    }

    private static boolean usable(double value) {
        return value > 0 && value < Double.POSITIVE_INFINITY;
    }

    BlockMeans blocks() {
        return blocks;
    }
}
