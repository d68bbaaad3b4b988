package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import java.util.ArrayList;
import java.util.List;

/**
 * After a restart the data cursor does not stand where it should at that step: data are skipped or read again. Where it
 * should stand is known if an earlier start logged the step; else it follows from the steps nearest to it, at their pace.
 */
@AutoService(Detector.class)
public final class DataCursorDetector implements Detector {
    private static final String ID = "data-cursor";
    /** How many distances between logged steps beyond what is known the pace is trusted. */
    private static final int FARTHEST = 100;

    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Data skipped or repeated",
            "After a restart the data cursor is not where the same step had it before: the model sees some data twice, or"
                    + " never.",
            List.of(Metric.CONSUMED_EXAMPLES.column(), Metric.CONSUMED_TOKENS.column()),
            List.of(
                    new Parameter(
                            "batches",
                            1.5,
                            "steps",
                            "Steps' worth of data by which the cursor must be off",
                            new Derived("Loggers differ in whether the cursor counts the step at hand: that is one")),
                    new Parameter(
                            "many",
                            100,
                            "steps",
                            "Steps' worth of data from which it is a warning",
                            new Derived(
                                    "Checkpoints are some hundred steps apart; as much is skipped or read again when the"
                                            + " cursor is not part of them")),
                    new Parameter(
                            "pace",
                            0.05,
                            "1",
                            "Share of the data between the nearest known step and this one by which it must be off as well",
                            new Derived("Batches grow during a run, by a few percent at a time"))),
            "Keep the data loader's position in the checkpoint and restore it. A cursor that begins at 0 with each start may"
                    + " also count that start only.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new CursorTracker(run, settings);
    }

    private static final class CursorTracker extends RunTracker {
        private final List<Finding> findings = new ArrayList<>();
        private final EffectiveCurve curve = new EffectiveCurve(1);
        private Metric metric = Metric.CONSUMED_EXAMPLES;
        private boolean logged;
        private boolean awaiting;
        private int compared;
        private long dropped;

        CursorTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
        }

        @Override
        void restart(int number) {
            curve.restart();
            awaiting = true;
        }

        @Override
        void step(StepPoint point) {
            if (!logged && !point.has(metric) && point.has(Metric.CONSUMED_TOKENS)) {
                metric = Metric.CONSUMED_TOKENS;
            }
            if (!point.has(metric) || !Numbers.isUsable(point.value(metric))) {
                return;
            }
            logged = true;
            double cursor = point.value(metric);
            // At the log's first step nothing is resumed.
            if (awaiting && point.step() > firstStep) {
                compare(point, cursor);
            }
            awaiting = false;
            curve.add(point.step(), cursor);
        }

        private void compare(StepPoint point, double cursor) {
            int last = curve.size() - 1;
            if (last < 1) {
                return;
            }
            int above = curve.from(point.step());
            boolean known = above <= last && curve.step(above) == point.step();
            int near = known ? above : Math.max(0, above - 1);
            int other = near > 0 ? near - 1 : near + 1;
            boolean between = !known && above > 0 && above <= last;
            if (between) {
                other = above;
            }
            long stride = Math.abs(curve.step(near) - curve.step(other));
            double batch = (curve.value(near, 0) - curve.value(other, 0)) / (curve.step(near) - curve.step(other));
            long distance = point.step() - curve.step(near);
            if (!(batch > 0) || !between && Math.abs(distance) > FARTHEST * stride) {
                return;
            }
            compared++;
            // Between two known steps batches may have grown anywhere.
            double expected = between
                    ? Math.max(curve.value(near, 0), Math.min(cursor, curve.value(other, 0)))
                    : curve.value(near, 0) + batch * distance;
            double off = (cursor - expected) / batch;
            double slack = between ? 0 : settings.get("pace") * Math.abs(distance);
            if (Math.abs(off) < Math.max(settings.get("batches"), slack)) {
                return;
            }
            if (findings.size() == MAX_FINDINGS) {
                dropped++;
                return;
            }
            boolean many = Math.abs(off) >= settings.get("many");
            findings.add(Evidence.of(runId, ID)
                    .metric(metric)
                    .steps(point.attempt(), point.step(), point.step(), point.step())
                    .score(Math.abs(off), settings.get(many ? "many" : "batches"), many ? "many" : "")
                    .verdict(many ? Severity.WARNING : Severity.INFO, Cause.DATA)
                    .text(
                            "attempt %d goes on at step %d with %s %s, where %s %s: data of %s steps %s",
                            point.attempt(),
                            point.step(),
                            metric.column(),
                            Evidence.number(cursor),
                            Evidence.number(expected),
                            known
                                    ? "was logged before"
                                    : between
                                            ? "is the nearest that steps logged before allow"
                                            : "follows from step " + curve.step(near),
                            Evidence.number(Math.abs(off)),
                            off > 0 ? "skipped" : "read again")
                    .finding());
        }

        @Override
        public Assessment assess() {
            if (!logged) {
                return Assessment.notObservable("no data cursor was logged");
            }
            if (compared == 0) {
                return Assessment.inconclusive("needs a restart after two logged data cursors, got none");
            }
            return Assessment.observed(FindingList.capped(findings, dropped));
        }
    }
}
