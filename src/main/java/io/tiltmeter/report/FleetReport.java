package io.tiltmeter.report;

import io.tiltmeter.cost.FleetCost;
import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.model.Chart;
import io.tiltmeter.model.CommonTraits;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.DataTrail;
import io.tiltmeter.model.DrainList;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.WorkerMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything a night has to say; the one input of all report writers.
 *
 * @param date the data's date, ISO (yyyy-mm-dd)
 * @param source where the metrics came from, as the user gave it
 * @param runs ordered by run id
 * @param patterns most important first
 * @param detectors descriptions of the detectors that ran, ordered by id
 * @param common what the incidents have in common over all runs
 * @param cost what the runs cost
 * @param drain machines to take out of service, and to watch
 */
public record FleetReport(
        String date,
        String source,
        List<RunReport> runs,
        List<Pattern> patterns,
        List<Rejection> rejected,
        List<DetectorInfo> detectors,
        CommonTraits common,
        FleetCost cost,
        DrainList drain) {

    public FleetReport {
        runs = List.copyOf(runs);
        patterns = List.copyOf(patterns);
        rejected = List.copyOf(rejected);
        detectors = List.copyOf(detectors);
    }

    /** A report that does not look for what the incidents have in common, and not for what the runs cost. */
    public FleetReport(
            String date,
            String source,
            List<RunReport> runs,
            List<Pattern> patterns,
            List<Rejection> rejected,
            List<DetectorInfo> detectors) {
        this(date, source, runs, patterns, rejected, detectors, CommonTraits.NONE, FleetCost.none(), DrainList.NONE);
    }

    public FleetReport withCommon(CommonTraits traits) {
        return new FleetReport(date, source, runs, patterns, rejected, detectors, traits, cost, drain);
    }

    public FleetReport withCost(FleetCost newCost) {
        return new FleetReport(date, source, runs, patterns, rejected, detectors, common, newCost, drain);
    }

    public FleetReport withDrain(DrainList machines) {
        return new FleetReport(date, source, runs, patterns, rejected, detectors, common, cost, machines);
    }

    /** Name of the detector's parameter that a finding's threshold is; empty for a detector that is not listed. */
    public Optional<String> parameter(Finding finding) {
        return detectors.stream()
                .filter(detector -> detector.id().equals(finding.detector()))
                .findFirst()
                .map(detector -> Fleet.judgedBy(detector, finding).name());
    }

    /**
     * One run.
     *
     * @param coverage one entry a detector, ordered by detector id
     * @param incidents ordered by attempt and first step
     * @param charts curves to draw; empty for runs the report only lists
     * @param maps maps of its workers by incident, where one compares workers
     * @param trails trails of data by incident, where a batch can have caused it and something is known of it
     */
    public record RunReport(
            RunRecord run,
            RunSummary summary,
            List<Coverage> coverage,
            List<Incident> incidents,
            List<Chart> charts,
            Map<String, WorkerMap> maps,
            Map<String, DataTrail> trails) {
        public RunReport {
            coverage = List.copyOf(coverage);
            incidents = List.copyOf(incidents);
            charts = List.copyOf(charts);
            maps = Map.copyOf(maps);
            trails = Map.copyOf(trails);
        }

        /** A run of which no more is known than its findings. */
        public RunReport(
                RunRecord run,
                RunSummary summary,
                List<Coverage> coverage,
                List<Incident> incidents,
                List<Chart> charts) {
            this(run, summary, coverage, incidents, charts, Map.of(), Map.of());
        }

        /** The map of workers of an incident, if it compares any. */
        public Optional<WorkerMap> map(Incident incident) {
            return Optional.ofNullable(maps.get(incident.id()));
        }

        /** The trail of an incident's data, if a batch can have caused it and anything is known of it. */
        public Optional<DataTrail> trail(Incident incident) {
            return Optional.ofNullable(trails.get(incident.id()));
        }

        /** Severity of the gravest incident, empty for a run without any. */
        public Optional<Severity> worst() {
            return incidents.stream().map(Incident::severity).max(Severity::compareTo);
        }

        /**
         * Verdict in one word: {@code error}, {@code warning}, {@code info} after the gravest incident; without any {@code
         * sound}, or {@code unknown} if no detector could judge it.
         */
        public String verdict() {
            return worst().map(Severity::text)
                    .orElseGet(() -> coverage.stream().anyMatch(c -> c.status() == Coverage.Status.OBSERVED)
                            ? "sound"
                            : "unknown");
        }
    }
}
