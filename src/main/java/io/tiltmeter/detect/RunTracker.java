package io.tiltmeter.detect;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.StepPoint;
import java.util.Optional;

/** What all trackers share: which attempt it is, how many points were seen, and where the run's log begins. */
abstract class RunTracker implements Detector.Tracker {
    final String runId;
    final DetectorSettings settings;
    int attempt;
    long points;
    long firstStep;
    long lastStep;

    RunTracker(Detector.RunContext context, DetectorSettings settings) {
        this.runId = context.run().runId();
        this.settings = settings;
    }

    @Override
    public final void attempt(int number, Optional<AttemptRecord> record) {
        if (number != attempt) {
            if (points > 0) {
                restart(number);
            }
            attempt = number;
        }
    }

    @Override
    public final void observe(StepPoint point) {
        attempt(point.attempt(), Optional.empty());
        if (points == 0) {
            firstStep = point.step();
        }
        points++;
        step(point);
        lastStep = point.step();
    }

    /** A new attempt begins; {@link #attempt} is still the old one and {@link #lastStep} its last step. */
    void restart(int number) {}

    /** Looks at the next point. {@link #lastStep} is still the step before. */
    abstract void step(StepPoint point);
}
