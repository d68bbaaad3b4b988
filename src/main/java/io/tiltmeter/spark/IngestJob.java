package io.tiltmeter.spark;

import io.tiltmeter.config.Settings;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** Placeholder until the job is merged. */
public final class IngestJob {
    private IngestJob() {}

    /** What to ingest. */
    public record Request(
            List<String> inputs, String format, String output, Map<String, String> names, boolean dryRun) {}

    /** Runs the job. */
    public static Outcome run(SparkSession spark, Request request, Settings settings, Progress progress) {
        throw new UnsupportedOperationException("Placeholder");
    }
}
