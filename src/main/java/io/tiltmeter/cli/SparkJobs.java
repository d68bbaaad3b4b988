package io.tiltmeter.cli;

import io.tiltmeter.config.ConfigException;
import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.CompareJob;
import io.tiltmeter.spark.IngestJob;
import io.tiltmeter.spark.NightlyJob;
import io.tiltmeter.spark.Outcome;
import io.tiltmeter.spark.Progress;
import io.tiltmeter.spark.ScoreJob;
import io.tiltmeter.spark.SimulateJob;
import io.tiltmeter.spark.StatusFile;
import io.tiltmeter.spark.ValidateJob;
import io.tiltmeter.train.TrainJob;
import io.tiltmeter.train.faults.DemoFleet;
import java.io.IOException;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/**
 * The jobs on a Spark session of their own. The master is what {@code spark-submit} was told; only the demo, where
 * {@code local[*]} is fewer cores than its trainings have workers, takes as many threads as they need.
 */
final class SparkJobs implements Jobs {
    private final SparkSession spark;

    private SparkJobs(SparkSession spark) {
        this.spark = spark;
    }

    static SparkJobs open(String command) {
        SparkConf conf = new SparkConf();
        if (!conf.contains("spark.master")) {
            throw new ConfigException(
                    "No Spark master is set; start with jobs/" + command + " or with spark-submit --master");
        }
        conf.setMaster(
                master(command, conf.get("spark.master"), Runtime.getRuntime().availableProcessors()));
        conf.setIfMissing("spark.app.name", "tiltmeter " + command);
        if (conf.get("spark.app.name").equals(Main.class.getName())) {
            conf.setAppName("tiltmeter " + command);
        }
        conf.setIfMissing("spark.ui.enabled", "false");
        // The default, INT96, is read more slowly and has no statistics.
        conf.setIfMissing("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS");
        // All workers of a training start together: ask again soon while a lost executor is replaced, not every 15 s.
        conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "2s");
        try {
            return new SparkJobs(SparkSession.builder().config(conf).getOrCreate());
        } catch (Exception e) {
            // Scala throws checked exceptions undeclared. What keeps Spark from starting is one of its settings.
            throw new ConfigException(
                    "Spark does not start: " + String.valueOf(e.getMessage()).strip());
        }
    }

    /** The master to take in place of the one that Spark was told. */
    static String master(String command, String told, int cores) {
        boolean tooFew = told.equals("local[*]") && cores < DemoFleet.WORKERS;
        return tooFew && command.equals("demo") ? "local[" + DemoFleet.WORKERS + "]" : told;
    }

    @Override
    public Outcome ingest(IngestJob.Request request, Settings settings, Progress progress) {
        return IngestJob.run(spark, request, settings, progress);
    }

    @Override
    public Outcome nightly(NightlyJob.Request request, Settings settings, Progress progress) {
        return NightlyJob.run(spark, request, settings, progress);
    }

    @Override
    public Outcome compare(CompareJob.Request request, Settings settings, Progress progress) {
        return CompareJob.run(spark, request, settings, progress);
    }

    @Override
    public Outcome score(ScoreJob.Request request, Progress progress) {
        return ScoreJob.run(spark, request, progress);
    }

    @Override
    public Outcome train(TrainJob.Request request, Progress progress) {
        return TrainJob.run(spark, request, progress);
    }

    @Override
    public Outcome demoFleet(String output, Progress progress) {
        return DemoFleet.train(spark, output, progress);
    }

    @Override
    public Outcome simulate(SimulateJob.Request request, Progress progress) {
        return SimulateJob.run(spark, request, progress);
    }

    @Override
    public Outcome validate(ValidateJob.Request request, Settings settings, Progress progress) {
        return ValidateJob.run(spark, request, settings, progress);
    }

    @Override
    public void status(String output, StatusFile.Status status) throws IOException {
        StatusFile.write(spark, output, status);
    }

    @Override
    public void close() {
        spark.stop();
    }
}
