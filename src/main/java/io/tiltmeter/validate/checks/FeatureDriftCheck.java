package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
import io.tiltmeter.stats.Estimate;
import io.tiltmeter.stats.Wasserstein;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Quantiles;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Optional;

/** Numbers have moved. */
@AutoService(Check.class)
public final class FeatureDriftCheck extends DriftCheck {
    private static final String ORIGIN =
            "a shift of the mean by 0.2 and 0.5 of the deviation is what Cohen (1988) calls a small"
                    + " and a medium effect";
    private static final CheckInfo INFO = new CheckInfo(
            "feature-drift",
            "Distribution of numbers",
            "Numbers are distributed otherwise than in the baseline, or in one shard than in the dataset: the mean distance"
                    + " they have moved (Wasserstein), in units of the reference's robust deviation.",
            Level.ERROR,
            List.of(
                    new Parameter("fail", 0.5, "deviations", "Distance that closes the gate", new Published(ORIGIN)),
                    new Parameter("warn", 0.2, "deviations", "Distance that is reported", new Published(ORIGIN))),
            "Look at units, scaling and missing-value codes of the column; make a new baseline where the change is meant.");

    /** Interquartile range of a normal distribution in units of its deviation. */
    private static final double QUARTILES = 1.349;

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Drift> drift(ColumnProfile column, ColumnProfile reference, Dataset data) {
        ColumnKind kind = column.spec().kind();
        if ((kind != ColumnKind.NUMBER && kind != ColumnKind.NUMBERS)
                || column.moments().count() == 0
                || reference.moments().count() == 0) {
            return Optional.empty();
        }
        Quantiles before = reference.quantiles();
        double scale = (before.at(0.75) - before.at(0.25)) / QUARTILES;
        // Columns that are mostly one number have no quartiles' range, but a deviation.
        scale = scale > 0 ? scale : reference.moments().deviation();
        if (!(scale > 0)) {
            return Optional.empty();
        }
        Quantiles.Steps here = column.quantiles().steps();
        Quantiles.Steps there = before.steps();
        Estimate effect = Wasserstein.distance(here.values(), here.counts(), there.values(), there.counts(), scale);
        String text = "Numbers are " + Results.number(effect.effect()) + " ± " + Results.number(effect.error())
                + " deviations away; median "
                + Results.number(column.quantiles().at(0.5)) + ", reference "
                + Results.number(before.at(0.5));
        return Optional.of(new Drift(effect, "deviations", text));
    }
}
