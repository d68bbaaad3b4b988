package io.tiltmeter.cost;

import io.tiltmeter.model.Finding;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Ranges of steps; those that overlap are one. They know no starts: steps that are part of the result are there once, and
 * a finding may span several starts.
 */
final class StepRanges {
    private record Range(long from, long to) {}

    private final List<Range> ranges = new ArrayList<>();

    private StepRanges(List<Range> all) {
        all.stream()
                .sorted(Comparator.comparingLong(Range::from).thenComparingLong(Range::to))
                .forEach(this::add);
    }

    /** Ranges that findings span. */
    static StepRanges of(List<Finding> findings) {
        return new StepRanges(findings.stream()
                .map(finding -> new Range(finding.stepFrom(), finding.stepTo()))
                .toList());
    }

    private void add(Range range) {
        Range last = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
        if (last != null && range.from <= last.to + 1) {
            ranges.set(ranges.size() - 1, new Range(last.from, Math.max(last.to, range.to)));
        } else {
            ranges.add(range);
        }
    }

    boolean contains(long step) {
        for (Range range : ranges) {
            if (range.from <= step && step <= range.to) {
                return true;
            }
        }
        return false;
    }

    /** Share of an entry's steps that lie in the ranges. */
    double share(StepLedger.Entry entry) {
        double share = 0;
        for (Range range : ranges) {
            share += entry.share(range.from, range.to);
        }
        return Math.min(1, share);
    }
}
