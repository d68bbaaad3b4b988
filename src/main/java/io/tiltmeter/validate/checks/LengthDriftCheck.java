package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Published;
import io.tiltmeter.stats.Estimate;
import io.tiltmeter.stats.JensenShannon;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Optional;

/** Examples are of other lengths than in the reference. */
@AutoService(Check.class)
public final class LengthDriftCheck extends DriftCheck {
    private static final String ORIGIN =
            "starting effect sizes of data validation for lengths; 0.0125 nats is a shift of a"
                    + " normal distribution by 0.32 of its deviation, 0.031 nats by 0.5 (the divergence is about shift² / 8)";
    private static final CheckInfo INFO = new CheckInfo(
            "length-drift",
            "Lengths",
            "Examples are longer or shorter than in the baseline, or in one shard than in the dataset, by the"
                    + " Jensen-Shannon divergence over up to 20 cells that each hold as much of the reference.",
            Level.ERROR,
            List.of(
                    new Parameter("fail", 0.031, "nats", "Divergence that closes the gate", new Published(ORIGIN)),
                    new Parameter("warn", 0.0125, "nats", "Divergence that is reported", new Published(ORIGIN))),
            "Look at how documents are cut and packed, and at filters by length; make a new baseline where the change is"
                    + " meant.");

    private static final int CELLS = 20;
    /** Examples a cell can expect at least, so that the divergence's bias and error are those of large numbers. */
    private static final int LEAST = 10;

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Drift> drift(ColumnProfile column, ColumnProfile reference, Dataset data) {
        ColumnKind kind = column.spec().kind();
        boolean examples = kind == ColumnKind.TOKENS || kind == ColumnKind.TEXT || kind == ColumnKind.NUMBERS;
        if (!examples || reference.lengths().count() == 0) {
            return Optional.empty();
        }
        double fewest = Math.min(column.lengths().count(), reference.lengths().count());
        int cells = (int) Math.max(2, Math.min(CELLS, fewest / LEAST));
        double[][] counts = column.lengths().alongside(reference.lengths(), cells);
        Estimate effect = JensenShannon.ofCounts(counts[0], counts[1]);
        String text = "The divergence of " + Results.number(column.lengths().count()) + " lengths is "
                + Results.number(effect.effect()) + " ± " + Results.number(effect.error()) + " nats; mean length "
                + mean(column) + ", reference " + mean(reference);
        return Optional.of(new Drift(effect, "nats", text));
    }

    private static String mean(ColumnProfile column) {
        long count = column.lengths().count();
        return count == 0 ? "none" : Results.number((double) column.lengths().sum() / count);
    }
}
