package io.tiltmeter.spark;

import io.tiltmeter.config.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** Placeholder until the job is merged. */
public final class NightlyJob {
    private NightlyJob() {}

    /** What to analyse. */
    public record Request(
            String metrics,
            String output,
            Optional<String> date,
            Map<String, String> names,
            boolean dryRun,
            int width,
            boolean colour) {}

    /** Runs the job. */
    public static Outcome run(SparkSession spark, Request request, Settings settings, Progress progress) {
        try {
            Path path = new Path(request.metrics());
            if (!path.getFileSystem(spark.sparkContext().hadoopConfiguration()).exists(path)) {
                throw new InputException("Cannot read metrics '" + request.metrics() + "': there is no such path");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Outcome("Placeholder", Optional.empty(), List.of(), Optional.empty());
    }
}
