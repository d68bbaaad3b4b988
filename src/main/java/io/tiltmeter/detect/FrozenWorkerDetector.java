package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.blocks.WorkerEvidence.EqualRuns;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Severity;
import java.util.List;

/** A worker says the same over and over, at each step or at a distance, while the others go on. */
@AutoService(Detector.class)
public final class FrozenWorkerDetector implements Detector {
    static final String ID = "frozen-worker";
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Frozen worker",
            "One worker logs the very value of an earlier step again and again, while its peers' change: it is stuck, or it"
                    + " repeats its data.",
            List.of("loss", "batch_hash"),
            List.of(new Parameter(
                    "steps",
                    3,
                    "points",
                    "Logged steps in a row at which the value is that of the same number of steps ago",
                    new Derived(
                            "A loss of new data repeats in all logged digits by chance only; the chance is estimated from"
                                    + " how often different workers agree, and must be below one in a thousand runs"))),
            "See whether the process still reads data and takes part in the reductions; restart the run from a checkpoint"
                    + " without that machine.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new FrozenTracker(run, settings);
    }

    private static final class FrozenTracker extends EqualRunsTracker {
        FrozenTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
        }

        @Override
        boolean isMine(EqualRuns runs, int worker, int twin) {
            return worker == twin;
        }

        @Override
        Finding describe(Stretch stretch, boolean lasting) {
            return Evidence.of(runId, ID)
                    .metric(stretch.metric())
                    .worker(stretch.worker)
                    .steps(stretch.attempt, stretch.from, stretch.to, stretch.from)
                    .score(stretch.count, settings.get("steps"))
                    .verdict(Severity.ERROR, Cause.WORKER)
                    .text(
                            "worker %d logged the %s of %s before at %s in a row, from step %d %s",
                            stretch.worker,
                            stretch.metric(),
                            Evidence.plural(stretch.lag, "step"),
                            Evidence.plural(stretch.count, "step"),
                            stretch.from,
                            lasting ? "to the end of the log" : "to step " + stretch.to)
                    .finding();
        }
    }
}
