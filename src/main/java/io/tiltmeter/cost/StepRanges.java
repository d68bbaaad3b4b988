package io.tiltmeter.cost;

import io.tiltmeter.model.Finding;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Ranges of steps, by start of the run; those that overlap are one. */
final class StepRanges {
    private record Range(int attempt, long from, long to) {}

    private final List<Range> ranges = new ArrayList<>();

    private StepRanges(List<Range> all) {
        all.stream()
                .sorted(Comparator.comparingInt(Range::attempt).thenComparingLong(Range::from))
                .forEach(this::add);
    }

    /** Ranges that findings span. */
    static StepRanges of(List<Finding> findings) {
        return new StepRanges(findings.stream()
                .map(finding -> new Range(finding.attempt(), finding.stepFrom(), finding.stepTo()))
                .toList());
    }

    private void add(Range range) {
        Range last = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
        if (last != null && last.attempt == range.attempt && range.from <= last.to + 1) {
            ranges.set(ranges.size() - 1, new Range(last.attempt, last.from, Math.max(last.to, range.to)));
        } else {
            ranges.add(range);
        }
    }

    boolean contains(int attempt, long step) {
        return ranges.stream().anyMatch(r -> r.attempt == attempt && r.from <= step && step <= r.to);
    }

    /** Share of an entry's steps that lie in the ranges. */
    double share(StepLedger.Entry entry) {
        double share = 0;
        for (Range range : ranges) {
            share += range.attempt == entry.attempt() ? entry.share(range.from, range.to) : 0;
        }
        return Math.min(1, share);
    }
}
