package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.stats.Estimate;
import io.tiltmeter.stats.Shares;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Classes are mixed otherwise than in the reference. */
@AutoService(Check.class)
public final class LabelBalanceCheck extends DriftCheck {
    private static final CheckInfo INFO = new CheckInfo(
            "label-balance",
            "Balance of classes",
            "A class has a larger or smaller share of the examples than in the baseline, or in one shard than in the dataset.",
            Level.ERROR,
            List.of(
                    new Parameter(
                            "fail",
                            0.1,
                            "of examples",
                            "Change of a class's share that closes the gate",
                            new Derived("the prior of a class moved by a tenth of all examples moves what a network"
                                    + " predicts as much")),
                    new Parameter(
                            "warn",
                            0.03,
                            "of examples",
                            "Change of a class's share that is reported",
                            new Derived("about a third of what closes the gate"))),
            "Look at sampling and filters by class, and whether shards are written by class; shuffle before sharding.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Drift> drift(ColumnProfile column, ColumnProfile reference, Dataset data) {
        if (column.spec().kind() != ColumnKind.LABEL) {
            return Optional.empty();
        }
        Map<String, Long> here = column.classes().counts();
        Map<String, Long> there = reference.classes().counts();
        double n = total(here) + column.classes().others();
        double m = total(there) + reference.classes().others();
        if (n == 0 || m == 0) {
            return Optional.empty();
        }
        TreeSet<String> labels = new TreeSet<>(there.keySet());
        labels.addAll(here.keySet());
        String strongest = "";
        Estimate largest = new Estimate(Double.NEGATIVE_INFINITY, 1, Double.POSITIVE_INFINITY);
        for (String label : labels) {
            Estimate change = Shares.increase(here.getOrDefault(label, 0L), n, there.getOrDefault(label, 0L), m);
            Estimate size = new Estimate(Math.abs(change.effect()), change.error(), change.freedom());
            if (size.effect() - 2 * size.error() > largest.effect() - 2 * largest.error()) {
                largest = size;
                strongest = label;
            }
        }
        String text = String.format(
                Locale.ROOT,
                "Class '%s' is %s of %,d examples, reference %s",
                strongest,
                Results.percent(here.getOrDefault(strongest, 0L) / n),
                (long) n,
                Results.percent(there.getOrDefault(strongest, 0L) / m));
        // Each class may rise or fall.
        return Optional.of(new Drift(largest.strongestOf(2 * labels.size()), "of examples", text));
    }

    private static double total(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }
}
