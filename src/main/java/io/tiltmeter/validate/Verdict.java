package io.tiltmeter.validate;

import java.util.List;
import java.util.Optional;

/**
 * Whether a dataset may be trained on, and why.
 *
 * @param id hash of fingerprint, baseline and settings: the same data judged the same way has the same
 * @param source the dataset, as the user named it
 * @param baseline what it was compared with, {@code ""} without
 * @param fingerprint hash over the paths, lengths and footers or contents of its files
 * @param fingerprintOf what of files it is made of: {@code footers} or {@code content}
 * @param files readable files
 * @param shards shards that have rows
 * @param checks ordered by id
 * @param eval the evaluation data beside it, empty without
 * @param pairs offending pairs of rows, some of each check that looks for pairs
 * @param suspects rows whose labels are likely wrong, the most suspect first
 */
public record Verdict(
        String id,
        String source,
        String baseline,
        String fingerprint,
        String fingerprintOf,
        long files,
        long shards,
        long rows,
        long bytes,
        List<Gate.CheckVerdict> checks,
        Optional<EvalSummary> eval,
        List<RowPair> pairs,
        List<LabelProbe.Suspect> suspects) {
    public Verdict {
        checks = List.copyOf(checks);
        pairs = List.copyOf(pairs);
        suspects = List.copyOf(suspects);
    }

    /** Gravest of all checks. */
    public Status status() {
        return checks.stream().flatMap(check -> check.status().stream()).reduce(Status.PASS, Status::and);
    }

    /** Whether the gate is open: no check fails. */
    public boolean passed() {
        return status() != Status.FAIL;
    }
}
