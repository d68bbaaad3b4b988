package io.tiltmeter.detect;

import io.tiltmeter.model.RunRecord;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/** The registry of detectors. */
public final class Detectors {
    private Detectors() {}

    /** All detectors of single runs, ordered by id. */
    public static List<Detector> ofRuns() {
        return ServiceLoader.load(Detector.class, Detector.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparing(d -> d.info().id()))
                .toList();
    }

    /**
     * Those detectors of single runs that judge step by step, ordered by id: they can do so while a run goes on. The
     * others compare workers over {@linkplain WorkerWindow windows}, which only a scan of whole blocks shows.
     */
    public static List<Detector> ofSteps() {
        Detector.RunContext nobody = new Detector.RunContext(RunRecord.of("", null, Map.of()));
        return ofRuns().stream()
                .filter(d -> !(d.track(nobody, DetectorSettings.defaults(d.info())) instanceof WorkerTracker))
                .toList();
    }

    /** All detectors over siblings, ordered by id. */
    public static List<FleetDetector> ofFleets() {
        return ServiceLoader.load(FleetDetector.class, FleetDetector.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparing(d -> d.info().id()))
                .toList();
    }

    /** Descriptions of all detectors, ordered by id. */
    public static List<DetectorInfo> infos() {
        return java.util.stream.Stream.concat(
                        ofRuns().stream().map(Detector::info),
                        ofFleets().stream().map(FleetDetector::info))
                .sorted(Comparator.comparing(DetectorInfo::id))
                .toList();
    }
}
