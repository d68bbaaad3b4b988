package io.tiltmeter.validate.checks;

import com.google.auto.service.AutoService;
import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.stats.Shares;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckInfo;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Level;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.ShardProfile;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** More cells missing than in the baseline, or in a shard than elsewhere. */
@AutoService(Check.class)
public final class MissingValuesCheck implements Check {
    private static final CheckInfo INFO = new CheckInfo(
            "missing-values",
            "Missing values",
            "A larger share of a column's cells is missing than in the baseline, or in one shard than in the dataset."
                    + " Without a baseline the share itself is looked at.",
            Level.ERROR,
            List.of(
                    new Parameter(
                            "fail",
                            0.05,
                            "of rows",
                            "Increase of the share of missing cells that closes the gate",
                            new Derived(
                                    "one example in twenty: more than usual filters drop or imputation is tried for")),
                    new Parameter(
                            "warn",
                            0.01,
                            "of rows",
                            "Increase of the share of missing cells that is reported",
                            new Derived("one example in a hundred: the rate of recording errors commonly put up with")),
                    new Parameter(
                            "share",
                            0.001,
                            "of rows",
                            "Share of missing cells that is reported without a baseline",
                            new Derived("it is rare that one example in a thousand lacks a value by design"))),
            "Find the source or the join that lost the values; impute them, or leave the rows out, on purpose.");

    @Override
    public CheckInfo info() {
        return INFO;
    }

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        for (ColumnProfile column : data.all().columns()) {
            if (column.rows() == 0) {
                continue;
            }
            Optional<ColumnProfile> before = data.baselineOf(column.spec().name());
            if (before.isPresent()) {
                compare(column, before.get(), "in the baseline", "", settings, results);
                continue;
            }
            double share = (double) column.missing() / column.rows();
            double bound = settings.get("share");
            String text = String.format(Locale.ROOT, "%,d of %,d cells are missing", column.missing(), column.rows());
            if (share > bound) {
                results.warn(this, column.spec().name(), "", share, bound, "of rows", text);
            } else {
                results.count(this, column.spec().name(), "", share, bound, "of rows", text);
            }
        }
    }

    @Override
    public void judgeShard(ShardProfile shard, Dataset data, CheckSettings settings, Results results) {
        for (ColumnProfile column : shard.columns()) {
            data.referenceOf(column.spec().name()).ifPresent(reference -> {
                if (column.missing() > 0) {
                    String where = data.baseline().isPresent() ? "in the baseline" : "in the dataset";
                    compare(column, reference, where, shard.name(), settings, results);
                }
            });
        }
    }

    private void compare(
            ColumnProfile column,
            ColumnProfile reference,
            String where,
            String shard,
            CheckSettings settings,
            Results results) {
        String text = String.format(
                Locale.ROOT,
                "%,d of %,d cells are missing, %s it is %,d of %,d",
                column.missing(),
                column.rows(),
                where,
                reference.missing(),
                reference.rows());
        results.estimate(
                this,
                settings,
                column.spec().name(),
                shard,
                Shares.increase(column.missing(), column.rows(), reference.missing(), reference.rows()),
                "of rows",
                text);
    }
}
