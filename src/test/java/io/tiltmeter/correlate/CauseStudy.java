package io.tiltmeter.correlate;

import io.tiltmeter.correlate.FleetRun.Event;
import io.tiltmeter.correlate.FleetRun.Place;
import io.tiltmeter.correlate.FleetRun.Reading;
import io.tiltmeter.correlate.PatternFinder.JudgedRun;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;
import io.tiltmeter.simulate.CommonCause;
import io.tiltmeter.simulate.IncidentFleet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** How well common causes planted into simulated fleets are found, and how often chance is taken for one. */
public final class CauseStudy {
    private static final Set<String> DETECTORS =
            Set.of("loss-spike", "non-finite", "step-stall", "divergence", "plateau-among-siblings");

    private CauseStudy() {}

    /**
     * What became of one fleet.
     *
     * @param found whether the planted cause is a pattern on its axis
     * @param bystander whether the innocent one that goes with it is a pattern too
     * @param rejected whether that one is listed as explained by the cause
     * @param others patterns that are not the planted cause
     */
    public record Result(boolean found, boolean bystander, boolean rejected, List<String> others) {}

    /** Makes a fleet and looks for its causes. */
    public static Result run(long seed, int runs, int projects, CommonCause cause) {
        IncidentFleet fleet = new IncidentFleet(seed, runs, projects, cause);
        boolean found = false;
        boolean bystander = false;
        boolean rejected = false;
        List<String> others = new ArrayList<>();
        for (Pattern pattern : patterns(fleet)) {
            if (isPlanted(pattern, cause, fleet.culprit())) {
                found = true;
                rejected |= pattern.confounders().stream()
                        .anyMatch(c -> c.rejected() && c.value().equals(fleet.bystander()));
            } else {
                bystander |= pattern.value().equals(fleet.bystander());
                others.add(pattern.axis() + " " + pattern.value() + " " + pattern.kind() + " q=" + pattern.qValue());
            }
        }
        return new Result(found, bystander, rejected, others);
    }

    private static boolean isPlanted(Pattern pattern, CommonCause cause, String culprit) {
        return switch (cause) {
            case NONE -> false;
            case BAD_HOST ->
                is(pattern, Axis.HOST, "non-finite") && pattern.value().equals(culprit);
            case BAD_SHARD ->
                is(pattern, Axis.SHARD, "divergence") && pattern.value().equals(culprit);
            case STEP_EVENT ->
                is(pattern, Axis.STEP, "loss-spike") && pattern.value().equals(culprit);
            case LEARNING_RATE_EDGE ->
                is(pattern, Axis.SETTING, "divergence") && pattern.value().startsWith(culprit + " ≥ ");
            case DATASET_WITH_TOKENIZER ->
                is(pattern, Axis.DATASET, "plateau-among-siblings")
                        && pattern.value().equals(culprit);
            case TOKENIZER_WITH_DATASET ->
                is(pattern, Axis.TOKENIZER, "plateau-among-siblings")
                        && pattern.value().equals(culprit);
        };
    }

    private static boolean is(Pattern pattern, Axis axis, String kind) {
        return pattern.axis().equals(axis.text()) && pattern.kind().equals(kind);
    }

    /** All patterns of a simulated fleet. */
    static List<Pattern> patterns(IncidentFleet fleet) {
        List<JudgedRun> judged = new ArrayList<>();
        List<List<Finding>> findings = new ArrayList<>();
        Map<String, Integer> readers = new TreeMap<>();
        for (int run = 0; run < fleet.runs(); run++) {
            List<Finding> own = fleet.findings(run);
            findings.add(own);
            judged.add(new JudgedRun(fleet.summary(run), own));
            Set<String> read = new TreeSet<>();
            for (Finding finding : own) {
                if (FleetRun.grave(List.of(finding)).isPresent()) {
                    read.add(finding.detector() + fleet.shardAt(run, finding.stepFrom()));
                }
            }
            read.forEach(shard -> readers.merge(shard, 1, Integer::sum));
        }
        List<FleetRun> runs = new ArrayList<>();
        for (int run = 0; run < fleet.runs(); run++) {
            runs.add(run(fleet, run, findings.get(run), readers));
        }
        return Correlation.find(Map.of(), judged, runs);
    }

    private static FleetRun run(IncidentFleet fleet, int run, List<Finding> findings, Map<String, Integer> readers) {
        Map<Integer, Place> ofWorker = new HashMap<>();
        Map<Place, Integer> workers = new HashMap<>();
        for (TopologyRecord row : fleet.topology(run)) {
            String host = row.host() == null ? "" : row.host();
            Place place = new Place(fleet.rack(host), host, row.device(), 1);
            ofWorker.put(row.worker(), place);
            workers.merge(place, 1, Integer::sum);
        }
        List<Event> events = new ArrayList<>();
        for (Finding finding : findings) {
            Map<String, Reading> shards = new HashMap<>();
            for (String shard : fleet.shards(run)) {
                // As in a night: what was read at the incident, and the shards that enough incidents point at.
                boolean read = fleet.shardAt(run, finding.stepFrom()).equals(shard);
                if (read || readers.getOrDefault(finding.detector() + shard, 0) >= PatternFinder.FEWEST_RUNS) {
                    shards.put(shard, new Reading(1 / 64.0, read));
                }
            }
            @Nullable Place place = finding.worker() == StepRecord.NO_WORKER ? null : ofWorker.get(finding.worker());
            FleetRun.event(List.of(finding), fleet.timeMicros(run, finding.stepFrom()), place, shards)
                    .ifPresent(events::add);
        }
        return new FleetRun(
                fleet.run(run),
                fleet.summary(run),
                DETECTORS,
                events,
                workers.entrySet().stream()
                        .map(e -> new Place(
                                e.getKey().rack(), e.getKey().host(), e.getKey().device(), e.getValue()))
                        .toList(),
                fleet.startMicros(run),
                fleet.timeMicros(run, fleet.steps(run) - 1));
    }
}
