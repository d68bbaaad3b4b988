package io.tiltmeter.detect;

import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import java.util.List;
import java.util.Map;

/**
 * Judges runs against their siblings (runs of one project), from what is left of them after the scan. Registered with
 * {@code @AutoService(FleetDetector.class)}.
 */
public interface FleetDetector {

    DetectorInfo info();

    /**
     * Judges every run of one project.
     *
     * @param siblings all runs of the project, ordered by run id
     * @return an answer for each run id of {@code siblings}
     */
    Map<String, Detector.Assessment> judge(List<Sibling> siblings, DetectorSettings settings);

    /** One run of the project. */
    record Sibling(RunRecord run, RunSummary summary) {}
}
