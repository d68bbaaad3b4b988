package io.tiltmeter.report;

import static io.tiltmeter.report.Formats.count;
import static io.tiltmeter.report.Formats.text;

import io.tiltmeter.model.DataTrail;
import io.tiltmeter.model.DataTrail.Range;
import io.tiltmeter.model.DataTrail.Reader;
import io.tiltmeter.model.DataTrail.When;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What a trail of data says, in words. */
final class TrailTexts {
    private static final int MOST_RANGES = 4;
    private static final int MOST_RUNS = 6;

    private TrailTexts() {}

    /** Lines with a title each: what was read, the last good checkpoint, who else reads it. */
    static List<Page.Fact> lines(DataTrail trail) {
        List<Page.Fact> lines = new ArrayList<>();
        lines.add(new Page.Fact("Read at step " + count(trail.step()), read(trail)));
        lines.add(new Page.Fact("Last good checkpoint", checkpoint(trail)));
        if (trail.rangesInAll() > 0) {
            lines.add(new Page.Fact("Read it next", next(trail)));
            lines.add(new Page.Fact("Have read it", past(trail)));
        }
        return lines;
    }

    private static String read(DataTrail trail) {
        if (trail.ranges().isEmpty()) {
            return "unknown: the table of shards has no row of this step";
        }
        String ranges = trail.ranges().stream()
                .limit(MOST_RANGES)
                .map(TrailTexts::range)
                .collect(Collectors.joining("; "));
        int more = trail.rangesInAll() - Math.min(MOST_RANGES, trail.ranges().size());
        return (trail.worker() == StepRecord.NO_WORKER ? "" : "worker " + trail.worker() + ": ")
                + ranges
                + (more > 0 ? "; and " + count(more, "more shard") : "");
    }

    private static String range(Range range) {
        Long first = range.first();
        Long last = range.last();
        String samples = first == null || last == null ? "samples unknown" : "samples " + Formats.steps(first, last);
        return text(range.shard()) + ", " + samples
                + (range.workers() > 1 ? " by " + count(range.workers(), "worker") : "");
    }

    private static String checkpoint(DataTrail trail) {
        DataTrail.Checkpoint checkpoint = trail.checkpoint();
        String passed = trail.passedOver() == 0
                ? ""
                : "; " + count(trail.passedOver(), "later one") + " passed over, written while another error went on";
        if (checkpoint == null) {
            return "none known that leads to this step" + passed;
        }
        String detail = checkpoint.detail();
        return "step " + count(checkpoint.step())
                + (checkpoint.attempt() > 0 ? " of attempt " + checkpoint.attempt() : "")
                + (detail == null || detail.isEmpty() ? "" : " (" + text(detail) + ")") + passed;
    }

    private static String next(DataTrail trail) {
        List<Reader> next =
                trail.readers().stream().filter(r -> r.when() == When.NEXT).toList();
        String known = next.isEmpty()
                ? "no run is known to"
                : next.stream()
                                .limit(MOST_RUNS)
                                .map(r -> text(r.runId()) + " at step " + count(r.step()) + " (now at " + count(r.at())
                                        + ")")
                                .collect(Collectors.joining(", "))
                        + more(next.size());
        return trail.unknownInAll() == 0
                ? known
                : known + "; unknown when: "
                        + trail.unknown().stream()
                                .limit(MOST_RUNS)
                                .map(Formats::text)
                                .collect(Collectors.joining(", "))
                        + more(trail.unknownInAll());
    }

    private static String past(DataTrail trail) {
        List<Reader> past =
                trail.readers().stream().filter(r -> r.when() == When.READ).toList();
        if (past.isEmpty()) {
            return "no other run";
        }
        long troubled = past.stream().filter(Reader::troubled).count();
        return past.stream()
                        .limit(MOST_RUNS)
                        .map(r -> text(r.runId()) + " at step " + count(r.step())
                                + (r.troubled() ? ", in trouble from there" : ", unharmed"))
                        .collect(Collectors.joining("; "))
                + more(past.size()) + " — " + count(troubled) + " of " + count(past.size()) + " in trouble from there";
    }

    private static String more(int all) {
        return all > MOST_RUNS ? " and " + count(all - MOST_RUNS) + " more" : "";
    }
}
