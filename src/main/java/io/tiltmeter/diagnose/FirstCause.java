package io.tiltmeter.diagnose;

import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.util.Comparator;
import java.util.List;

/** Decides what came first in a group of findings, and says why. */
final class FirstCause {
    private FirstCause() {}

    /**
     * The finding that came first: the earliest; of those at the same step the one computed first. Information counts only
     * where nothing graver shares its step or where it precedes as a symptom that is able to cause what followed (data,
     * scale, gradient).
     */
    static Finding of(List<Finding> findings) {
        Finding gravest = findings.stream()
                .max(Comparator.comparing(Finding::severity).thenComparing(Finding.ORDER.reversed()))
                .orElseThrow();
        return findings.stream()
                .filter(f -> f.severity() != Severity.INFO
                        || gravest.severity() == Severity.INFO
                        || (First.of(f) != First.LOSS && f.stepFrom() <= gravest.stepFrom()))
                .min(Comparator.comparingLong(Finding::stepFrom)
                        .thenComparing(First::of)
                        .thenComparing(Finding.ORDER))
                .orElse(gravest);
    }

    /** Family of the cause: that of the first finding, or of the first later one that names it. */
    static Cause cause(Finding first, List<Finding> findings) {
        if (first.cause() != Cause.UNKNOWN) {
            return first.cause();
        }
        return findings.stream()
                .filter(f -> f.severity() != Severity.INFO)
                .map(Finding::cause)
                .filter(c -> c != Cause.UNKNOWN)
                .findFirst()
                .orElse(Cause.UNKNOWN);
    }

    /** Why, in one sentence. */
    static String why(Finding first, List<Finding> findings) {
        String where = first.worker() == StepRecord.NO_WORKER ? "" : " on worker " + first.worker();
        String begin = subject(first) + where + " was the first to show, at step " + first.stepFrom();
        List<Finding> later = findings.stream()
                .filter(f -> !f.metric().equals(first.metric()) && f.stepFrom() >= first.stepFrom())
                .sorted(Comparator.comparingLong(Finding::stepFrom).thenComparing(First::of))
                .toList();
        if (later.isEmpty()) {
            String nothing = findings.size() == 1 ? "; nothing else moved" : "; " + findings.size() + " findings of it";
            return begin + (first.severity() == Severity.INFO ? "; it had no consequence" : nothing) + ".";
        }
        StringBuilder text = new StringBuilder(begin);
        String known = first.metric();
        for (Finding finding : later) {
            if (!finding.metric().equals(known)) {
                long steps = finding.stepFrom() - first.stepFrom();
                text.append(", ")
                        .append(subject(finding))
                        .append(
                                steps == 0
                                        ? " at the same step"
                                        : " " + steps + (steps == 1 ? " step" : " steps") + " later");
                known = finding.metric();
            }
        }
        return text.append('.').toString();
    }

    private static String subject(Finding finding) {
        return finding.metric().isEmpty() ? finding.detector() : finding.metric() + " (" + finding.detector() + ")";
    }
}
