package io.tiltmeter.compare;

import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.Severity;
import java.util.List;
import java.util.Optional;

/**
 * All that a comparison says.
 *
 * @param source where the metrics came from
 * @param sets the sets of runs, those with findings of the gravest severity first
 * @param ladders one change of a setting at several sizes
 * @param ladderFindings what is wrong with them
 * @param rejected input that was not taken as it stood
 */
public record Comparison(
        String source,
        List<SetReport> sets,
        List<Ladder> ladders,
        List<Finding> ladderFindings,
        List<Rejection> rejected) {
    public Comparison {
        sets = List.copyOf(sets);
        ladders = List.copyOf(ladders);
        ladderFindings = List.copyOf(ladderFindings);
        rejected = List.copyOf(rejected);
    }

    /**
     * One set.
     *
     * @param findings in the order of time
     * @param verdict in one sentence
     */
    public record SetReport(RunSet set, ComparedSet compared, List<Finding> findings, String verdict) {
        public SetReport {
            findings = List.copyOf(findings);
        }

        /** The gravest severity among its findings. */
        public Optional<Severity> worst() {
            return findings.stream().map(Finding::severity).max(Severity::compareTo);
        }
    }

    /** The gravest severity of all. */
    public Optional<Severity> worst() {
        return java.util.stream.Stream.concat(
                        sets.stream().flatMap(set -> set.findings().stream()), ladderFindings.stream())
                .map(Finding::severity)
                .max(Severity::compareTo);
    }

    /** How many runs were compared. */
    public int runs() {
        return sets.stream().mapToInt(set -> set.set().runs().size()).sum();
    }

    /** What the findings of a comparison mean, in the order of a report. */
    public static List<DetectorInfo> kinds() {
        return Verdicts.KINDS;
    }
}
