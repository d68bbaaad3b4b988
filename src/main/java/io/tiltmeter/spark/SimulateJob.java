package io.tiltmeter.spark;

import org.apache.spark.sql.SparkSession;

/** Placeholder until the job is merged. */
public final class SimulateJob {
    private SimulateJob() {}

    /** What to simulate. */
    public record Request(String output, int runs, int workers, int steps, long seed) {}

    /** Runs the job. */
    public static Outcome run(SparkSession spark, Request request, Progress progress) {
        throw new UnsupportedOperationException("Placeholder");
    }
}
