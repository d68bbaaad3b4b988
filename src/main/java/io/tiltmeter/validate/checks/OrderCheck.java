package io.tiltmeter.validate.checks;

import io.tiltmeter.stats.Estimate;
import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.CheckSettings;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.ShardProfile;
import java.util.Optional;

/** A check whether the rows of a shard stand in an order that no shuffle leaves, column by column. */
abstract class OrderCheck implements Check {
    /** What was measured. */
    record Order(Estimate effect, String unit, String text) {}

    /** The effect in a column, empty where the check is not about such columns or there is too little. */
    abstract Optional<Order> order(ColumnProfile column);

    @Override
    public void judgeShard(ShardProfile shard, Dataset data, CheckSettings settings, Results results) {
        for (ColumnProfile column : shard.columns()) {
            order(column)
                    .ifPresent(order -> results.estimate(
                            this,
                            settings,
                            column.spec().name(),
                            shard.name(),
                            order.effect(),
                            order.unit(),
                            order.text()));
        }
    }
}
