package io.tiltmeter.detect;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.stats.Robust;
import io.tiltmeter.stats.SortedWindow;

/**
 * Makes a {@link RunSummary} of a run's points in bounded memory. Losses of the whole run are kept as a thinned trace of
 * at most 1,024 values, each the median of the values it stands for; the final loss is the median of the trace's last
 * tenth. Without a training loss the held-out loss takes its place.
 */
public final class RunSummarizer {
    private final RunRecord run;
    private final Trace loss = new Trace();
    private final Trace evalLoss = new Trace();
    private final Replays replays = new Replays();
    private double replayNoise = Double.NaN;
    private int attempts;
    private int workers;
    private long points;
    private long firstStep = Long.MAX_VALUE;
    private long lastStep;

    public RunSummarizer(RunRecord run) {
        this.run = run;
    }

    /** Takes the next point; attempts in order, steps ascending within an attempt. */
    public void observe(StepPoint point) {
        if (points > 0 && point.attempt() != attempts - 1) {
            replayNoise = noiseUpToNow();
            replays.restart();
        }
        replays.observe(point);
        points++;
        attempts = Math.max(attempts, point.attempt() + 1);
        firstStep = Math.min(firstStep, point.step());
        lastStep = point.step();
        for (int i = 0; i < Metric.count(); i++) {
            Metric metric = Metric.of(i);
            if (point.has(metric)) {
                workers = Math.max(workers, point.workers(metric));
            }
        }
        if (point.has(Metric.LOSS)) {
            loss.add(point.value(Metric.LOSS));
        }
        if (point.has(Metric.EVAL_LOSS)) {
            evalLoss.add(point.value(Metric.EVAL_LOSS));
        }
    }

    private double noiseUpToNow() {
        double now = replays.current()
                .filter(it -> it.isMeasured() && it.share() < Replays.SAME_DATA)
                .map(Replays.Replay::earlySpread)
                .orElse(Double.NaN);
        return now > replayNoise || Double.isNaN(replayNoise) ? now : replayNoise;
    }

    /** What the points so far add up to. */
    public RunSummary summary() {
        boolean isEval = loss.finite == 0 && evalLoss.finite > 0;
        Trace judged = isEval ? evalLoss : loss;
        return new RunSummary(
                run.runId(),
                run.project(),
                attempts,
                workers,
                points,
                points == 0 ? 0 : firstStep,
                lastStep,
                loss.count,
                judged.start(),
                judged.end(),
                judged.best,
                evalLoss.end(),
                isEval,
                noiseUpToNow());
    }

    /** A series thinned to a fixed number of medians: when full, neighbours are merged and the grain doubles. */
    private static final class Trace {
        private static final int CAPACITY = 1024;
        private static final int FEWEST = 3;
        private static final int SMOOTH = 5;

        private final double[] kept = new double[CAPACITY];
        private final double[] first = new double[FEWEST];
        private final double[] last = new double[FEWEST];
        private final SortedWindow smooth = new SortedWindow(SMOOTH);
        private double[] bucket = new double[1];
        private int inBucket;
        private int size;
        private long count;
        private long finite;
        private double best = Double.NaN;

        void add(double value) {
            count++;
            if (!Numbers.isUsable(value)) {
                return;
            }
            if (finite < FEWEST) {
                first[(int) finite] = value;
            }
            last[(int) (finite % FEWEST)] = value;
            finite++;
            smooth.add(value);
            if (smooth.size() == SMOOTH || finite <= SMOOTH) {
                double now = smooth.median();
                best = now < best || Double.isNaN(best) ? now : best;
            }
            bucket[inBucket++] = value;
            if (inBucket == bucket.length) {
                flush();
            }
        }

        private void flush() {
            kept[size++] = inBucket == 1 ? bucket[0] : Robust.median(bucket);
            inBucket = 0;
            if (size == CAPACITY) {
                for (int i = 0; i < CAPACITY / 2; i++) {
                    kept[i] = (kept[2 * i] + kept[2 * i + 1]) / 2;
                }
                size = CAPACITY / 2;
                // Grains beyond 64 would only cost memory; they are means of means by then, and a tenth of the run
                // still
                // holds more than 50 of them.
                bucket = new double[Math.min(64, bucket.length * 2)];
            }
        }

        double start() {
            return finite == 0
                    ? Double.NaN
                    : Robust.median(java.util.Arrays.copyOf(first, (int) Math.min(FEWEST, finite)));
        }

        /** Median of the last tenth, of at least the last three values. */
        double end() {
            if (finite == 0) {
                return Double.NaN;
            }
            int grains = Math.max(1, (int) Math.round(size * 0.1));
            if (bucket.length * (long) grains < FEWEST || size == 0) {
                return Robust.median(java.util.Arrays.copyOf(last, (int) Math.min(FEWEST, finite)));
            }
            return Robust.median(java.util.Arrays.copyOfRange(kept, Math.max(0, size - grains), size));
        }
    }
}
