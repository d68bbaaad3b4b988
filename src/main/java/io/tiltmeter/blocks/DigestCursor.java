package io.tiltmeter.blocks;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.model.StepRecord;
import java.util.Arrays;

/** Walks the steps of a digest in order and shows each as a {@link StepPoint}. */
public final class DigestCursor implements StepPoint {
    private static final int NOT_HERE = -1;

    private final int attempt;
    private final Digest digest;
    private final Digest.Series[] series = new Digest.Series[Metric.count()];
    /** Next index of each series, and the index at the present step or {@link #NOT_HERE}. */
    private final int[] next = new int[Metric.count()];

    private final int[] here = new int[Metric.count()];
    private int at = -1;

    public DigestCursor(int attempt, Digest digest) {
        this.attempt = attempt;
        this.digest = digest;
        Arrays.fill(here, NOT_HERE);
        Arrays.fill(next, NOT_HERE);
        for (Digest.Series one : digest.series()) {
            series[one.metric()] = one;
            next[one.metric()] = 0;
        }
    }

    /** Moves to the next step; false after the last. */
    public boolean advance() {
        at++;
        if (at >= digest.steps().length) {
            return false;
        }
        long step = digest.steps()[at];
        for (int m = 0; m < next.length; m++) {
            int i = next[m];
            if (i != NOT_HERE) {
                boolean logged = i < series[m].steps().length && series[m].steps()[i] == step;
                here[m] = logged ? i : NOT_HERE;
                next[m] = logged ? i + 1 : i;
            }
        }
        return true;
    }

    @Override
    public long step() {
        return digest.steps()[at];
    }

    @Override
    public int attempt() {
        return attempt;
    }

    @Override
    public long timeMicros() {
        return digest.times()[at];
    }

    @Override
    public int stepSpan() {
        return digest.spans()[at];
    }

    @Override
    public boolean has(Metric metric) {
        return here[metric.ordinal()] != NOT_HERE;
    }

    @Override
    public double value(Metric metric) {
        return has(metric) ? series[metric.ordinal()].value()[here[metric.ordinal()]] : Double.NaN;
    }

    @Override
    public int workers(Metric metric) {
        return has(metric) ? series[metric.ordinal()].count()[here[metric.ordinal()]] : 0;
    }

    @Override
    public double median(Metric metric) {
        return has(metric) ? series[metric.ordinal()].median()[here[metric.ordinal()]] : Double.NaN;
    }

    @Override
    public double mad(Metric metric) {
        return has(metric) ? series[metric.ordinal()].mad()[here[metric.ordinal()]] : Double.NaN;
    }

    @Override
    public int outlier(Metric metric) {
        return has(metric) ? series[metric.ordinal()].outlier()[here[metric.ordinal()]] : StepRecord.NO_WORKER;
    }

    @Override
    public double outlierValue(Metric metric) {
        return has(metric) ? series[metric.ordinal()].outlierValue()[here[metric.ordinal()]] : Double.NaN;
    }

    @Override
    public int nonFinite(Metric metric) {
        return has(metric) ? series[metric.ordinal()].nonFinite()[here[metric.ordinal()]] : 0;
    }

    @Override
    public int firstNonFinite(Metric metric) {
        return has(metric) ? series[metric.ordinal()].firstNonFinite()[here[metric.ordinal()]] : StepRecord.NO_WORKER;
    }

    @Override
    public long conflicts() {
        return isFirstConflict() ? digest.conflicts() : 0;
    }

    @Override
    public int conflictWorker() {
        return isFirstConflict() ? digest.firstConflictWorker() : StepRecord.NO_WORKER;
    }

    private boolean isFirstConflict() {
        return digest.conflicts() > 0 && step() == digest.firstConflictStep();
    }
}
