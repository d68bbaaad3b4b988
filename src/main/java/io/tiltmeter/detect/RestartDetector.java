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

/**
 * The run was started again, and how many steps it had to repeat. A start that goes back to the log's first step after the
 * planned last step had been reached repeats nothing: the log holds several runs.
 */
@AutoService(Detector.class)
public final class RestartDetector implements Detector {
    private static final String ID = "restart";
    private static final int ENOUGH = 100;
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

    /** @param anew whether the run had been finished before and began from its first step */
    private record Restart(int attempt, long stoppedAt, long resumedAt, boolean anew) {}

    private static final class RestartTracker extends RunTracker {
        private final List<Restart> restarts = new ArrayList<>();
        private final long planned;
        private long dropped;
        private long total;
        private long replayed;
        private long highest = Long.MIN_VALUE;
        private boolean awaiting;
        private long stoppedAt;

        RestartTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
            Long steps = run.run().plannedSteps();
            planned = steps == null || steps <= 0 ? Long.MAX_VALUE : steps;
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
                boolean anew = stoppedAt >= planned && point.step() <= firstStep;
                total += anew ? 0 : 1;
                if (anew) {
                    highest = Long.MIN_VALUE;
                }
                if (restarts.size() < MAX_FINDINGS) {
                    restarts.add(new Restart(point.attempt(), stoppedAt, point.step(), anew));
                } else {
                    dropped++;
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
            double share = replayed / (double) points;
            boolean costly = share >= settings.get("replayed-share") && points >= ENOUGH;
            List<Finding> findings = new ArrayList<>();
            for (Restart restart : restarts) {
                findings.add(describe(restart, many, share, costly));
            }
            return Assessment.observed(FindingList.capped(findings, dropped));
        }

        private Finding describe(Restart restart, double many, double share, boolean costly) {
            boolean often = total >= many;
            Evidence finding = Evidence.of(runId, ID)
                    .steps(restart.attempt(), restart.resumedAt(), restart.resumedAt(), restart.resumedAt());
            if (restart.anew()) {
                return finding.score(total, many)
                        .verdict(Severity.INFO, Cause.INFRASTRUCTURE)
                        .text(
                                "attempt %d began anew at step %d after the one before had reached its planned step %d:"
                                        + " the log holds several runs",
                                restart.attempt(), restart.resumedAt(), restart.stoppedAt())
                        .finding();
            }
            long back = Math.max(0, restart.stoppedAt() - restart.resumedAt() + 1);
            finding.verdict(often || costly ? Severity.WARNING : Severity.INFO, Cause.INFRASTRUCTURE)
                    .text(
                            "attempt %d went on at step %d after the one before had reached %d: %s repeated; in all %s,"
                                    + " %.1f %% of the logged points repeated",
                            restart.attempt(),
                            restart.resumedAt(),
                            restart.stoppedAt(),
                            Evidence.plural(back, "step"),
                            Evidence.plural(total, "restart"),
                            100 * share);
            return (costly && !often
                            ? finding.score(share, settings.get("replayed-share"), "replayed-share")
                            : finding.score(total, many))
                    .finding();
        }
    }
}
