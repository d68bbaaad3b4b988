package io.tiltmeter.diagnose;

import io.tiltmeter.model.DataTrail.Checkpoint;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.Severity;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds the last checkpoint of a run that an incident has not spoilt. */
public final class LastGood {
    /** Detectors whose findings say that steps took long, not that they were wrong. */
    private static final Set<String> OF_TIME = Set.of("straggler", "step-stall");

    private LastGood() {}

    /**
     * What was found.
     *
     * @param checkpoint the last good one, if any
     * @param passedOver later ones before the incident that lie in another incident
     */
    public record Choice(Optional<Checkpoint> checkpoint, int passedOver) {}

    /**
     * The last checkpoint before the first step of an incident that leads to it: of the same start, or of an earlier one and
     * no later than where each start since resumed; and that was not written while another error was going on.
     *
     * @param written checkpoints of the run, in any order
     * @param resumed step at which each start but the first resumed; starts that are missing are not known, and nothing before
     *     them is taken to lead on
     * @param all all incidents of the run
     */
    public static Choice of(
            Incident incident, List<Checkpoint> written, Map<Integer, Long> resumed, List<Incident> all) {
        int passedOver = 0;
        List<Checkpoint> leading = written.stream()
                .filter(c -> c.step() < incident.firstStep() && leads(c, incident.attempt(), resumed))
                .sorted(Comparator.comparingInt(Checkpoint::attempt)
                        .thenComparingLong(Checkpoint::step)
                        .reversed())
                .toList();
        for (Checkpoint checkpoint : leading) {
            if (all.stream().noneMatch(other -> spoils(other, checkpoint, incident))) {
                return new Choice(Optional.of(checkpoint), passedOver);
            }
            passedOver++;
        }
        return new Choice(Optional.empty(), passedOver);
    }

    private static boolean leads(Checkpoint checkpoint, int attempt, Map<Integer, Long> resumed) {
        if (checkpoint.attempt() > attempt) {
            return false;
        }
        for (int start = checkpoint.attempt() + 1; start <= attempt; start++) {
            Long from = resumed.get(start);
            if (from == null || checkpoint.step() > from) {
                return false;
            }
        }
        return true;
    }

    private static boolean spoils(Incident other, Checkpoint checkpoint, Incident incident) {
        return !other.id().equals(incident.id())
                && other.severity() == Severity.ERROR
                && other.attempt() == checkpoint.attempt()
                && other.firstStep() <= checkpoint.step()
                && other.lastStep() >= checkpoint.step()
                && other.findings().stream().anyMatch(LastGood::isOfValues);
    }

    private static boolean isOfValues(Finding finding) {
        return finding.severity() == Severity.ERROR && !OF_TIME.contains(finding.detector());
    }
}
