package io.tiltmeter.model;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One row of the {@code runs} table. Times are microseconds since the epoch.
 *
 * @param project the group of comparable runs (siblings) this run belongs to; for imported logs the folder above the run
 * @param status {@code finished}, {@code failed}, {@code running}, {@code planned}, {@code empty} or null when the log does not say
 * @param plannedSteps the step the run was meant to reach, where its log or configuration says
 * @param attributes hyperparameters and other settings
 */
public record RunRecord(
        String runId,
        @Nullable String project,
        @Nullable String owner,
        @Nullable Long startMicros,
        @Nullable Long endMicros,
        @Nullable String status,
        @Nullable String parentRunId,
        @Nullable Long seed,
        @Nullable Long plannedSteps,
        @Nullable String dataset,
        @Nullable String datasetVersion,
        @Nullable String datasetFingerprint,
        @Nullable String verdictId,
        @Nullable String tokenizer,
        @Nullable String framework,
        @Nullable String codeVersion,
        @Nullable String hardware,
        Map<String, String> attributes)
        implements Serializable {

    public RunRecord {
        attributes = Map.copyOf(attributes);
    }

    /** A run of which only name, project and settings are known. */
    public static RunRecord of(String runId, @Nullable String project, Map<String, String> attributes) {
        return new RunRecord(
                runId,
                project,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                attributes);
    }

    public RunRecord withStatus(@Nullable String newStatus) {
        return new RunRecord(
                runId,
                project,
                owner,
                startMicros,
                endMicros,
                newStatus,
                parentRunId,
                seed,
                plannedSteps,
                dataset,
                datasetVersion,
                datasetFingerprint,
                verdictId,
                tokenizer,
                framework,
                codeVersion,
                hardware,
                attributes);
    }

    public RunRecord withPlannedSteps(@Nullable Long newPlannedSteps) {
        return new RunRecord(
                runId,
                project,
                owner,
                startMicros,
                endMicros,
                status,
                parentRunId,
                seed,
                newPlannedSteps,
                dataset,
                datasetVersion,
                datasetFingerprint,
                verdictId,
                tokenizer,
                framework,
                codeVersion,
                hardware,
                attributes);
    }

    /** The same run with what the gate said of its data. */
    public RunRecord withVerdict(String newVerdictId, GateStatus newStatus) {
        Map<String, String> more = new HashMap<>(attributes);
        more.put(GateStatus.ATTRIBUTE, newStatus.text());
        return new RunRecord(
                runId,
                project,
                owner,
                startMicros,
                endMicros,
                status,
                parentRunId,
                seed,
                plannedSteps,
                dataset,
                datasetVersion,
                datasetFingerprint,
                newVerdictId,
                tokenizer,
                framework,
                codeVersion,
                hardware,
                more);
    }

    public RunRecord withSeed(@Nullable Long newSeed) {
        return new RunRecord(
                runId,
                project,
                owner,
                startMicros,
                endMicros,
                status,
                parentRunId,
                newSeed,
                plannedSteps,
                dataset,
                datasetVersion,
                datasetFingerprint,
                verdictId,
                tokenizer,
                framework,
                codeVersion,
                hardware,
                attributes);
    }

    /** Whether an attribute of that name is a seed: it is drawn, and no value or range of it means anything. */
    public static boolean isSeed(String name) {
        String plain = name.toLowerCase(Locale.ROOT);
        return plain.equals("seed") || plain.endsWith("_seed") || plain.endsWith(".seed");
    }

    public RunRecord withTimes(@Nullable Long newStartMicros, @Nullable Long newEndMicros) {
        return new RunRecord(
                runId,
                project,
                owner,
                newStartMicros,
                newEndMicros,
                status,
                parentRunId,
                seed,
                plannedSteps,
                dataset,
                datasetVersion,
                datasetFingerprint,
                verdictId,
                tokenizer,
                framework,
                codeVersion,
                hardware,
                attributes);
    }
}
