package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.model.Stride;
import io.tiltmeter.stats.Robust;
import io.tiltmeter.stats.SortedWindow;
import java.util.List;

/**
 * A run seen from its beginning whose loss never fell in earnest: the lowest smoothed loss is hardly below the first
 * losses, after many logged points. Says nothing of runs that begin converged elsewhere (a log that starts late).
 */
@AutoService(Detector.class)
public final class NoLearningDetector implements Detector {
    private static final String ID = "no-learning";
    private static final int STARTS = 5;
    private static final int SMOOTH = 21;
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "No learning",
            "The loss never fell in earnest since the run began: learning rate, data, labels or gradients are broken.",
            List.of(Metric.LOSS.column(), Metric.EVAL_LOSS.column()),
            List.of(
                    new Parameter(
                            "fall",
                            0.01,
                            "1",
                            "Relative fall of the smoothed loss below its start that is too little",
                            new Published("AutoTrainer (ICSE 2021): a best gain below 0.01 is no progress")),
                    new Parameter(
                            "points",
                            200,
                            "points",
                            "Logged losses before anything is said",
                            new Derived(
                                    "Sound runs with a warm-up lose 10 % within 100 points; twice that is generous"))),
            "Check that gradients reach the parameters and the learning rate is not 0, that labels belong to their inputs,"
                    + " and overfit one batch.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new LearningTracker(run, settings);
    }

    private static final class Progress {
        private final double[] first = new double[STARTS];
        private final SortedWindow smooth = new SortedWindow(SMOOTH);
        private long count;
        private boolean positive = true;
        private double best = Double.POSITIVE_INFINITY;
        private long from;
        private long to;

        void observe(StepPoint point, Metric metric) {
            if (!point.has(metric) || !Numbers.isUsable(point.value(metric))) {
                return;
            }
            double value = point.value(metric);
            if (count == 0) {
                from = point.step();
            }
            to = Math.max(to, point.step());
            positive &= value > 0;
            if (count < STARTS) {
                first[(int) count] = value;
            }
            count++;
            smooth.add(value);
            if (smooth.size() == SMOOTH) {
                best = Math.min(best, smooth.median());
            }
        }

        double start() {
            return Robust.median(first);
        }
    }

    private static final class LearningTracker extends RunTracker {
        private final Progress loss = new Progress();
        private final Progress evalLoss = new Progress();

        LearningTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
        }

        @Override
        void step(StepPoint point) {
            loss.observe(point, Metric.LOSS);
            evalLoss.observe(point, Metric.EVAL_LOSS);
        }

        @Override
        public Assessment assess() {
            Progress progress = loss.count > 0 ? loss : evalLoss;
            Metric metric = loss.count > 0 ? Metric.LOSS : Metric.EVAL_LOSS;
            double needed = settings.get("points");
            if (progress.count == 0) {
                return Assessment.notObservable("no finite loss was logged");
            }
            if (!progress.positive) {
                return Assessment.inconclusive("needs a positive loss, got values of 0 or less");
            }
            if (progress.count < Math.max(needed, SMOOTH)) {
                return Assessment.inconclusive(
                        "needs " + (long) Math.max(needed, SMOOTH) + " finite losses, got " + progress.count);
            }
            double stride = Stride.of(progress.from, progress.to, progress.count);
            if (progress.from > 2 * stride) {
                return Assessment.inconclusive(
                        "needs the run's beginning, got its log from step " + progress.from + " on");
            }
            double fall = 1 - progress.best / progress.start();
            if (fall >= settings.get("fall")) {
                return Assessment.observed(List.of());
            }
            Finding finding = Evidence.of(runId, ID)
                    .metric(metric)
                    .steps(attempt, progress.from, progress.to, progress.to)
                    .score(fall, settings.get("fall"))
                    .verdict(Severity.ERROR, Cause.OPTIMIZER)
                    .text(
                            "%s began at %s and never fell below %s (%.2f %%) in %d logged points",
                            metric.column(),
                            Evidence.number(progress.start()),
                            Evidence.number(progress.best),
                            100 * fall,
                            progress.count)
                    .finding();
            return Assessment.observed(List.of(finding));
        }
    }
}
