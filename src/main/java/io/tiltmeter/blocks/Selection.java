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

    /** Sorts the first {@code n} values, of which there are few. */
    static void sort(double[] values, int n) {
        sort(values, 0, n - 1);
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
