package io.tiltmeter.diagnose;

import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Decides what came first in a group of findings, and says why. */
final class FirstCause {
    /** Detectors that see a level move: they estimate the step at which it began, others know it. */
    private static final Set<String> ESTIMATING =
            Set.of("worker-outlier", "gradient-direction", "token-drift", "straggler");
    /** The detector of which each finding is a restart; others of its family tell what came of one. */
    private static final String RESTART = "restart";
    /** Logged steps by which such an estimate may be early. */
    private static final int ESTIMATED_WITHIN = 2;

    private FirstCause() {}

    /**
     * The finding that came first: the earliest; of those at the same step the one computed first, and of one worker's those
     * within the error of the earliest's step. Information counts only where nothing graver shares its step or where it
     * precedes as a symptom that is able to cause what followed (data, scale, gradient).
     *
     * @param stride usual distance of logged steps
     */
    static Finding of(List<Finding> findings, double stride) {
        Finding gravest = findings.stream()
                .max(Comparator.comparing(Finding::severity).thenComparing(Finding.ORDER.reversed()))
                .orElseThrow();
        List<Finding> able = findings.stream()
                .filter(f -> f.severity() != Severity.INFO
                        || gravest.severity() == Severity.INFO
                        || (First.of(f) != First.LOSS && f.stepFrom() <= gravest.stepFrom()))
                .toList();
        Finding earliest = able.stream()
                .min(Comparator.comparingLong(Finding::stepFrom)
                        .thenComparing(First::of)
                        .thenComparing(Finding.ORDER))
                .orElse(gravest);
        if (!ESTIMATING.contains(earliest.detector())) {
            return earliest;
        }
        return able.stream()
                .filter(f -> f.worker() == earliest.worker()
                        && f.stepFrom() <= earliest.stepFrom() + ESTIMATED_WITHIN * stride)
                .min(Comparator.comparing((Finding f) -> First.of(f))
                        .thenComparingLong(Finding::stepFrom)
                        .thenComparing(Finding.ORDER))
                .orElse(earliest);
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

    /** Why this is the first cause, in one sentence. */
    static String why(Finding first, List<Finding> findings) {
        if (findings.size() == 1) {
            return alone(first);
        }
        long restarts =
                findings.stream().filter(f -> f.detector().equals(RESTART)).count();
        if (restarts > 0) {
            return restarted(restarts, findings);
        }
        if (findings.stream().allMatch(f -> f.severity() == Severity.INFO)) {
            return findings.size() + " marks between steps " + first(findings) + " and " + last(findings)
                    + ", none of which led to more.";
        }
        StringBuilder text = new StringBuilder(subject(first))
                .append(" showed first (")
                .append(first.detector())
                .append(", step ")
                .append(first.stepFrom())
                .append(')');
        String known = first.metric();
        int others = 0;
        for (Finding finding : inOrderFrom(first, findings)) {
            if (!finding.metric().equals(known)) {
                others++;
                long steps = finding.stepFrom() - first.stepFrom();
                text.append(others == 1 ? "; then " : ", then ")
                        .append(subject(finding))
                        .append(steps == 0 ? " at the same step" : " " + steps + (steps == 1 ? " step" : " steps"))
                        .append(steps == 0 ? "" : " later")
                        .append(" (")
                        .append(finding.detector())
                        .append(')');
                known = finding.metric();
            }
        }
        if (others == 0) {
            text.append("; nothing but ").append(subject(first)).append(" was found to move");
        }
        return text.append('.').toString();
    }

    private static String restarted(long restarts, List<Finding> findings) {
        Map<String, Long> damage = new LinkedHashMap<>();
        findings.stream()
                .filter(f -> !f.detector().equals(RESTART))
                .sorted(Comparator.comparingLong(Finding::stepFrom).thenComparing(Finding.ORDER))
                .forEach(f -> damage.putIfAbsent(f.detector(), f.stepFrom()));
        String often = restarts == 1 ? "once" : restarts + " times";
        String text = "The run was started again " + often + "; why it stopped is not in its metrics.";
        return damage.isEmpty()
                ? text
                : text
                        + damage.entrySet().stream()
                                .map(each -> each.getKey() + " (step " + each.getValue() + ")")
                                .collect(Collectors.joining(", ", " It did not go on as before: ", "."));
    }

    private static String alone(Finding finding) {
        switch (Family.of(finding)) {
            case OUTCOME:
                return "It is about the run as a whole, not about a step.";
            case LOG:
                return "It is about the log, not about the training that it tells of.";
            case RESTARTS:
                return "Why the run stopped is not in its metrics.";
            default:
                return "Nothing else was found near step " + finding.stepFrom() + ".";
        }
    }

    private static long first(List<Finding> findings) {
        return findings.stream().mapToLong(Finding::stepFrom).min().orElse(0);
    }

    private static long last(List<Finding> findings) {
        return findings.stream().mapToLong(Finding::stepTo).max().orElse(0);
    }

    private static List<Finding> inOrderFrom(Finding first, List<Finding> findings) {
        return findings.stream()
                .filter(f -> f.stepFrom() >= first.stepFrom())
                .sorted(Comparator.comparingLong(Finding::stepFrom)
                        .thenComparing(First::of)
                        .thenComparing(Finding.ORDER))
                .toList();
    }

    private static String subject(Finding finding) {
        String what = finding.metric().isEmpty() ? "the run" : finding.metric();
        return finding.worker() == StepRecord.NO_WORKER ? what : what + " of worker " + finding.worker();
    }
}
