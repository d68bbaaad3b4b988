package io.tiltmeter.validate;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Keys of rows, as hashes of 128 bits, with the numbers of the rows: gathers them, and says which are there more than once.
 * Different keys have the same hash with a chance of 2⁻¹²⁸; whole numbers never in a column.
 */
public final class RowKeys implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int BUCKET_BITS = 8;

    /** Parts that keys are dealt to by their hash. */
    public static final int BUCKETS = 1 << BUCKET_BITS;

    private long[] high;
    private long[] low;
    private long[] rows;
    private int size;
    // Rows left out because two with the same key are here.
    private long more;

    /** Holds none. */
    public RowKeys() {
        this(16);
    }

    private RowKeys(int room) {
        high = new long[room];
        low = new long[room];
        rows = new long[room];
    }

    private static int bucket(long high) {
        return (int) (high >>> (Long.SIZE - BUCKET_BITS));
    }

    /**
     * Adds a key.
     *
     * @param row {@linkplain RowPlace#number number} of the row that has it
     */
    public void add(long highBits, long lowBits, long row) {
        ensure(size + 1L);
        high[size] = highBits;
        low[size] = lowBits;
        rows[size++] = row;
    }

    /** Adds all of others. */
    public void addAll(RowKeys others) {
        ensure((long) size + others.size);
        System.arraycopy(others.high, 0, high, size, others.size);
        System.arraycopy(others.low, 0, low, size, others.size);
        System.arraycopy(others.rows, 0, rows, size, others.size);
        size += others.size;
        more += others.more;
    }

    private void ensure(long length) {
        if (length > Integer.MAX_VALUE - 8) {
            throw new IllegalStateException("More than " + (Integer.MAX_VALUE - 8) + " keys in one part");
        }
        if (length > high.length) {
            int longer = (int) Math.min(Integer.MAX_VALUE - 8, Math.max(length, 2L * high.length));
            high = Arrays.copyOf(high, longer);
            low = Arrays.copyOf(low, longer);
            rows = Arrays.copyOf(rows, longer);
        }
    }

    /** Keys held: of those that are there often, fewer than were added once {@link #dealt} has thinned them. */
    public int size() {
        return size;
    }

    /** The keys by the {@value #BUCKETS} parts, at most two rows of each: what many rows share takes no room. */
    public RowKeys[] dealt() {
        boolean[] leftOut = new boolean[size];
        int[] sizes = new int[BUCKETS];
        for (int i = 0; i < size; i++) {
            sizes[bucket(high[i])]++;
        }
        // No longer than they have to be: they are about to be sent as they are.
        RowKeys[] parts = new RowKeys[BUCKETS];
        Arrays.setAll(parts, bucket -> new RowKeys(sizes[bucket]));
        int[] repeated = repeated();
        int same = 0;
        for (int i = 0; i < repeated.length; i++) {
            same = i > 0 && isSame(repeated[i - 1], repeated[i]) ? same + 1 : 0;
            leftOut[repeated[i]] = same > 1;
        }
        for (int i = 0; i < size; i++) {
            RowKeys part = parts[bucket(high[i])];
            if (leftOut[i]) {
                part.more++;
            } else {
                part.add(high[i], low[i], rows[i]);
            }
        }
        return parts;
    }

    private boolean isSame(int a, int b) {
        return high[a] == high[b] && low[a] == low[b];
    }

    /** Which keys have the first half of their hash in common with another, in the order of keys, then of rows. */
    private int[] repeated() {
        long[] sorted = Arrays.copyOf(high, size);
        Arrays.sort(sorted);
        int repeats = 0;
        for (int i = 1; i < size; i++) {
            if (sorted[i] == sorted[i - 1] && (repeats == 0 || sorted[repeats - 1] != sorted[i])) {
                sorted[repeats++] = sorted[i];
            }
        }
        if (repeats == 0) {
            return new int[0];
        }
        int halves = repeats;
        return IntStream.range(0, size)
                .filter(i -> Arrays.binarySearch(sorted, 0, halves, high[i]) >= 0)
                .boxed()
                .sorted(Comparator.<Integer>comparingLong(i -> high[i])
                        .thenComparingLong(i -> low[i])
                        .thenComparingLong(i -> rows[i]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /**
     * What the keys come to.
     *
     * @param listed most pairs of rows with the same key that are named, the first rows first
     */
    public KeyRepeats repeats(int listed) {
        KeyRepeats repeats = new KeyRepeats(size + more, size, size, new long[0]);
        int[] repeated = repeated();
        for (int i = 0; i < repeated.length; ) {
            int end = i + 1;
            while (end < repeated.length && isSame(repeated[i], repeated[end])) {
                end++;
            }
            if (end > i + 1) {
                KeyRepeats one = new KeyRepeats(
                        0, 1 - (end - i), -(end - i), new long[] {rows[repeated[i]], rows[repeated[i + 1]]});
                repeats = repeats.plus(one, listed);
            }
            i = end;
        }
        return repeats;
    }
}
