package io.tiltmeter.detect;

import com.google.auto.service.AutoService;
import io.tiltmeter.blocks.WorkerEvidence.EqualRuns;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Severity;
import java.util.List;

/** Two workers are fed the same data: their batches have equal fingerprints, or their own losses are equal to the last bit. */
@AutoService(Detector.class)
public final class DuplicatedDataDetector implements Detector {
    static final String ID = "duplicated-data";
    private static final DetectorInfo INFO = new DetectorInfo(
            ID,
            "Duplicated data",
            "Two workers that should see different data got the same batches: some data counts twice and other data is not"
                    + " seen.",
            List.of("loss", "batch_hash"),
            List.of(
                    new Parameter(
                            "steps",
                            3,
                            "points",
                            "Logged steps in a row with equal batch hashes, or local losses equal to the last bit",
                            new Derived(
                                    "Losses of other data agree in all logged digits by chance; the chance is estimated from"
                                            + " the run's other pairs and three in a row must be below one in a thousand runs"))),
            "Compare the sampler's rank, world size and seed on both workers, and the shards they were given.");

    @Override
    public DetectorInfo info() {
        return INFO;
    }

    @Override
    public Tracker track(RunContext run, DetectorSettings settings) {
        return new TwinTracker(run, settings);
    }

    private static final class TwinTracker extends EqualRunsTracker {
        TwinTracker(RunContext run, DetectorSettings settings) {
            super(run, settings);
        }

        @Override
        boolean isMine(EqualRuns runs, int worker, int twin) {
            // Where most batches are alike and nobody says who reads what, these may be ranks that share a model.
            boolean told = layout.differInData(worker, twin) || 2 * runs.equal() <= runs.compared();
            return worker != twin && told && !layout.shareData(worker, twin);
        }

        @Override
        Finding describe(Stretch stretch, boolean lasting) {
            return Evidence.of(runId, ID)
                    .metric(stretch.metric())
                    .worker(stretch.worker)
                    .group("workers " + stretch.twin + " and " + stretch.worker)
                    .steps(stretch.attempt, stretch.from, stretch.to, stretch.from)
                    .score(stretch.count, settings.get("steps"))
                    .verdict(Severity.ERROR, Cause.DATA)
                    .text(
                            "workers %d and %d logged the same %s at %s in a row, from step %d %s",
                            stretch.twin,
                            stretch.worker,
                            stretch.metric(),
                            Evidence.plural(stretch.count, "step"),
                            stretch.from,
                            lasting ? "to the end of the log" : "to step " + stretch.to)
                    .finding();
        }
    }
}
