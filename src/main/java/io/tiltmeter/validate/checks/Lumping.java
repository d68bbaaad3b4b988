package io.tiltmeter.validate.checks;

import io.tiltmeter.validate.Tokens;

/** Lumps the cells of tokens further, until both sides can be expected to fill each. */
final class Lumping {
    /** Least expected count of a cell: the rule of thumb of Cochran (1954) for statistics of counts. */
    private static final double LEAST = 5;

    private Lumping() {}

    /**
     * To which cell each cell goes: itself (renumbered) where the reference's share lets the smaller side expect enough, else
     * the last, where all of those come together. The smaller side itself is not looked at, lest chance choose the cells.
     */
    static int[] of(double[] reference, double smaller) {
        double total = 0;
        for (double count : reference) {
            total += count;
        }
        int[] to = new int[reference.length];
        int next = 0;
        for (int i = 0; i < reference.length; i++) {
            to[i] = reference[i] / total * smaller >= LEAST ? next++ : -1;
        }
        for (int i = 0; i < to.length; i++) {
            to[i] = to[i] < 0 ? next : to[i];
        }
        return to;
    }

    /** Number of cells after lumping. */
    static int size(int[] to) {
        int most = -1;
        for (int each : to) {
            most = Math.max(most, each);
        }
        return most + 1;
    }

    static double[] lump(double[] counts, int[] to, int size) {
        double[] lumped = new double[size];
        for (int i = 0; i < counts.length; i++) {
            lumped[to[i]] += counts[i];
        }
        return lumped;
    }

    /** Counts by group of documents and lumped cell. */
    static double[][] groups(Tokens tokens, int[] to, int size) {
        double[][] groups = new double[Tokens.GROUPS][];
        for (int group = 0; group < groups.length; group++) {
            groups[group] = lump(tokens.group(group), to, size);
        }
        return groups;
    }
}
