package io.tiltmeter.model;

import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
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
    /** Other signs than letters and digits, and the places where a word of a camel-case name begins. */
    private static final Pattern BETWEEN_WORDS =
            Pattern.compile("[^\\p{IsAlphabetic}\\p{IsDigit}]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])");

    private static final Pattern NUMBERED_SEED = Pattern.compile("seed\\d*");

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

    /**
     * Whether an attribute of that name is a seed: it is drawn, and no value or range of it means anything. That is one with
     * the word {@code seed}, numbered or not ({@code data_seed}, {@code randomSeed2}, {@code seed_everything}), or one that
     * ends in it without a gap ({@code PYTHONHASHSEED}); not {@code seeded_layers}, nor {@code num_seeds}.
     */
    public static boolean isSeed(String name) {
        String plain = name.toLowerCase(Locale.ROOT);
        // Most names have not even the letters, and taking a name apart costs more than to see that.
        return plain.contains("seed")
                && (plain.endsWith("seed")
                        || words(name).stream()
                                .anyMatch(word -> NUMBERED_SEED.matcher(word).matches()));
    }

    /** The words of an attribute's name, in small letters: {@code val_loss} and {@code valLoss} have the same. */
    public static List<String> words(String name) {
        return BETWEEN_WORDS
                .splitAsStream(name)
                .filter(word -> !word.isEmpty())
                .map(word -> word.toLowerCase(Locale.ROOT))
                .toList();
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
