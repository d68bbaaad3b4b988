package io.tiltmeter.blocks;

/** Exact order statistics by selection, in place, in expected linear time. */
final class Selection {
    private Selection() {}

    /** Below this many values insertion sort wins (8 to 32 workers are the common case). */
    static final int SMALL = 24;

    /**
     * Median of the first {@code n} values, the mean of the middle two when {@code n} is even. Reorders them.
     *
     * @throws IllegalArgumentException if {@code n} is 0
     */
    static double median(double[] values, int n) {
        if (n == 0) {
            throw new IllegalArgumentException("Median of no values");
        }
        int upper = n / 2;
        if (n <= SMALL) {
            sort(values, 0, n - 1);
        } else {
            select(values, n, upper);
        }
        if ((n & 1) == 1) {
            return values[upper];
        }
        double lower = values[0];
        for (int i = 1; i < upper; i++) {
            lower = Math.max(lower, values[i]);
        }
        return lower / 2 + values[upper] / 2;
    }

    /** Sorts the first {@code n} finite values, of which there are few. */
    static void sort(double[] values, int n) {
        if (n == 8) {
            sortEight(values);
        } else {
            sort(values, 0, n - 1);
        }
    }

    /**
     * Sorts eight values, the workers of one machine, by a network: without branches that depend on them, which a processor
     * could not foresee. Source: Knuth, The Art of Computer Programming 3, 5.3.4 (19 comparators).
     */
    private static void sortEight(double[] values) {
        long a = key(values[0]);
        long b = key(values[1]);
        long c = key(values[2]);
        long d = key(values[3]);
        long e = key(values[4]);
        long f = key(values[5]);
        long g = key(values[6]);
        long h = key(values[7]);
        long t;
        t = Math.min(a, c);
        c = Math.max(a, c);
        a = t;
        t = Math.min(b, d);
        d = Math.max(b, d);
        b = t;
        t = Math.min(e, g);
        g = Math.max(e, g);
        e = t;
        t = Math.min(f, h);
        h = Math.max(f, h);
        f = t;
        t = Math.min(a, e);
        e = Math.max(a, e);
        a = t;
        t = Math.min(b, f);
        f = Math.max(b, f);
        b = t;
        t = Math.min(c, g);
        g = Math.max(c, g);
        c = t;
        t = Math.min(d, h);
        h = Math.max(d, h);
        d = t;
        t = Math.min(a, b);
        b = Math.max(a, b);
        a = t;
        t = Math.min(c, d);
        d = Math.max(c, d);
        c = t;
        t = Math.min(e, f);
        f = Math.max(e, f);
        e = t;
        t = Math.min(g, h);
        h = Math.max(g, h);
        g = t;
        t = Math.min(c, e);
        e = Math.max(c, e);
        c = t;
        t = Math.min(d, f);
        f = Math.max(d, f);
        d = t;
        t = Math.min(b, e);
        e = Math.max(b, e);
        b = t;
        t = Math.min(d, g);
        g = Math.max(d, g);
        d = t;
        t = Math.min(b, c);
        c = Math.max(b, c);
        b = t;
        t = Math.min(d, e);
        e = Math.max(d, e);
        d = t;
        t = Math.min(f, g);
        g = Math.max(f, g);
        f = t;
        values[0] = value(a);
        values[1] = value(b);
        values[2] = value(c);
        values[3] = value(d);
        values[4] = value(e);
        values[5] = value(f);
        values[6] = value(g);
        values[7] = value(h);
    }

    /**
     * Median of the distances of eight ascending values from one among them. They fall and rise again, and half a cleaner
     * of Batcher's bitonic sorter parts such a sequence into its lower and its upper four: no comparison decides on a jump.
     * Source: Batcher, Sorting networks and their applications (1968).
     */
    static double madOfEight(double[] sorted, double centre) {
        // Of what is not negative the bits order as the values do, and whole numbers compare faster.
        long a = Double.doubleToRawLongBits(Math.abs(sorted[0] - centre));
        long b = Double.doubleToRawLongBits(Math.abs(sorted[1] - centre));
        long c = Double.doubleToRawLongBits(Math.abs(sorted[2] - centre));
        long d = Double.doubleToRawLongBits(Math.abs(sorted[3] - centre));
        long e = Double.doubleToRawLongBits(Math.abs(sorted[4] - centre));
        long f = Double.doubleToRawLongBits(Math.abs(sorted[5] - centre));
        long g = Double.doubleToRawLongBits(Math.abs(sorted[6] - centre));
        long h = Double.doubleToRawLongBits(Math.abs(sorted[7] - centre));
        double below = Double.longBitsToDouble(
                Math.max(Math.max(Math.min(a, e), Math.min(b, f)), Math.max(Math.min(c, g), Math.min(d, h))));
        double above = Double.longBitsToDouble(
                Math.min(Math.min(Math.max(a, e), Math.max(b, f)), Math.min(Math.max(c, g), Math.max(d, h))));
        return below + (above - below) / 2;
    }

    /** A whole number that orders as the value does. */
    private static long key(double value) {
        long bits = Double.doubleToRawLongBits(value);
        return bits ^ ((bits >> 63) & Long.MAX_VALUE);
    }

    private static double value(long key) {
        return Double.longBitsToDouble(key ^ ((key >> 63) & Long.MAX_VALUE));
    }

    private static void sort(double[] a, int from, int to) {
        for (int i = from + 1; i <= to; i++) {
            double value = a[i];
            int j = i - 1;
            while (j >= from && a[j] > value) {
                a[j + 1] = a[j];
                j--;
            }
            a[j + 1] = value;
        }
    }

    /** Hoare's quickselect with median-of-three pivots: afterwards {@code a[k]} is in place, smaller ones before it. */
    private static void select(double[] a, int n, int k) {
        int left = 0;
        int right = n - 1;
        while (right - left >= SMALL) {
            int middle = (left + right) >>> 1;
            order(a, left, middle);
            order(a, left, right);
            order(a, middle, right);
            double pivot = a[middle];
            int i = left;
            int j = right;
            while (i <= j) {
                while (a[i] < pivot) {
                    i++;
                }
                while (a[j] > pivot) {
                    j--;
                }
                if (i <= j) {
                    double swap = a[i];
                    a[i] = a[j];
                    a[j] = swap;
                    i++;
                    j--;
                }
            }
            if (k <= j) {
                right = j;
            } else if (k >= i) {
                left = i;
            } else {
                return;
            }
        }
        sort(a, left, right);
    }

    private static void order(double[] a, int i, int j) {
        if (a[i] > a[j]) {
            double swap = a[i];
            a[i] = a[j];
            a[j] = swap;
        }
    }
}
