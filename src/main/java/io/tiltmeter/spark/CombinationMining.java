package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.size;

import io.tiltmeter.correlate.mining.Combinations;
import io.tiltmeter.correlate.mining.RunItems;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.ml.fpm.FPGrowth;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Finds the combinations of items that enough runs of a fleet have, by MLlib's FP-growth. */
final class CombinationMining {
    private static final StructType BASKETS =
            new StructType().add("items", DataTypes.createArrayType(DataTypes.IntegerType, false), false);
    /** Runs that must have a combination, as a share: rarer ones are many, and never reach a small q-value. */
    private static final double SMALLEST_SHARE = 0.01;

    private CombinationMining() {}

    /**
     * Combinations of two to {@link Combinations#LONGEST} items, in ascending order; found without looking at incidents, so
     * that all of them are fair candidates.
     */
    static List<List<Integer>> frequent(SparkSession spark, RunItems items) {
        int runs = items.runs().size();
        List<Row> baskets = IntStream.range(0, runs)
                .mapToObj(run -> RowFactory.create((Object) items.of(run).toArray(Integer[]::new)))
                .toList();
        double fewest = Math.max(Combinations.FEWEST_CASES, Math.ceil(runs * SMALLEST_SHARE));
        List<List<Integer>> found = new ArrayList<>();
        new FPGrowth()
                .setItemsCol("items")
                // A count as a share, half a run lower so that rounding cannot raise it.
                .setMinSupport((fewest - 0.5) / runs)
                .fit(spark.createDataFrame(baskets, BASKETS).coalesce(1))
                .freqItemsets()
                .filter(size(col("items")).between(2, Combinations.LONGEST))
                .select("items")
                .collectAsList()
                .forEach(row ->
                        found.add(row.<Integer>getList(0).stream().sorted().toList()));
        found.sort(Comparator.<List<Integer>>comparingInt(List::size)
                .thenComparing(c -> c.get(0))
                .thenComparing(c -> c.get(1))
                .thenComparing(c -> c.get(c.size() - 1)));
        return found;
    }
}
