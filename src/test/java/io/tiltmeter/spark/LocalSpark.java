package io.tiltmeter.spark;

import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/** The one Spark session that all tests of this JVM share: two threads, few partitions, nothing outside target/. */
public final class LocalSpark {
    private LocalSpark() {}

    private static final SparkSession SESSION = SparkSession.builder()
            .master("local[2]")
            .appName("tests")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
            .config("spark.sql.shuffle.partitions", "4")
            .config("spark.sql.session.timeZone", "UTC")
            .config(
                    "spark.sql.warehouse.dir",
                    Path.of("target", "test-warehouse").toAbsolutePath().toString())
            .getOrCreate();

    /** The session. Tests neither stop it nor change its configuration. */
    public static SparkSession session() {
        return SESSION;
    }
}
