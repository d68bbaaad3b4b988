package io.tiltmeter.blocks;

import io.tiltmeter.model.Metric;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Digests as bytes and back, exactly. What is equal across a window, as most counts are, takes a few bytes. */
public final class DigestCodec {
    private DigestCodec() {}

    /** Begins every packed digest; another number when the layout changes. */
    private static final byte VERSION = 4;

    private static final byte ALL_STEPS = 0;
    private static final byte SOME_STEPS = 1;

    /** A number that changes when digests packed before could not be read any more: with the layout or the metrics. */
    public static int fingerprint() {
        int hash = VERSION;
        for (Metric metric : Metric.values()) {
            hash = 31 * hash + metric.column().hashCode();
        }
        return hash;
    }

    /** The digest as bytes. */
    public static byte[] encode(Digest digest) {
        ColumnWriter out = new ColumnWriter();
        int n = digest.steps().length;
        out.putByte(VERSION);
        out.putInt(n);
        out.longs(digest.steps(), n);
        out.longs(digest.times(), n);
        out.ints(digest.spans(), n);
        out.putLong(digest.rows());
        out.putLong(digest.duplicates());
        out.putLong(digest.conflicts());
        out.putLong(digest.firstConflictStep());
        out.putInt(digest.firstConflictWorker());
        out.putByte(digest.series().size());
        for (Digest.Series series : digest.series()) {
            out.putByte(series.metric());
            series(series, digest.steps(), out);
        }
        EvidenceCodec.write(digest.workers(), digest.steps(), out);
        return out.toBytes();
    }

    static void steps(long[] steps, long[] allSteps, ColumnWriter out) {
        if (Arrays.equals(steps, allSteps)) {
            out.putByte(ALL_STEPS);
        } else {
            out.putByte(SOME_STEPS);
            out.putInt(steps.length);
            out.longs(steps, steps.length);
        }
    }

    static long[] steps(ColumnReader in, long[] allSteps) {
        return in.getByte() == ALL_STEPS ? allSteps : in.longs(in.getInt());
    }

    private static void series(Digest.Series series, long[] allSteps, ColumnWriter out) {
        int n = series.steps().length;
        steps(series.steps(), allSteps, out);
        out.doubles(series.value(), n);
        out.ints(series.count(), n);
        out.doubles(series.median(), n);
        out.doubles(series.mad(), n);
        out.ints(series.outlier(), n);
        out.doubles(series.outlierValue(), n);
        out.ints(series.nonFinite(), n);
        out.ints(series.firstNonFinite(), n);
        int workers = series.worker().length;
        out.putInt(workers);
        out.ints(series.worker(), workers);
        out.ints(series.workerCount(), workers);
        out.doubles(series.workerMean(), workers);
        out.doubles(series.workerMin(), workers);
        out.doubles(series.workerMax(), workers);
        out.ints(series.workerNonFinite(), workers);
        out.ints(series.workerOutlier(), workers);
    }

    /**
     * The digest that {@link #encode} wrote.
     *
     * @throws IllegalStateException if the bytes are of another version
     */
    public static Digest decode(byte[] bytes) {
        ColumnReader in = new ColumnReader(bytes);
        byte version = in.getByte();
        if (version != VERSION) {
            throw new IllegalStateException("Digest is of version " + version + ", expected " + VERSION);
        }
        int n = in.getInt();
        long[] steps = in.longs(n);
        long[] times = in.longs(n);
        int[] spans = in.ints(n);
        long rows = in.getLong();
        long duplicates = in.getLong();
        long conflicts = in.getLong();
        long firstConflictStep = in.getLong();
        int firstConflictWorker = in.getInt();
        int count = in.getByte();
        List<Digest.Series> series = new ArrayList<>(count);
        for (int s = 0; s < count; s++) {
            series.add(series(in, steps));
        }
        return new Digest(
                steps,
                times,
                spans,
                rows,
                duplicates,
                conflicts,
                firstConflictStep,
                firstConflictWorker,
                series,
                EvidenceCodec.read(in, steps));
    }

    private static Digest.Series series(ColumnReader in, long[] allSteps) {
        int metric = in.getByte();
        if (metric < 0 || metric >= Metric.count()) {
            throw new IllegalStateException("Digest holds unknown metric " + metric);
        }
        long[] steps = steps(in, allSteps);
        int n = steps.length;
        double[] value = in.doubles(n);
        int[] count = in.ints(n);
        double[] median = in.doubles(n);
        double[] mad = in.doubles(n);
        int[] outlier = in.ints(n);
        double[] outlierValue = in.doubles(n);
        int[] nonFinite = in.ints(n);
        int[] firstNonFinite = in.ints(n);
        int workers = in.getInt();
        return new Digest.Series(
                metric,
                steps,
                value,
                count,
                median,
                mad,
                outlier,
                outlierValue,
                nonFinite,
                firstNonFinite,
                in.ints(workers),
                in.ints(workers),
                in.doubles(workers),
                in.doubles(workers),
                in.doubles(workers),
                in.ints(workers),
                in.ints(workers));
    }
}
