package io.tiltmeter.cli;

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
import java.io.IOException;

/** What commands call; opened once a command's line and settings are known to be right, closed at its end. */
interface Jobs extends AutoCloseable {
    Outcome ingest(IngestJob.Request request, Settings settings, Progress progress);

    Outcome nightly(NightlyJob.Request request, Settings settings, Progress progress);

    Outcome compare(CompareJob.Request request, Settings settings, Progress progress);

    Outcome score(ScoreJob.Request request, Progress progress);

    Outcome train(TrainJob.Request request, Progress progress);

    /** Trains the demo's fleet into a folder. */
    Outcome demoFleet(String output, Progress progress);

    Outcome simulate(SimulateJob.Request request, Progress progress);

    Outcome validate(ValidateJob.Request request, Settings settings, Progress progress);

    /** Leaves in the output how the command ended. */
    void status(String output, StatusFile.Status status) throws IOException;

    @Override
    void close();

    /** Opens the jobs for a command of this name. */
    @FunctionalInterface
    interface Factory {
        Jobs open(String command);
    }
}
