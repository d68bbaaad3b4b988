package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.ShardProfile;
import java.util.List;
import java.util.Locale;

/** Rows repeat the row before. */
@AutoService(Check.class)
public final class IdenticalRowsCheck implements Check {
    private static final CheckInfo INFO = new CheckInfo(
            ShardProfile.IDENTICAL,
            "Rows equal to the row before",
            "Tokens, text or arrays of numbers of a row are those of the row before: a row was written twice, or copies were not"
                    + " shuffled, so that one batch holds the same example several times.",
            Level.WARNING,
            List.of(
                    new Parameter(
                            "share",
                            0.001,
                            "of rows",
                            "Share of rows equal to the row before that is reported, of the dataset and of each shard",
                            new Derived(
                                    "after a shuffle a copy follows its original in one of n rows: one in a thousand is far more"))),
            "Look at joins and retries of the step that writes the rows; shuffle after copies are made.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        judge(data.all(), "", settings, results);
    }

    @Override
    public void judgeShard(ShardProfile shard, Dataset data, CheckSettings settings, Results results) {
        if (shard.identical() > 0) {
            judge(shard, shard.name(), settings, results);
        }
    }

    private void judge(ShardProfile rows, String shard, CheckSettings settings, Results results) {
        if (rows.withContent() > 0) {
            double share = (double) rows.identical() / rows.withContent();
            String text = String.format(
                    Locale.ROOT, "%,d of %,d rows are equal to the row before", rows.identical(), rows.withContent());
            results.count(this, "", shard, share, settings.get("share"), "of rows", text);
        }
    }
}
