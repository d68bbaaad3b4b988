package io.tiltmeter.detect;

import java.util.Comparator;
import java.util.List;
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
