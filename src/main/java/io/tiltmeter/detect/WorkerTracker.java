package io.tiltmeter.detect;

import io.tiltmeter.blocks.WorkerLevels;
import io.tiltmeter.model.StepPoint;

/** What trackers of workers share: they look at windows of workers and not at points of the run. */
abstract class WorkerTracker implements Detector.Tracker {
    static final String NOT_LOGGED = "no two workers logged it, each its own";

    final String runId;
    final DetectorSettings settings;
    private int attempt = -1;

    WorkerTracker(Detector.RunContext context, DetectorSettings settings) {
        this.runId = context.run().runId();
        this.settings = settings;
    }

    @Override
    public final void observe(StepPoint point) {}

    @Override
    public final void workers(WorkerWindow window) {
        if (window.attempt() != attempt) {
            if (attempt >= 0) {
                restart(window.attempt());
            }
            attempt = window.attempt();
        }
        look(window);
    }

    /** A later attempt begins. */
    void restart(int number) {}

    /** Looks at the next window. */
    abstract void look(WorkerWindow window);

    /** Why nothing can be said of so many steps. */
    static Detector.Assessment tooShort(long points) {
        return Detector.Assessment.inconclusive("needs " + LevelWatch.FEWEST_CHUNKS * WorkerLevels.CHUNK
                + " logged steps of two workers, got " + points);
    }
}
