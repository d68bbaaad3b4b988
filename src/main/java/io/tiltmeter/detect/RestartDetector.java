package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import java.util.ArrayList;
import java.util.List;

/** The run was started again, and how many steps it had to repeat. */
@AutoService(Detector.class)
public final class RestartDetector implements Detector {
    private static final String ID = "restart";
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Restart",
            "The run was started again from an earlier step; the steps in between were paid for twice.",
            List.of(),
            List.of(
                    new Parameter(
                            "many",
                            5,
                            "restarts",
                            "Restarts of one run from which they are a warning",
                            new Derived(
                                    "OPT-175B's log book tells of 35 restarts in two months by hand, BLOOM's of one or two"
                                            + " failures a week; five of one run in what a report sees is worth a look")),
                    new Parameter(
                            "replayed-share",
                            0.1,
                            "1",
                            "Share of the run's points that were repeated from which it is a warning",
                            new Derived("A tenth of the cost"))),
            "Find out why it stopped (node, preemption, a person after a divergence); shorten the checkpoint interval if"
                    + " many steps were repeated.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new RestartTracker(run, settings);
    }

    private record Restart(int attempt, long stoppedAt, long resumedAt) {}

    private static final class RestartTracker extends RunTracker {
        private final List<Restart> restarts = new ArrayList<>();
        private long total;
        private long replayed;
        private long highest = Long.MIN_VALUE;
        private boolean awaiting;
        private long stoppedAt;

        RestartTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
        }

        @Override
        void restart(int number) {
            awaiting = true;
            stoppedAt = lastStep;
        }

        @Override
        void step(StepPoint point) {
            if (awaiting) {
                awaiting = false;
                total++;
                if (restarts.size() < MAX_FINDINGS) {
                    restarts.add(new Restart(point.attempt(), stoppedAt, point.step()));
                }
            }
            if (point.step() <= highest) {
                replayed++;
            }
            highest = Math.max(highest, point.step());
        }

        @Override
        public Assessment assess() {
            if (points == 0) {
                return Assessment.notObservable("no step was logged");
            }
            double many = settings.get("many");
            boolean costly = replayed >= settings.get("replayed-share") * points && points >= 100;
            Severity severity = total >= many || costly ? Severity.WARNING : Severity.INFO;
            List<Finding> findings = new ArrayList<>();
            for (Restart restart : restarts) {
                long back = Math.max(0, restart.stoppedAt() - restart.resumedAt() + 1);
                findings.add(Evidence.of(runId, ID)
                        .steps(restart.attempt(), restart.resumedAt(), restart.resumedAt(), restart.resumedAt())
                        .score(total, many)
                        .verdict(severity, Cause.INFRASTRUCTURE)
                        .text(
                                "attempt %d went on at step %d after the one before had reached %d: %s repeated; %s in all",
                                restart.attempt(),
                                restart.resumedAt(),
                                restart.stoppedAt(),
                                Evidence.plural(back, "step"),
                                Evidence.plural(total, "restart"))
                        .finding());
            }
            return Assessment.observed(FindingList.capped(findings, total - restarts.size()));
        }
    }
}
