package io.tiltmeter.detect;

import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.io.Serializable;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a map of workers shall show: the finding of an incident that compares workers, some steps before it and after it.
 *
 * @param detector detector of the finding
 * @param metric metric that it judged
 * @param named workers that findings of this detector name, ascending; empty where they name a group
 * @param drawnFrom first step worth showing
 * @param drawnTo last step worth showing
 * @param onset first abnormal step
 * @param last last abnormal step
 */
public record WorkerMapRequest(
        String runId,
        String incident,
        int attempt,
        String detector,
        String metric,
        List<Integer> named,
        long drawnFrom,
        long drawnTo,
        long onset,
        long last)
        implements Serializable {

    /** Detectors that compare workers, whether they name one or say that several were in it. */
    private static final Set<String> OF_WORKERS = Set.of(
            WorkerOutlierDetector.ID,
            StragglerDetector.ID,
            GradientDirectionDetector.ID,
            TokenDriftDetector.ID,
            FrozenWorkerDetector.ID,
            DuplicatedDataDetector.ID,
            ReplicaDriftDetector.ID);

    /** Logged steps shown before a finding, at the least: a dozen chunks. */
    private static final double LEAD = 192;
    /** Logged steps shown after it, at the least. */
    private static final double TAIL = 96;

    public WorkerMapRequest {
        named = List.copyOf(named);
    }

    /** The map that an incident calls for; empty if no warning or error of it compares workers. */
    public static Optional<WorkerMapRequest> of(Incident incident, RunSummary run) {
        Optional<Finding> telling = incident.findings().stream()
                .filter(WorkerMapRequest::comparesWorkers)
                .max(Comparator.comparing(Finding::severity).thenComparing(Finding.ORDER.reversed()));
        return telling.map(finding -> of(incident, finding, run));
    }

    private static boolean comparesWorkers(Finding finding) {
        return finding.severity() != Severity.INFO
                && (OF_WORKERS.contains(finding.detector())
                        || (finding.detector().equals(NonFiniteDetector.ID)
                                && finding.worker() != StepRecord.NO_WORKER));
    }

    private static WorkerMapRequest of(Incident incident, Finding finding, RunSummary run) {
        double stride = run.stride();
        long length = finding.stepTo() - finding.stepFrom();
        return new WorkerMapRequest(
                finding.runId(),
                incident.id(),
                finding.attempt(),
                finding.detector(),
                finding.metric(),
                incident.findings().stream()
                        .filter(f -> f.attempt() == finding.attempt()
                                && f.severity() != Severity.INFO
                                && f.detector().equals(finding.detector())
                                && f.worker() != StepRecord.NO_WORKER)
                        .map(Finding::worker)
                        .distinct()
                        .sorted()
                        .toList(),
                finding.stepFrom() - Math.max(length / 2, (long) (LEAD * stride)),
                finding.stepTo() + Math.max(length / 4, (long) (TAIL * stride)),
                finding.stepFrom(),
                finding.stepTo());
    }

    /** Whether the metric has a column in the table of steps; the others are in {@code metrics}. */
    public boolean hasColumn() {
        return !detector.equals(WorkerOutlierDetector.ID)
                || Metric.byColumn(metric).isPresent();
    }
}
