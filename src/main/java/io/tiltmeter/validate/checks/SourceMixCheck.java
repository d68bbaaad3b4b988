package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import java.util.List;
import java.util.Optional;

/** Sources are mixed otherwise than in the reference. */
@AutoService(Check.class)
public final class SourceMixCheck extends DriftCheck {
    private static final CheckInfo INFO = new CheckInfo(
            "source-mix",
            "Mix of sources",
            "A source has a larger or smaller share of the examples than in the baseline, or in one shard than in the dataset.",
            Level.WARNING,
            List.of(
                    new Parameter(
                            "fail",
                            0.1,
                            "of examples",
                            "Change of a source's share that counts as a failure",
                            new Derived("as for the balance of classes: a tenth of all examples is of another source")),
                    new Parameter(
                            "warn",
                            0.03,
                            "of examples",
                            "Change of a source's share that is reported",
                            new Derived("about a third of what counts as a failure"))),
            "Mix the sources before shards are written; where each shard is one source and shards are read at random, disable the"
                    + " check.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Drift> drift(ColumnProfile column, ColumnProfile reference, Dataset data) {
        if (column.spec().kind() != ColumnKind.SOURCE) {
            return Optional.empty();
        }
        return ShareShift.of(
                "Source", column.sources().totals(), 0, reference.sources().totals(), 0);
    }
}
