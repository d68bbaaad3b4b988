package io.tiltmeter.correlate.mining;

import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A judged run as the mining needs it.
 *
 * @param hosts machines it ran on, empty where the topology does not say
 */
public record MinedRun(
        RunRecord run, RunSummary summary, List<Coverage> coverage, List<Incident> incidents, Set<String> hosts) {
    /** Statuses of runs whose outcome is still to come, as trackers and schedulers write them. */
    private static final Set<String> PENDING =
            Set.of("planned", "scheduled", "queued", "pending", "created", "starting", "running");

    public MinedRun {
        coverage = List.copyOf(coverage);
        incidents = List.copyOf(incidents);
        hosts = Set.copyOf(hosts);
    }

    String id() {
        return run.runId();
    }

    /** The group of siblings, {@code ""} where none is known. */
    String project() {
        String project = run.project();
        return project == null ? "" : project;
    }

    /** Findings that a person would look at. */
    Stream<Finding> troubles() {
        return incidents.stream().flatMap(i -> i.findings().stream()).filter(f -> f.severity() != Severity.INFO);
    }

    /** Whether a person would look at any of its findings. */
    public boolean troubled() {
        return troubles().findAny().isPresent();
    }

    /** Whether a detector could judge it. */
    boolean observed(String detector) {
        return coverage.stream()
                .anyMatch(c ->
                        c.status() == Coverage.Status.OBSERVED && c.detector().equals(detector));
    }

    /** Whether training was harmed by anything but the infrastructure. */
    public boolean unstable() {
        return incidents.stream().anyMatch(i -> i.severity() == Severity.ERROR && i.cause() != Cause.INFRASTRUCTURE);
    }

    /** Whether its outcome is still to come: not begun or not ended, and nothing harmed it so far. */
    public boolean pending() {
        return run.status() != null && PENDING.contains(run.status()) && !unstable();
    }

    /** Whether its outcome is known. */
    public boolean decided() {
        return !pending() && coverage.stream().anyMatch(c -> c.status() == Coverage.Status.OBSERVED);
    }
}
