package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.Classes;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import java.util.List;
import java.util.Optional;

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
        Classes here = column.classes();
        Classes there = reference.classes();
        return ShareShift.of("Class", here.counts(), here.others(), there.counts(), there.others());
    }
}
