package io.tiltmeter.spark;

import java.util.function.Supplier;
import org.apache.spark.sql.SparkSession;

/** As many partitions for the shuffles of a piece of work as its rows are worth. */
final class ShufflePartitions {
    private static final String KEY = "spark.sql.shuffle.partitions";
    /** Rows of a partition: a task of a second or so, and well within the memory of an executor's core. */
    private static final long ROWS = 100_000;

    private static final long MOST = 10_000;

    private ShufflePartitions() {}

    /**
     * Does work whose shuffles move so many rows. Where the user has set a number of partitions, that number stays.
     *
     * @param work whose datasets are computed before it returns
     */
    static <T> T during(SparkSession spark, long rows, Supplier<T> work) {
        if (spark.sparkContext().getConf().contains(KEY)) {
            return work.get();
        }
        String before = spark.conf().get(KEY);
        spark.conf().set(KEY, of(rows, spark.sparkContext().defaultParallelism()));
        try {
            return work.get();
        } finally {
            spark.conf().set(KEY, before);
        }
    }

    static long of(long rows, int cores) {
        return Math.max(cores, Math.min(MOST, (rows + ROWS - 1) / ROWS));
    }
}
