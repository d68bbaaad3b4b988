package io.tiltmeter.correlate;

import io.tiltmeter.model.Finding;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A run with what it was exposed to.
 *
 * @param observed detectors that could judge the run: only such runs are compared
 * @param events its incidents, in order of time
 * @param places where its workers ran; empty if unknown
 * @param firstMicros when its first step was logged, in microseconds since the epoch; {@link #NO_TIME} if unknown
 * @param lastMicros when its last step was logged
 */
public record FleetRun(
        RunRecord run,
        RunSummary summary,
        Set<String> observed,
        List<Event> events,
        List<Place> places,
        long firstMicros,
        long lastMicros) {
    /** The time is unknown. */
    public static final long NO_TIME = Long.MIN_VALUE;

    public FleetRun {
        observed = Set.copyOf(observed);
        events = List.copyOf(events);
        places = List.copyOf(places);
    }

    /**
     * Some workers of a run in one place.
     *
     * @param workers how many of the run's workers (over all its starts) ran there
     */
    public record Place(
            @Nullable String rack, String host, @Nullable String device, int workers) {}

    /**
     * An incident as attribution sees it.
     *
     * @param kind id of the detector of the first grave finding
     * @param step first abnormal step
     * @param timeMicros when that was; {@link #NO_TIME} if unknown
     * @param worker rank at fault, {@link StepRecord#NO_WORKER} if the incident is the run's as a whole
     * @param place where that worker ran, if known
     * @param shards what was read at the incident, and beside it of the shards that incidents of enough runs point at: the
     *     share of steps at which each was read (by that worker, or by any), and whether it was read at the incident
     */
    public record Event(
            String kind,
            String metric,
            Severity severity,
            long step,
            long timeMicros,
            int worker,
            @Nullable Place place,
            double score,
            double threshold,
            Map<String, Reading> shards) {
        public Event {
            shards = Map.copyOf(shards);
        }
    }

    /**
     * How a run read a data shard.
     *
     * @param share share of its steps at which it was read, 0 to 1
     * @param atIncident whether it was read at the incident's first step
     */
    public record Reading(double share, boolean atIncident) {}

    /**
     * The first grave finding of an incident, as an event; empty for one that is information only.
     *
     * @param place where its worker ran, if it names one and that is known
     */
    public static Optional<Event> event(
            List<Finding> findings, long timeMicros, @Nullable Place place, Map<String, Reading> shards) {
        return grave(findings)
                .map(finding -> new Event(
                        finding.detector(),
                        finding.metric(),
                        finding.severity(),
                        finding.stepFrom(),
                        timeMicros,
                        finding.worker(),
                        place,
                        finding.score(),
                        finding.threshold(),
                        shards));
    }

    /** The finding that an incident is known by: the first that is more than information. */
    public static Optional<Finding> grave(List<Finding> findings) {
        return findings.stream().filter(f -> f.severity() != Severity.INFO).findFirst();
    }

    String project() {
        String project = run.project();
        return project == null ? "" : project;
    }
}
