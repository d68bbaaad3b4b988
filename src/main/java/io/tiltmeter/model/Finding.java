package io.tiltmeter.model;

import java.io.Serializable;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * One detector's verdict on one run, metric, worker and step range.
 *
 * @param detector id of the detector
 * @param metric column or name of the metric judged
 * @param worker rank, or {@link StepRecord#NO_WORKER} for the run as a whole
 * @param stepFrom first abnormal step
 * @param stepTo last abnormal step
 * @param peakStep step with the largest score
 * @param score size of the effect, in the unit of the threshold
 * @param threshold what the score was compared with
 * @param parameter the detector's parameter that the threshold is; empty for its first
 * @param evidence numbers a reader can check, in one sentence
 */
public record Finding(
        String runId,
        String detector,
        String metric,
        int attempt,
        int worker,
        @Nullable String host,
        @Nullable String layer,
        @Nullable String group,
        long stepFrom,
        long stepTo,
        long peakStep,
        double score,
        double threshold,
        String parameter,
        Severity severity,
        Cause cause,
        String evidence)
        implements Serializable {

    /** Order of findings within a report: by time, the gravest first, then by everything that tells two apart. */
    public static final Comparator<Finding> ORDER = Comparator.comparing(Finding::runId)
            .thenComparingInt(Finding::attempt)
            .thenComparingLong(Finding::stepFrom)
            .thenComparing(Finding::severity, Comparator.reverseOrder())
            .thenComparing(Finding::detector)
            .thenComparing(Finding::metric)
            .thenComparingInt(Finding::worker)
            .thenComparingLong(Finding::stepTo)
            .thenComparingDouble(Finding::score);

    public Finding {
        if (stepTo < stepFrom) {
            throw new IllegalArgumentException("Finding of '" + detector + "' in run '" + runId + "' ends at step "
                    + stepTo + " before it begins at " + stepFrom);
        }
    }

    /** A finding judged by the detector's first parameter. */
    public Finding(
            String runId,
            String detector,
            String metric,
            int attempt,
            int worker,
            @Nullable String host,
            @Nullable String layer,
            @Nullable String group,
            long stepFrom,
            long stepTo,
            long peakStep,
            double score,
            double threshold,
            Severity severity,
            Cause cause,
            String evidence) {
        this(
                runId, detector, metric, attempt, worker, host, layer, group, stepFrom, stepTo, peakStep, score,
                threshold, "", severity, cause, evidence);
    }

    public Finding withSeverity(Severity newSeverity) {
        return new Finding(
                runId,
                detector,
                metric,
                attempt,
                worker,
                host,
                layer,
                group,
                stepFrom,
                stepTo,
                peakStep,
                score,
                threshold,
                parameter,
                newSeverity,
                cause,
                evidence);
    }

    public Finding withHost(@Nullable String newHost) {
        return new Finding(
                runId, detector, metric, attempt, worker, newHost, layer, group, stepFrom, stepTo, peakStep, score,
                threshold, parameter, severity, cause, evidence);
    }
}
