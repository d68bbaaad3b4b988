package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.model.Stride;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run that ended well before the step it was meant to reach. A log may be an excerpt, so the plan alone makes a warning
 * only where the log has no holes and begins with the run; a tracker's status {@code failed} makes it an error.
 */
@AutoService(Detector.class)
public final class AbortedRunDetector implements Detector {
    private static final String ID = "aborted-run";
    private static final int ENOUGH = 100;
    private static final double HOLE = 20;
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Aborted run",
            "The run stopped before the step it was planned to reach.",
            List.of(),
            List.of(
                    new Parameter(
                            "share",
                            0.9,
                            "1",
                            "Share of the planned steps a run must reach",
                            new Derived("Logging intervals and a last partial epoch leave out less than a tenth")),
                    new Parameter(
                            "failed",
                            1,
                            "1",
                            "Times the status 'failed' must be there to be told of a run that has no plan or reached it; it"
                                    + " is there once at most, so above 1 only a run that ended early is told",
                            new Derived("A tracker writes it once, when the process ended with an error"))),
            "See how the job ended (exit code, preemption, node failure, a person) and what the metrics did just before.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new EndTracker(run, settings);
    }

    private static final class EndTracker extends RunTracker {
        private final @Nullable Long planned;
        private final @Nullable String status;
        private long largestGap;
        private long highest = Long.MIN_VALUE;

        EndTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
            planned = run.run().plannedSteps();
            status = run.run().status();
        }

        @Override
        void step(StepPoint point) {
            if (points > 1) {
                largestGap = Math.max(largestGap, point.step() - lastStep);
            }
            highest = Math.max(highest, point.step());
        }

        @Override
        public Assessment assess() {
            boolean failed = "failed".equals(status);
            if (points == 0) {
                return Assessment.notObservable("no step was logged");
            }
            if ("running".equals(status)) {
                return Assessment.inconclusive("the run is still going");
            }
            if (planned == null && status == null) {
                return Assessment.notObservable("neither a plan nor a status was logged");
            }
            double share = settings.get("share");
            double reached = planned == null || planned <= 0 ? Double.NaN : lastStep / (double) planned;
            boolean early = reached < share && !"finished".equals(status);
            boolean counts = failed && settings.get("failed") <= 1;
            if (!counts && !early) {
                return Assessment.observed(List.of());
            }
            double stride = Stride.of(firstStep, highest, points);
            boolean whole = points >= ENOUGH && firstStep <= 2 * stride && largestGap <= HOLE * stride;
            Severity severity = failed ? Severity.ERROR : whole ? Severity.WARNING : Severity.INFO;
            Evidence finding = Evidence.of(runId, ID)
                    .steps(attempt, lastStep, lastStep, lastStep)
                    .verdict(severity, Cause.INFRASTRUCTURE);
            if (planned == null || !early) {
                return Assessment.observed(List.of(finding.score(1, settings.get("failed"), "failed")
                        .text(
                                "the run's status is 'failed'; its last logged step is %d%s",
                                lastStep, planned == null ? "" : " of " + planned + " planned")
                        .finding()));
            }
            String state = failed
                    ? ", and the run's status is 'failed'"
                    : whole ? "" : "; the log has holes or begins late, so it may be an excerpt";
            return Assessment.observed(List.of(finding.score(reached, share)
                    .text("the log ends at step %d of %d planned (%.0f %%)%s", lastStep, planned, 100 * reached, state)
                    .finding()));
        }
    }
}
