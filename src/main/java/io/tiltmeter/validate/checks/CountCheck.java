package io.tiltmeter.validate.checks;

import io.tiltmeter.detect.DetectorInfo.Parameter;
import io.tiltmeter.detect.DetectorInfo.Source.Derived;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.ShardProfile;
import java.util.Locale;
import java.util.Optional;

/** A check that counts violations exactly, column by column, in the dataset and in each shard that has any. */
abstract class CountCheck implements Check {
    /** The bound of hard rules. */
    static final Parameter NONE_ALLOWED = new Parameter(
            "allowed",
            0,
            "values",
            "Violations of a column that are let pass, in the dataset and in each shard",
            new Derived("one is one too many: it is a rule of the data, not a matter of statistics"));

    /** Violations in a column, empty where it cannot have any. */
    abstract Optional<Long> violations(ColumnProfile column);

    /** What the violations are, e.g. {@code NaN or infinite numbers}. */
    abstract String what(ColumnProfile column);

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        count(data.all(), settings, results, true);
    }

    @Override
    public void judgeShard(ShardProfile shard, Dataset data, CheckSettings settings, Results results) {
        count(shard, settings, results, false);
    }

    private void count(ShardProfile profile, CheckSettings settings, Results results, boolean whole) {
        for (ColumnProfile column : profile.columns()) {
            violations(column).ifPresent(count -> {
                // Shards without any need no line each: the dataset's line says so.
                if (whole || count > 0) {
                    String shard = whole ? "" : profile.name();
                    String text = String.format(Locale.ROOT, "%,d %s in %,d rows", count, what(column), column.rows());
                    results.count(this, column.spec().name(), shard, count, settings.get("allowed"), "values", text);
                }
            });
        }
    }
}
