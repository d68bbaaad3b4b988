package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import java.util.List;

/**
 * A run that logged no step: it failed before it began, out of memory or at its configuration. An error where the run is
 * known to be empty or failed; where nothing is known of its end, its metrics may be of kinds that are not read.
 */
@AutoService(Detector.class)
public final class EmptyRunDetector implements Detector {
    private static final String ID = "empty-run";
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Empty run",
            "The run exists but logged not a single step: it failed before training began.",
            List.of(),
            List.of(new Parameter(
                    "points",
                    1,
                    "points",
                    "Logged steps a run needs at least",
                    new Derived(
                            "A run that trained logged at least once; no log at all is what out-of-memory at the first"
                                    + " step leaves behind"))),
            "Read the job's own output: out of memory, a missing file or a wrong setting are usual. Rule out that the"
                    + " metrics went elsewhere.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new EmptyTracker(run, settings);
    }

    private static final class EmptyTracker extends RunTracker {
        private final boolean underWay;
        private final boolean known;
        private long withLoss;

        EmptyTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
            underWay = "running".equals(run.run().status())
                    || "planned".equals(run.run().status());
            known = "empty".equals(run.run().status())
                    || "failed".equals(run.run().status());
        }

        @Override
        void step(StepPoint point) {
            if (point.has(Metric.LOSS) || point.has(Metric.EVAL_LOSS)) {
                withLoss++;
            }
        }

        @Override
        public Assessment assess() {
            double needed = settings.get("points");
            if (points >= needed && (withLoss > 0 || !known)) {
                return Assessment.observed(List.of());
            }
            if (underWay) {
                return Assessment.inconclusive("needs " + (long) needed + " logged step, got " + points
                        + " so far; the run is planned or still going");
            }
            return Assessment.observed(List.of(Evidence.of(runId, ID)
                    .steps(attempt, firstStep, lastStep, firstStep)
                    .score(points, needed)
                    .verdict(known ? Severity.ERROR : Severity.WARNING, Cause.INFRASTRUCTURE)
                    .text("%s logged", points == 0 ? "no step was" : Evidence.plural(points, "step") + ", but no loss,")
                    .finding()));
        }
    }
}
