package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.stats.Estimate;
import io.tiltmeter.stats.MutualInformation;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.Sources;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The mix of sources changes along a shard. */
@AutoService(Check.class)
public final class SourceOrderCheck extends OrderCheck {
    private static final String ORIGIN =
            "0.02 nats is the information of a mix of two sources that swings between 40:60 and"
                    + " 60:40, 0.1 nats of one between 28:72 and 72:28";
    private static final CheckInfo INFO = new CheckInfo(
            "source-order",
            "Sources along a shard",
            "The mix of sources changes from the beginning of a shard to its end, by the information that the window of rows gives"
                    + " of the source: sources were appended, not shuffled.",
            Level.WARNING,
            List.of(
                    new Parameter("fail", 0.1, "nats", "Information that counts as a failure", new Derived(ORIGIN)),
                    new Parameter("warn", 0.02, "nats", "Information that is reported", new Derived(ORIGIN))),
            "Mix the sources before shards are written, or read them by shares; where a curriculum is meant, disable the check.");

    /** Rows a cell can expect at least. */
    private static final int LEAST = 5;

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    Optional<Order> order(ColumnProfile column) {
        if (column.spec().kind() != ColumnKind.SOURCE) {
            return Optional.empty();
        }
        double[][] counts = table(column.sources());
        if (counts.length < 2) {
            return Optional.empty();
        }
        Estimate effect = MutualInformation.of(counts);
        return Optional.of(new Order(
                effect,
                "nats",
                "Windows of " + Results.number(column.sources().width()) + " rows give "
                        + Results.number(effect.effect()) + " ± " + Results.number(effect.error()) + " nats of "
                        + counts.length + " sources"));
    }

    /** Sources by window; those too rare to be expected five times in a window together. */
    private static double[][] table(Sources sources) {
        Map<String, long[]> windows = sources.windows();
        int used = 0;
        for (long[] each : windows.values()) {
            for (int i = 0; i < each.length; i++) {
                used = each[i] > 0 ? Math.max(used, i + 1) : used;
            }
        }
        List<double[]> rows = new ArrayList<>();
        double[] rare = new double[used];
        double all = 0;
        for (long[] each : windows.values()) {
            double[] row = new double[used];
            double sum = 0;
            for (int i = 0; i < used; i++) {
                row[i] = each[i];
                sum += each[i];
            }
            if (sum >= (double) LEAST * used) {
                rows.add(row);
            } else {
                for (int i = 0; i < used; i++) {
                    rare[i] += row[i];
                }
                all += sum;
            }
        }
        if (all >= (double) LEAST * used) {
            rows.add(rare);
        }
        return rows.toArray(double[][]::new);
    }
}
