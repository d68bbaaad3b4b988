package io.tiltmeter.validate.checks;

import io.tiltmeter.stats.Estimate;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.ShardProfile;
import java.util.Optional;

/**
 * A check that compares the distribution of a column: the dataset's with the baseline's, and each shard's with the baseline's
 * or, without one, with the dataset's.
 */
abstract class DriftCheck implements Check {
    /**
     * What was measured.
     *
     * @param text the evidence, without what it was compared with
     */
    record Drift(Estimate effect, String unit, String text) {}

    /** The effect between two profiles of a column, empty where the check is not about such columns. */
    abstract Optional<Drift> drift(ColumnProfile column, ColumnProfile reference, Dataset data);

    @Override
    public void judge(Dataset data, CheckSettings settings, Results results) {
        data.baselineAll().ifPresent(baseline -> compare(data.all(), data, "", settings, results));
    }

    @Override
    public void judgeShard(ShardProfile shard, Dataset data, CheckSettings settings, Results results) {
        if (data.baseline().isPresent() || data.profile().shards() > 1) {
            compare(shard, data, shard.name(), settings, results);
        }
    }

    private void compare(ShardProfile profile, Dataset data, String shard, CheckSettings settings, Results results) {
        String against = data.baseline().isPresent() ? ", against the baseline" : ", against the dataset";
        for (ColumnProfile column : profile.columns()) {
            data.referenceOf(column.spec().name())
                    .filter(reference ->
                            reference.spec().kind() == column.spec().kind())
                    .flatMap(reference -> drift(column, reference, data))
                    .ifPresent(drift -> results.estimate(
                            this,
                            settings,
                            column.spec().name(),
                            shard,
                            drift.effect(),
                            drift.unit(),
                            drift.text() + against));
        }
    }
}
