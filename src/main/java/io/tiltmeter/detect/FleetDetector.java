package io.tiltmeter.detect;

import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import java.util.LinkedHashMap;
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
    default Map<String, Detector.Assessment> judge(List<Sibling> siblings, DetectorSettings settings) {
        Map<String, Detector.Assessment> answers = new LinkedHashMap<>();
        for (Sibling sibling : siblings) {
            List<RunSummary> others = siblings.stream()
                    .filter(other -> other != sibling)
                    .map(Sibling::summary)
                    .toList();
            answers.put(sibling.run().runId(), judge(sibling.summary(), others, settings));
        }
        return answers;
    }

    /** Judges one run against the others of its project. */
    Detector.Assessment judge(RunSummary run, List<RunSummary> others, DetectorSettings settings);

    /** One run of the project. */
    record Sibling(RunRecord run, RunSummary summary) {}
}
