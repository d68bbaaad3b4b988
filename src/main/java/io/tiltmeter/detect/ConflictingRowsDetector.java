package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.model.StepRecord;
import java.util.List;

/**
 * The same cell (run, attempt, worker, step and metric) was logged with different values, so the table's key does not hold.
 * A cell that came again with the same value is no finding.
 */
@AutoService(Detector.class)
public final class ConflictingRowsDetector implements Detector {
    private static final String ID = "conflicting-rows";
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Conflicting rows",
            "One worker's metric at one step was logged more than once, with different values: two jobs wrote under one run,"
                    + " or a restart kept the number of the attempt before. The value logged last was used, between equal"
                    + " times the larger; other findings of these steps may mix two curves.",
            List.of(),
            List.of(new Parameter(
                    "cells",
                    1,
                    "values",
                    "Values for a cell that already had another, from which it is reported",
                    new Derived(
                            "Run, attempt, worker, step and metric are the key of the table: one value that contradicts"
                                    + " another breaks it"))),
            "Look for two jobs with one run id and for files that were imported twice in different versions; give every"
                    + " restart a number of attempt of its own, then import again.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new ConflictTracker(run, settings);
    }

    private static final class ConflictTracker extends RunTracker {
        private long conflicts;
        private int ofAttempt;
        private long step;
        private int worker = StepRecord.NO_WORKER;

        ConflictTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
        }

        @Override
        void step(StepPoint point) {
            long here = point.conflicts();
            if (here > 0 && conflicts == 0) {
                ofAttempt = point.attempt();
                step = point.step();
                worker = point.conflictWorker();
            }
            conflicts += here;
        }

        @Override
        public Assessment assess() {
            if (points == 0) {
                return Assessment.notObservable("no step was logged");
            }
            double needed = settings.get("cells");
            if (conflicts == 0 || conflicts < needed) {
                return Assessment.observed(List.of());
            }
            return Assessment.observed(List.of(Evidence.of(runId, ID)
                    .worker(worker)
                    .steps(ofAttempt, step, step, step)
                    .score(conflicts, needed)
                    .verdict(Severity.WARNING, Cause.INFRASTRUCTURE)
                    .text(
                            "%s came for a metric of a worker and step that already had another; the first at step %d of"
                                    + " attempt %d, %s; the one logged last was used, between equal times the larger",
                            Evidence.plural(conflicts, "value"),
                            step,
                            ofAttempt,
                            worker == StepRecord.NO_WORKER ? "of the run as a whole" : "worker " + worker)
                    .finding()));
        }
    }
}
