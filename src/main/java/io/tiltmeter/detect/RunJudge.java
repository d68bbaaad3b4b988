package io.tiltmeter.detect;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.StepPoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs all enabled detectors of single runs over one run's points. Not thread-safe. */
public final class RunJudge {
    private final RunRecord run;
    private final List<Detector> detectors = new ArrayList<>();
    private final List<Detector.Tracker> trackers = new ArrayList<>();

    /**
     * What the detectors say of a run.
     *
     * @param findings in {@linkplain Finding#ORDER order}
     * @param coverage one entry a detector, ordered by detector id
     */
    public record Verdict(List<Finding> findings, List<Coverage> coverage) {
        public Verdict {
            findings = List.copyOf(findings);
            coverage = List.copyOf(coverage);
        }
    }

    /**
     * @param settings by detector id; detectors that are missing run with their defaults
     */
    public RunJudge(RunRecord run, Map<String, DetectorSettings> settings) {
        this(run, settings, Detectors.ofRuns());
    }

    /** The same with a given list of detectors, ordered by id; saves looking them up again for every run. */
    public RunJudge(RunRecord run, Map<String, DetectorSettings> settings, List<Detector> available) {
        this.run = run;
        for (Detector detector : available) {
            DetectorSettings own = settings.get(detector.info().id());
            DetectorSettings used = own == null ? DetectorSettings.defaults(detector.info()) : own;
            if (used.enabled()) {
                detectors.add(detector);
                trackers.add(detector.track(new Detector.RunContext(run), used));
            }
        }
    }

    /** A new attempt begins. Optional: a point of a new attempt says so too. */
    public void attempt(int number, Optional<AttemptRecord> attempt) {
        for (Detector.Tracker tracker : trackers) {
            tracker.attempt(number, attempt);
        }
    }

    /** Shows the next point to every detector. */
    public void observe(StepPoint point) {
        // No iterator: this is the hot loop of the scan.
        for (int i = 0; i < trackers.size(); i++) {
            trackers.get(i).observe(point);
        }
    }

    /** Shows what the workers did in the next window of steps to every detector. */
    public void workers(WorkerWindow window) {
        trackers.forEach(tracker -> tracker.workers(window));
    }

    /** The verdict over the points so far. */
    public Verdict finish() {
        List<Finding> findings = new ArrayList<>();
        List<Coverage> coverage = new ArrayList<>();
        for (int i = 0; i < trackers.size(); i++) {
            Detector.Assessment assessment = trackers.get(i).assess();
            findings.addAll(assessment.findings());
            coverage.add(
                    new Coverage(run.runId(), detectors.get(i).info().id(), assessment.status(), assessment.reason()));
        }
        findings.sort(Finding.ORDER);
        return new Verdict(findings, coverage);
    }
}
