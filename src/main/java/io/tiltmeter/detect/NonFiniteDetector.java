package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.List;

/**
 * A loss, norm, input or label is NaN or infinite. A gradient that overflows on a step which dynamic loss scaling then
 * skips is that scheme at work and information only; a metric that is non-finite to its end is an error. Where a worker's
 * own value is non-finite while another's is not, before the reduction spreads it to all, that worker is named, and is the
 * cause unless its data was bad. Also tells when a step is logged without the loss that every step before it had, while the
 * optimizer stood still.
 */
@AutoService(Detector.class)
public final class NonFiniteDetector implements Detector {
    static final String ID = "non-finite";
    private static final List<Metric> METRICS =
            List.of(Metric.LOSS, Metric.EVAL_LOSS, Metric.GRAD_NORM, Metric.PARAM_NORM, Metric.UPDATE_NORM);
    private static final List<Metric> COUNTS = List.of(Metric.NAN_INPUTS, Metric.NAN_LABELS);
    private static final int USUAL = 3;
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Non-finite values",
            "NaN or infinity in the loss, a norm, the inputs or the labels. From the weights on it spreads to everything.",
            List.of("loss", "eval_loss", "grad_norm", "param_norm", "update_norm", "nan_inputs", "nan_labels"),
            List.of(
                    new Parameter(
                            "count",
                            1,
                            "values",
                            "Non-finite values of one metric from which it is reported",
                            new Derived(
                                    "A sound step has none; Amazon SageMaker Debugger and Megatron-LM also stop at the first"))),
            "Go back to a checkpoint before the first step. If inputs or labels were non-finite first, drop those records"
                    + " and validate the data; else look for overflow: loss scale, log or division of 0, learning rate.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new NonFiniteTracker(run, settings);
    }

    /** One stretch of non-finite values of one metric. */
    private static final class Stretch {
        private final Metric metric;
        private final int attempt;
        private final int worker;
        private final long from;
        private final String value;
        private long last;
        private long values;
        private long excused;
        private boolean open = true;
        private boolean missing;
        private Cause cause = Cause.NUMERICS;

        Stretch(Metric metric, int attempt, int worker, long from, String value) {
            this.metric = metric;
            this.attempt = attempt;
            this.worker = worker;
            this.from = from;
            this.last = from;
            this.value = value;
        }
    }

    private static final class NonFiniteTracker extends RunTracker {
        private final double count;
        private final Stretch[] open = new Stretch[Metric.count()];
        private final List<Stretch> stretches = new ArrayList<>();
        private long dropped;
        private boolean anyMetric;
        private int lossesInARow;
        private double previousNorm = Double.NaN;
        private double previousScale = Double.NaN;

        NonFiniteTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
            count = settings.get("count");
        }

        @Override
        void restart(int number) {
            for (int i = 0; i < open.length; i++) {
                close(i);
            }
            lossesInARow = 0;
            previousNorm = Double.NaN;
            previousScale = Double.NaN;
        }

        @Override
        void step(StepPoint point) {
            double scale = point.has(Metric.LOSS_SCALE) ? point.value(Metric.LOSS_SCALE) : Double.NaN;
            boolean skipped = (point.has(Metric.SKIPPED) && point.value(Metric.SKIPPED) > 0) || scale < previousScale;
            for (int i = 0; i < METRICS.size(); i++) {
                look(METRICS.get(i), point, skipped);
            }
            for (int i = 0; i < COUNTS.size(); i++) {
                Metric metric = COUNTS.get(i);
                if (point.has(metric)) {
                    anyMetric = true;
                    double value = point.value(metric);
                    if (value > 0) {
                        note(
                                metric,
                                point,
                                false,
                                Evidence.number(value) + " non-finite values",
                                firstBad(metric, point),
                                Cause.DATA);
                    } else {
                        close(metric.ordinal());
                    }
                }
            }
            lookForMissingLoss(point, skipped);
            if (point.has(Metric.GRAD_NORM)) {
                previousNorm = point.value(Metric.GRAD_NORM);
            }
            previousScale = scale;
        }

        private void look(Metric metric, StepPoint point, boolean skipped) {
            if (!point.has(metric)) {
                return;
            }
            anyMetric = true;
            double value = point.value(metric);
            if (Numbers.isUsable(value) && point.nonFinite(metric) == 0) {
                close(metric.ordinal());
                return;
            }
            boolean lossIsFine =
                    point.has(Metric.LOSS) ? Numbers.isUsable(point.value(Metric.LOSS)) : metric != Metric.LOSS;
            boolean excused = skipped && lossIsFine && metric != Metric.PARAM_NORM;
            // The value of the run may be the median of the workers that are sound.
            String what = Numbers.isUsable(value) ? "not finite" : Double.toString(value);
            boolean allAtOnce = point.workers(metric) > 1 && !Numbers.isUsable(point.median(metric));
            int worker = allAtOnce ? StepRecord.NO_WORKER : point.firstNonFinite(metric);
            boolean alone = point.workers(metric) > 1 && worker != StepRecord.NO_WORKER;
            note(metric, point, excused, what, worker, alone && !excused ? culprit(point, worker) : Cause.NUMERICS);
        }

        /** Why one worker's values went bad while its peers' did not. */
        private static Cause culprit(StepPoint point, int worker) {
            for (int i = 0; i < COUNTS.size(); i++) {
                Metric metric = COUNTS.get(i);
                if (point.has(metric) && point.value(metric) > 0) {
                    int bad = firstBad(metric, point);
                    if (bad == worker || bad == StepRecord.NO_WORKER) {
                        return Cause.DATA;
                    }
                }
            }
            return Cause.WORKER;
        }

        /** Worker with the largest count, where workers logged their own. */
        private static int firstBad(Metric metric, StepPoint point) {
            return point.outlierValue(metric) > 0 ? point.outlier(metric) : StepRecord.NO_WORKER;
        }

        /**
         * Megatron-LM leaves the loss out of a line when every iteration it covers was skipped. That counts where the
         * lines before had one, and the optimizer shows that it stood still: the loss scale fell, the step says it was
         * skipped, or the very same gradient norm is printed again.
         */
        private void lookForMissingLoss(StepPoint point, boolean skipped) {
            if (point.has(Metric.LOSS)) {
                lossesInARow++;
                return;
            }
            boolean sameNorm = point.has(Metric.GRAD_NORM)
                    && point.value(Metric.GRAD_NORM) > 0
                    && point.value(Metric.GRAD_NORM) == previousNorm;
            if ((lossesInARow >= USUAL || open[Metric.LOSS.ordinal()] != null) && (skipped || sameNorm)) {
                note(Metric.LOSS, point, skipped, "absent", StepRecord.NO_WORKER, Cause.NUMERICS);
                Stretch stretch = open[Metric.LOSS.ordinal()];
                if (stretch != null && stretch.from == point.step()) {
                    stretch.missing = true;
                }
            }
            if (point.has(Metric.GRAD_NORM) || point.has(Metric.LOSS_SCALE)) {
                lossesInARow = 0;
            }
        }

        private void note(Metric metric, StepPoint point, boolean excused, String value, int worker, Cause cause) {
            Stretch stretch = open[metric.ordinal()];
            if (stretch == null) {
                stretch = new Stretch(metric, point.attempt(), worker, point.step(), value);
                stretch.cause = cause;
                open[metric.ordinal()] = stretch;
                if (stretches.size() < 2 * MAX_FINDINGS) {
                    stretches.add(stretch);
                } else {
                    dropped++;
                }
            }
            stretch.last = point.step();
            stretch.values++;
            stretch.excused += excused ? 1 : 0;
        }

        private void close(int metric) {
            Stretch stretch = open[metric];
            if (stretch != null) {
                stretch.open = false;
                open[metric] = null;
            }
        }

        @Override
        public Assessment assess() {
            if (!anyMetric) {
                return Assessment.notObservable("none of loss, norms, nan_inputs and nan_labels was logged");
            }
            List<Finding> findings = new ArrayList<>();
            for (Stretch stretch : stretches) {
                if (stretch.values >= count) {
                    findings.add(describe(stretch));
                }
            }
            return Assessment.observed(FindingList.capped(findings, dropped));
        }

        private Finding describe(Stretch s) {
            boolean data = COUNTS.contains(s.metric);
            boolean normal = s.excused == s.values;
            Severity severity = data
                    ? Severity.WARNING
                    : normal ? Severity.INFO : s.open && !s.missing ? Severity.ERROR : Severity.WARNING;
            boolean first = s.cause == Cause.WORKER || (s.cause == Cause.DATA && !data);
            String where = s.worker == StepRecord.NO_WORKER
                    ? ""
                    : " on worker " + s.worker + (first ? " while it was finite on others" : "");
            String until = s.open ? "to the end of the log" : "up to step " + s.last;
            return Evidence.of(runId, ID)
                    .metric(s.metric)
                    .worker(s.worker)
                    .steps(s.attempt, s.from, s.last, s.from)
                    .score(s.values, count)
                    .verdict(severity, s.cause)
                    .text(
                            "%s was %s at step %d%s, %s in a row, %s%s",
                            s.metric.column(),
                            s.value,
                            s.from,
                            where,
                            Evidence.plural(s.values, "logged point"),
                            until,
                            normal ? "; these steps were skipped by loss scaling" : "")
                    .finding();
        }
    }
}
