package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Duplicates;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import java.util.List;
import java.util.Locale;

/** Blocks of rows come again in the same order. */
@AutoService(Check.class)
public final class RepeatedBlocksCheck implements Check {
    public static final String ID = "repeated-blocks";
    public static final String ROWS = "rows";

    private static final CheckInfo INFO = new CheckInfo(
            ID,
            "Repeated blocks of rows",
            "A block of rows comes a second time in the same order, in the same shard or in another: a batch or shard was written"
                    + " twice, as after a retry or a restart.",
            Level.WARNING,
            List.of(
                    new Parameter(
                            "allowed",
                            0,
                            "blocks",
                            "Repeated blocks that are let pass",
                            new Derived(
                                    "copies that a shuffle has dealt out do not follow each other in the same order")),
                    new Parameter(
                            ROWS,
                            8,
                            "rows",
                            "Rows in the same order that make a block",
                            new Derived(
                                    "where a share c of n rows are copies dealt out at random, the next row goes on with the"
                                            + " block with a chance of c/n; eight in a row do not happen"))),
            "Look at the step that writes shards for a retry that appends; write the listed shards anew.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        data.fact(Duplicates.class).filter(found -> found.rows() > 0).ifPresent(found -> {
            Duplicates.Repeats repeats = found.repeats();
            String text = String.format(
                    Locale.ROOT,
                    "%,d blocks of %,d rows or more come again in the same order: %,d rows, the longest %,d",
                    repeats.blocks(),
                    repeats.least(),
                    repeats.rows(),
                    repeats.longest());
            results.count(this, found.columns(), "", repeats.blocks(), settings.get("allowed"), "blocks", text);
        });
    }
}
