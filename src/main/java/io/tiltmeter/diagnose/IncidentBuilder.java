package io.tiltmeter.diagnose;

import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Groups the findings of one run into {@link Incident}s.
 *
 * <p>Findings of one attempt and one family belong together when the next begins before the last has ended, or within 16
 * usual distances between logged steps after it. Families keep apart what is no cause of one another: how the run learns,
 * how long its steps take, and how the run as a whole ended. Of findings that are information only, those that belong to
 * no graver incident make one incident an attempt; findings that a pattern of the fleet covers make none of their own, for
 * the pattern tells them once for all runs.
 */
public final class IncidentBuilder {
    /** Logged points after which an event no longer counts as following from another. */
    private static final int FOLLOWS_WITHIN = 16;

    private final Map<String, String> adviceByDetector;

    /** @param adviceByDetector advice of each detector, by its id */
    public IncidentBuilder(Map<String, String> adviceByDetector) {
        this.adviceByDetector = Map.copyOf(adviceByDetector);
    }

    /** Incidents of a run, ordered by attempt and first step, none of whose findings a pattern covers. */
    public List<Incident> build(RunSummary run, List<Finding> findings) {
        return build(run, findings, finding -> false);
    }

    /**
     * Incidents of a run, ordered by attempt and first step.
     *
     * @param findings all findings of this run, single-run and fleet detectors' alike
     * @param inPattern whether a pattern of the fleet tells this finding; a group of which that is true throughout is left
     *     to the pattern, unless it harmed training (an error)
     */
    public List<Incident> build(RunSummary run, List<Finding> findings, Predicate<Finding> inPattern) {
        // In an excerpt with holes the mean distance is no stride, and a fiftieth of the range is the tighter bound.
        double stride = run.stride();
        double reach =
                Math.min(FOLLOWS_WITHIN * stride, Math.max(4 * stride, (run.lastStep() - run.firstStep()) * 0.02));
        Map<String, List<Finding>> streams = new LinkedHashMap<>();
        findings.stream()
                .sorted(Comparator.comparingInt(Finding::attempt)
                        .thenComparingLong(Finding::stepFrom)
                        .thenComparing(First::of)
                        .thenComparing(Finding.ORDER))
                .forEach(f -> streams.computeIfAbsent(stream(f), k -> new ArrayList<>())
                        .add(f));
        List<Group> groups = new ArrayList<>();
        for (List<Finding> stream : streams.values()) {
            groups.addAll(split(stream, Family.of(stream.get(0)) == Family.RESTARTS ? Double.MAX_VALUE : reach));
        }
        groups.removeIf(
                g -> g.severity() != Severity.ERROR && g.findings.stream().allMatch(inPattern));
        List<Incident> incidents = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        gatherInformation(groups).stream()
                .sorted(Comparator.comparingInt(Group::attempt)
                        .thenComparingLong(Group::firstStep)
                        .thenComparing(g -> First.of(g.findings.get(0))))
                .forEach(g -> incidents.add(incident(run.runId(), g, stride, ids)));
        return incidents;
    }

    /** Findings that may belong together: of one attempt and family; restarts are told once for the run. */
    private static String stream(Finding finding) {
        Family family = Family.of(finding);
        return family == Family.RESTARTS ? family.name() : finding.attempt() + "/" + family;
    }

    private static List<Group> split(List<Finding> stream, double reach) {
        List<Group> groups = new ArrayList<>();
        Group open = null;
        for (Finding finding : stream) {
            if (open == null || finding.stepFrom() > open.lastStep + reach) {
                open = new Group();
                groups.add(open);
            }
            open.add(finding);
        }
        return groups;
    }

    /** One incident an attempt and family for all that is information only. */
    private static List<Group> gatherInformation(List<Group> groups) {
        List<Group> gathered = new ArrayList<>();
        Map<String, Group> information = new HashMap<>();
        for (Group group : groups) {
            if (group.severity() != Severity.INFO) {
                gathered.add(group);
                continue;
            }
            String key = group.attempt() + "/" + Family.of(group.findings.get(0));
            Group known = information.get(key);
            if (known == null) {
                information.put(key, group);
                gathered.add(group);
            } else {
                group.findings.forEach(known::add);
            }
        }
        return gathered;
    }

    private Incident incident(String runId, Group group, double stride, Set<String> ids) {
        List<Finding> findings = group.findings;
        Finding first = FirstCause.of(findings, stride);
        String id = runId + "/" + group.attempt() + "/" + group.firstStep();
        String unique = id;
        for (int i = 2; !ids.add(unique); i++) {
            unique = id + "-" + i;
        }
        Set<String> advice = new LinkedHashSet<>();
        advice.add(adviceByDetector.getOrDefault(first.detector(), ""));
        findings.stream()
                .filter(f -> f.severity() == group.severity())
                .map(f -> adviceByDetector.getOrDefault(f.detector(), ""))
                .limit(2)
                .forEach(advice::add);
        advice.remove("");
        return new Incident(
                unique,
                runId,
                FirstCause.cause(first, findings),
                FirstCause.why(first, findings),
                group.severity(),
                group.attempt(),
                group.firstStep(),
                group.lastStep,
                advice.stream().collect(Collectors.joining(" ")),
                findings);
    }

    private static final class Group {
        private final List<Finding> findings = new ArrayList<>();
        private long lastStep = Long.MIN_VALUE;

        void add(Finding finding) {
            findings.add(finding);
            lastStep = Math.max(lastStep, finding.stepTo());
        }

        int attempt() {
            return findings.get(0).attempt();
        }

        long firstStep() {
            return findings.get(0).stepFrom();
        }

        Severity severity() {
            return findings.stream()
                    .map(Finding::severity)
                    .max(Comparator.naturalOrder())
                    .orElse(Severity.INFO);
        }
    }
}
