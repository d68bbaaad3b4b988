package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.stats.Estimate;
import io.tiltmeter.stats.Succession;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.Classes;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Optional;

/** Classes come in runs. */
@AutoService(Check.class)
public final class ClassRunsCheck extends OrderCheck {
    private static final String ORIGIN =
            "the share of neighbours that would differ after a shuffle and do not; sorted classes"
                    + " have almost 1, classes in blocks of b rows about 1 - 1/b";
    private static final CheckInfo INFO = new CheckInfo(
            "class-runs",
            "Classes in runs",
            "Rows that follow each other in a shard are of the same class more often than after a shuffle: batches hold few"
                    + " classes, and each step unlearns the others.",
            Level.WARNING,
            List.of(
                    new Parameter("fail", 0.5, "of neighbours", "Excess that counts as a failure", new Derived(ORIGIN)),
                    new Parameter("warn", 0.1, "of neighbours", "Excess that is reported", new Derived(ORIGIN))),
            "Shuffle rows across classes before they are dealt to shards.");

    private static final int LEAST = 20;

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Order> order(ColumnProfile column) {
        Classes classes = column.classes();
        long rows = column.neighbours().count();
        if (column.spec().kind() != ColumnKind.LABEL
                || rows < LEAST
                || classes.counts().size() < 2
                || classes.others() > 0
                || classes.outside() > 0
                || classes.counts().size() > rows / 2) {
            return Optional.empty();
        }
        long[] counts =
                classes.counts().values().stream().mapToLong(Long::longValue).toArray();
        long equal = column.neighbours().equal();
        Estimate effect = Succession.classes(counts, equal);
        return Optional.of(new Order(
                effect,
                "of neighbours",
                Results.number(equal) + " of " + Results.number(rows - 1) + " neighbours are of one class, "
                        + Results.number(effect.effect()) + " ± " + Results.number(effect.error())
                        + " of those that after a shuffle are not"));
    }
}
