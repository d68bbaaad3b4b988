package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.GateStatus;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import java.util.List;
import java.util.Optional;

/** The run trained on data that the gate had refused, or that was no longer the data that had passed. */
@AutoService(Detector.class)
public final class RefusedDataDetector implements Detector {
    private static final String ID = "refused-data";
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Data the gate refused",
            "The run trained on data whose verdict was a failure, or which had changed since it passed. A run without a"
                    + " verdict cannot be judged: the gate has not seen its data.",
            List.of(),
            List.of(new Parameter(
                    "verdicts",
                    1,
                    "verdicts",
                    "Refusals of a run's data from which it is reported",
                    new Derived("a run has one verdict, and the gate refuses only what breaks training"))),
            "Read the verdict that the run names, mend the data, and validate it again; train with --require-verdict, which"
                    + " does not begin on such data.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new VerdictTracker(run, settings);
    }

    private static final class VerdictTracker extends RunTracker {
        private final RunRecord run;

        VerdictTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
            this.run = run.run();
        }

        @Override
        void step(StepPoint point) {
            // The verdict is about the run as a whole.
        }

        @Override
        public Assessment assess() {
            Optional<GateStatus> status = GateStatus.of(run);
            if (run.verdictId() == null || status.isEmpty()) {
                return Assessment.notObservable("the run names no verdict of the gate");
            }
            double needed = settings.get("verdicts");
            if (status.get() == GateStatus.PASSED || needed > 1) {
                return Assessment.observed(List.of());
            }
            return Assessment.observed(List.of(Evidence.of(runId, ID)
                    .steps(attempt, firstStep, firstStep, firstStep)
                    .score(1, needed)
                    .verdict(Severity.WARNING, Cause.DATA)
                    .text(
                            status.get() == GateStatus.FAILED
                                    ? "The gate refused the data of this run: verdict %s"
                                    : "The data has changed since the gate let it pass: verdict %s",
                            run.verdictId())
                    .finding()));
        }
    }
}
