package io.tiltmeter.stats;

/**
 * The last values of a series, kept both in order of arrival and ascending, so that medians and quantiles cost no sort.
 * Adding costs one binary search and one array move; memory is fixed.
 */
public final class SortedWindow {
    private final double[] ring;
    private final double[] sorted;
    private int next;
    private int size;

    /** @param capacity how many values are kept, at least 1 */
    public SortedWindow(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("Capacity of a window is " + capacity + " but must be >= 1");
        }
        ring = new double[capacity];
        sorted = new double[capacity];
    }

    /**
     * Adds a value, dropping the oldest when full.
     *
     * @throws IllegalArgumentException if it is NaN, which has no place in an order
     */
    public void add(double value) {
        if (Double.isNaN(value)) {
            throw new IllegalArgumentException("NaN has no place in a sorted window");
        }
        // -0.0 sorts before 0.0 in a binary search, yet both are the same to arithmetic.
        double added = value + 0.0;
        int from;
        if (size == ring.length) {
            from = lowerBound(ring[next], size);
        } else {
            from = size++;
        }
        int to = lowerBound(added, from == size - 1 ? from : size);
        if (to > from) {
            to--;
            System.arraycopy(sorted, from + 1, sorted, from, to - from);
        } else {
            System.arraycopy(sorted, to, sorted, to + 1, from - to);
        }
        sorted[to] = added;
        ring[next] = added;
        next = next + 1 == ring.length ? 0 : next + 1;
    }

    /** Index of the first of {@code n} values that is not below the given one; without branches that depend on them. */
    private int lowerBound(double value, int n) {
        if (n == 0) {
            return 0;
        }
        int base = 0;
        int length = n;
        while (length > 1) {
            int half = length >>> 1;
            base += sorted[base + half - 1] < value ? half : 0;
            length -= half;
        }
        return base + (sorted[base] < value ? 1 : 0);
    }

    /** Forgets all values. */
    public void clear() {
        size = 0;
        next = 0;
    }

    public int size() {
        return size;
    }

    public int capacity() {
        return ring.length;
    }

    /** Lowest value; NaN when empty. */
    public double min() {
        return size == 0 ? Double.NaN : sorted[0];
    }

    /** Highest value; NaN when empty. */
    public double max() {
        return size == 0 ? Double.NaN : sorted[size - 1];
    }

    /** Median; NaN when empty. */
    public double median() {
        return Robust.medianOfSorted(sorted, size);
    }

    /** Unscaled median absolute deviation; NaN when empty. Cost grows with the window. */
    public double mad() {
        return Robust.madOfSorted(sorted, size, median());
    }

    /** Quantile (type 7); NaN when empty. */
    public double quantile(double q) {
        return Robust.quantileOfSorted(sorted, size, q);
    }
}
