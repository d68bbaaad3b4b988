package io.tiltmeter.validate;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * How often each source occurs, in up to {@value #WINDOWS} windows of equally many rows of a shard. Windows double in width
 * as the shard goes on, so the place of a row alone decides its window, and parts of a shard merge. Of several shards the
 * windows lie upon each other.
 */
public final class Sources {
    /** Most windows; a shard has more than half as many, unless it is shorter. */
    public static final int WINDOWS = 32;

    /** Sources counted one by one; the rest is counted together. */
    public static final int MOST = 64;

    /** Under which what is beyond {@link #MOST} is counted. */
    public static final String OTHERS = "(others)";

    private final TreeMap<String, long[]> counts = new TreeMap<>();
    private long width = 1;

    void add(long row, String source) {
        while (row / width >= WINDOWS) {
            fold();
        }
        of(source)[(int) (row / width)]++;
    }

    private long[] of(String source) {
        boolean known = counts.containsKey(source) || counts.size() < MOST;
        return counts.computeIfAbsent(known ? source : OTHERS, name -> new long[WINDOWS]);
    }

    private void fold() {
        for (long[] windows : counts.values()) {
            for (int i = 0; i < WINDOWS; i++) {
                windows[i] = 2 * i < WINDOWS ? windows[2 * i] + windows[2 * i + 1] : 0;
            }
        }
        width *= 2;
    }

    void merge(Sources other) {
        while (width < other.width) {
            fold();
        }
        long times = width / other.width;
        other.counts.forEach((source, windows) -> {
            long[] into = of(source);
            for (int i = 0; i < WINDOWS; i++) {
                into[(int) (i / times)] += windows[i];
            }
        });
    }

    /** Counts by source and window; empty windows at the end of short shards. */
    public Map<String, long[]> windows() {
        Map<String, long[]> copy = new TreeMap<>();
        counts.forEach((source, windows) -> copy.put(source, windows.clone()));
        return copy;
    }

    /** Counts by source. */
    public Map<String, Long> totals() {
        Map<String, Long> totals = new TreeMap<>();
        counts.forEach((source, windows) -> {
            long sum = 0;
            for (long each : windows) {
                sum += each;
            }
            totals.put(source, sum);
        });
        return totals;
    }

    /** Rows of a window. */
    public long width() {
        return width;
    }

    void write(DataOutput out) throws IOException {
        Varints.write(out, width);
        Varints.write(out, counts.size());
        for (Map.Entry<String, long[]> entry : counts.entrySet()) {
            out.writeUTF(entry.getKey());
            Varints.writeCounts(out, entry.getValue());
        }
    }

    static Sources read(DataInput in) throws IOException {
        Sources sources = new Sources();
        sources.width = Varints.read(in);
        long size = Varints.read(in);
        for (long i = 0; i < size; i++) {
            String source = in.readUTF();
            sources.counts.put(source, Varints.readCounts(in));
        }
        return sources;
    }
}
