package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.stats.Shares;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Lengths;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** More examples than before are exactly of the greatest length: they were cut off. */
@AutoService(Check.class)
public final class LengthSpikeCheck extends DriftCheck {
    private static final CheckInfo INFO = new CheckInfo(
            "length-spike",
            "Examples cut at the greatest length",
            "More examples than in the baseline, or in one shard than in the dataset, have exactly the greatest length of"
                    + " the data: they were cut there.",
            Level.WARNING,
            List.of(
                    new Parameter(
                            "fail",
                            0.1,
                            "of examples",
                            "Increase of the share of examples at the greatest length that counts as a failure",
                            new Derived("one example in ten is cut that was not before")),
                    new Parameter(
                            "warn",
                            0.02,
                            "of examples",
                            "Increase of the share of examples at the greatest length that is reported",
                            new Derived("one example in fifty is cut that was not before"))),
            "Raise the greatest length, or split long documents instead of cutting them.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Drift> drift(ColumnProfile column, ColumnProfile reference, Dataset data) {
        ColumnKind kind = column.spec().kind();
        Lengths here = column.lengths();
        Lengths there = reference.lengths();
        if ((kind != ColumnKind.TOKENS && kind != ColumnKind.TEXT) || here.count() == 0 || there.count() == 0) {
            return Optional.empty();
        }
        long before = here.greatest() == there.greatest()
                ? there.atGreatest()
                : here.greatest() <= Lengths.EXACT ? there.at((int) here.greatest()) : 0;
        String text = String.format(
                Locale.ROOT,
                "%s of examples are exactly %,d long, the greatest length; reference %s",
                Results.percent((double) here.atGreatest() / here.count()),
                here.greatest(),
                Results.percent((double) before / there.count()));
        return Optional.of(new Drift(
                Shares.increase(here.atGreatest(), here.count(), before, there.count()), "of examples", text));
    }
}
