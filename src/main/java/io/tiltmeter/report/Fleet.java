package io.tiltmeter.report;

import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.Severity;
import io.tiltmeter.report.FleetReport.RunReport;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Questions that every writer of a report asks. */
final class Fleet {
    /** All verdicts, the gravest first. */
    static final List<String> VERDICTS = List.of("error", "warning", "info", "sound", "unknown");

    private Fleet() {}

    static Map<String, DetectorInfo> detectorsById(FleetReport report) {
        Map<String, DetectorInfo> detectors = new LinkedHashMap<>();
        report.detectors().forEach(d -> detectors.putIfAbsent(d.id(), d));
        return detectors;
    }

    /** The parameter of its detector that judged a finding. */
    static DetectorInfo.Parameter judgedBy(DetectorInfo detector, Finding finding) {
        return detector.parameters().stream()
                .filter(p -> p.name().equals(finding.parameter()))
                .findFirst()
                .orElse(detector.parameters().get(0));
    }

    /** Number of runs by verdict, the gravest first, zeros included. */
    static Map<String, Integer> verdicts(FleetReport report) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        VERDICTS.forEach(v -> counts.put(v, 0));
        report.runs().forEach(r -> counts.merge(r.verdict(), 1, Integer::sum));
        return counts;
    }

    /** Logged steps over all runs and attempts. */
    static long steps(FleetReport report) {
        return report.runs().stream().mapToLong(r -> r.summary().points()).sum();
    }

    /** Lines or rows of one level that were not taken as they stood. */
    static long rejected(FleetReport report, Rejection.Level level) {
        return report.rejected().stream()
                .filter(r -> r.level() == level)
                .mapToLong(Rejection::count)
                .sum();
    }

    /** Runs with incidents, the gravest first, then by name. */
    static List<RunReport> needingAttention(FleetReport report) {
        return report.runs().stream()
                .filter(r -> r.worst().isPresent())
                .sorted(Comparator.comparing((RunReport r) -> r.worst().orElse(Severity.INFO))
                        .reversed()
                        .thenComparing(r -> r.run().runId()))
                .toList();
    }

    /** The first of the gravest incidents: the one to speak of when there is room for one. */
    static Optional<Incident> mainIncident(RunReport run) {
        return run.incidents().stream().reduce((a, b) -> b.severity().compareTo(a.severity()) > 0 ? b : a);
    }

    /** The first of the gravest findings of an incident. */
    static Optional<Finding> mainFinding(Incident incident) {
        return incident.findings().stream().reduce((a, b) -> b.severity().compareTo(a.severity()) > 0 ? b : a);
    }

    /** How often a detector could judge a run, and the commonest reason why it could not. */
    record DetectorCoverage(String detector, int observed, int notObservable, int inconclusive, String reason) {}

    /** Coverage of each detector over the fleet, ordered by id. */
    static List<DetectorCoverage> coverage(FleetReport report) {
        Map<String, int[]> counts = new java.util.TreeMap<>();
        Map<String, Map<String, Integer>> reasons = new LinkedHashMap<>();
        for (RunReport run : report.runs()) {
            for (Coverage coverage : run.coverage()) {
                counts.computeIfAbsent(coverage.detector(), d -> new int[Coverage.Status.values().length])[
                        coverage.status().ordinal()]++;
                if (coverage.status() != Coverage.Status.OBSERVED) {
                    reasons.computeIfAbsent(coverage.detector(), d -> new java.util.TreeMap<>())
                            .merge(coverage.reason(), 1, Integer::sum);
                }
            }
        }
        return counts.entrySet().stream()
                .map(e -> new DetectorCoverage(
                        e.getKey(),
                        e.getValue()[Coverage.Status.OBSERVED.ordinal()],
                        e.getValue()[Coverage.Status.NOT_OBSERVABLE.ordinal()],
                        e.getValue()[Coverage.Status.INCONCLUSIVE.ordinal()],
                        commonest(reasons.getOrDefault(e.getKey(), Map.of()))))
                .toList();
    }

    private static String commonest(Map<String, Integer> counts) {
        return counts.entrySet().stream()
                .reduce((a, b) -> b.getValue() > a.getValue() ? b : a)
                .map(Map.Entry::getKey)
                .orElse("");
    }
}
