package io.tiltmeter.model;

import java.io.Serializable;
import java.util.List;

/**
 * Findings of one run that belong together, in order of time.
 *
 * @param id unique and stable within a report, made of run, attempt and first step
 * @param why why this is the first cause, in one sentence
 */
public record Incident(
        String id,
        String runId,
        Cause cause,
        String why,
        Severity severity,
        int attempt,
        long firstStep,
        long lastStep,
        String advice,
        List<Finding> findings)
        implements Serializable {
    public Incident {
        findings = List.copyOf(findings);
    }
}
