package io.tiltmeter.spark;

import io.tiltmeter.config.Settings;
import io.tiltmeter.correlate.DrainRule;
import io.tiltmeter.correlate.DrainRule.AffectedRun;
import io.tiltmeter.correlate.DrainRule.Hit;
import io.tiltmeter.correlate.DrainRule.Presence;
import io.tiltmeter.correlate.DrainRule.Start;
import io.tiltmeter.correlate.FleetRun;
import io.tiltmeter.correlate.FleetRun.Place;
import io.tiltmeter.model.DrainList;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Collects the findings of a night that speak against machines, and holds them against what ran where. */
final class MachineFaults {
    private static final double MICROS_OF_AN_HOUR = 3.6e9;
    /** Logged steps before the last from which on a finding goes on to the end: a chunk and a half. */
    private static final int END = 24;

    private final Map<AttemptId, List<Place>> starts;
    private final WorkerHosts hosts;
    private final List<AffectedRun> affected = new ArrayList<>();
    private int explained;

    /** @param hosts where the workers of the runs with findings ran */
    MachineFaults(WorkerHosts hosts) {
        this.hosts = hosts;
        starts = hosts.starts();
    }

    /**
     * Takes the findings of a run.
     *
     * @param patterns patterns that the run is part of
     */
    void add(RunRecord run, RunSummary summary, List<Finding> findings, List<Pattern> patterns) {
        Map<Integer, List<Hit>> hits = new TreeMap<>();
        for (Finding finding : findings) {
            if (!DrainRule.isOfHardware(finding)
                    || !starts.containsKey(new AttemptId(run.runId(), finding.attempt()))) {
                continue;
            }
            if (DrainRule.isExplained(finding, patterns)) {
                explained++;
                continue;
            }
            hits.computeIfAbsent(finding.attempt(), a -> new ArrayList<>())
                    .add(new Hit(
                            finding,
                            hosts.place(finding).map(Place::device).orElse(null),
                            finding.severity() == Severity.ERROR
                                    && finding.stepTo() >= summary.lastStep() - END * summary.stride()));
        }
        if (!hits.isEmpty()) {
            List<Start> own = new ArrayList<>();
            hits.forEach((attempt, list) -> own.add(
                    new Start(attempt, starts.getOrDefault(new AttemptId(run.runId(), attempt), List.of()), list)));
            affected.add(new AffectedRun(run.runId(), run.runId(), run.project() == null ? "" : run.project(), own));
        }
    }

    /** Whether anything speaks against a machine. */
    boolean any() {
        return !affected.isEmpty();
    }

    /**
     * The machines to drain and to watch.
     *
     * @param spans when each run logged its first and last step, in microseconds
     * @param places where the workers of each run ran
     */
    DrainList list(
            Map<String, RunRecord> runs,
            Map<String, RunSummary> summaries,
            Map<String, long[]> spans,
            Map<String, List<Place>> places,
            Settings.Drain settings) {
        List<AffectedRun> ofLineages = affected.stream()
                .map(run -> new AffectedRun(run.runId(), lineage(run.runId(), runs), run.project(), run.starts()))
                .toList();
        return DrainRule.of(
                ofLineages, presence(summaries, spans, places), explained, settings.fewestRuns(), settings.largestQ());
    }

    /** The run that a run was continued from in the end. */
    private static String lineage(String runId, Map<String, RunRecord> runs) {
        Set<String> seen = new HashSet<>();
        String id = runId;
        while (seen.add(id)) {
            RunRecord run = runs.get(id);
            String parent = run == null ? null : run.parentRunId();
            if (parent == null || parent.isEmpty()) {
                return id;
            }
            id = parent;
        }
        // A circle has no first; any one name serves for all of it.
        return seen.stream().min(String::compareTo).orElse(runId);
    }

    private static Map<String, Presence> presence(
            Map<String, RunSummary> summaries, Map<String, long[]> spans, Map<String, List<Place>> places) {
        Map<String, Presence> presence = new HashMap<>();
        places.forEach((id, own) -> {
            RunSummary summary = summaries.get(id);
            long[] span = spans.getOrDefault(id, new long[] {FleetRun.NO_TIME, FleetRun.NO_TIME});
            double hours = span[0] == FleetRun.NO_TIME ? Double.NaN : (span[1] - span[0]) / MICROS_OF_AN_HOUR;
            double steps = summary == null ? 0 : summary.points();
            int attempts = summary == null ? 1 : Math.max(1, summary.attempts());
            Map<String, Integer> byHost = new HashMap<>();
            own.forEach(place -> byHost.merge(place.host(), place.workers(), Integer::sum));
            // A place counts its workers once for each start.
            byHost.forEach((host, workers) -> presence.merge(
                    host,
                    new Presence(1, hours * workers / attempts, steps * workers / attempts),
                    (a, b) -> new Presence(
                            a.runs() + b.runs(),
                            Double.isNaN(a.workerHours())
                                    ? b.workerHours()
                                    : Double.isNaN(b.workerHours())
                                            ? a.workerHours()
                                            : a.workerHours() + b.workerHours(),
                            a.workerSteps() + b.workerSteps())));
        });
        return presence;
    }
}
