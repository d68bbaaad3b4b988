package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.stats.Estimate;
import io.tiltmeter.stats.Succession;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Neighbours;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Optional;

/** Neighbouring rows are alike. */
@AutoService(Check.class)
public final class LagCorrelationCheck extends OrderCheck {
    private static final String ORIGIN =
            "a batch of b neighbours of correlation r has the information of b / (1 + (b - 1) r)"
                    + " examples if all of them are so alike: half of b = 8 at r = 0.14, a fifth at 0.5";
    private static final CheckInfo INFO = new CheckInfo(
            "lag-correlation",
            "Neighbours alike",
            "Rows that follow each other in a shard have lengths or numbers more alike than after a shuffle: the shard is sorted,"
                    + " bucketed or in the order of time, and batches taken from it are no random samples.",
            Level.WARNING,
            List.of(
                    new Parameter(
                            "fail",
                            0.5,
                            "1",
                            "Correlation of neighbours that counts as a failure",
                            new Derived(ORIGIN)),
                    new Parameter(
                            "warn", 0.15, "1", "Correlation of neighbours that is reported", new Derived(ORIGIN))),
            "Shuffle rows before they are dealt to shards; where buckets of lengths or an order of time are meant, disable the"
                    + " check.");

    /** Fewest rows: below, the spread over orders is not known to be normal. */
    private static final int LEAST = 20;

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Order> order(ColumnProfile column) {
        Neighbours rows = column.neighbours();
        boolean ordered = switch (column.spec().kind()) {
            case NUMBER, NUMBERS, TOKENS, TEXT -> true;
            default -> false;
        };
        if (!ordered || rows.count() < LEAST || !(rows.squares() > 0)) {
            return Optional.empty();
        }
        Estimate effect = Succession.correlation(rows.differences(), rows.ends(), rows.squares(), rows.count());
        String what = column.spec().kind() == ColumnKind.NUMBER ? "Numbers" : "Lengths";
        return Optional.of(new Order(
                effect,
                "1",
                what + " of neighbours have correlation " + Results.number(effect.effect()) + " ± "
                        + Results.number(effect.error()) + " over " + Results.number(rows.count()) + " rows"));
    }
}
