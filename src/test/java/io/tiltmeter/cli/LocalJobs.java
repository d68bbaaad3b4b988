package io.tiltmeter.cli;

import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.CompareJob;
import io.tiltmeter.spark.IngestJob;
import io.tiltmeter.spark.LocalSpark;
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

/** The real jobs, on the session that the tests of a JVM share. */
final class LocalJobs implements Jobs {
    @Override
    public Outcome ingest(IngestJob.Request request, Settings settings, Progress progress) {
        return IngestJob.run(LocalSpark.session(), request, settings, progress);
    }

    @Override
    public Outcome nightly(NightlyJob.Request request, Settings settings, Progress progress) {
        return NightlyJob.run(LocalSpark.session(), request, settings, progress);
    }

    @Override
    public Outcome compare(CompareJob.Request request, Settings settings, Progress progress) {
        return CompareJob.run(LocalSpark.session(), request, settings, progress);
    }

    @Override
    public Outcome score(ScoreJob.Request request, Progress progress) {
        return ScoreJob.run(LocalSpark.session(), request, progress);
    }

    @Override
    public Outcome train(TrainJob.Request request, Progress progress) {
        return TrainJob.run(LocalSpark.session(), request, progress);
    }

    @Override
    public Outcome demoFleet(String output, Progress progress) {
        return DemoFleet.train(LocalSpark.session(), output, progress);
    }

    @Override
    public Outcome simulate(SimulateJob.Request request, Progress progress) {
        return SimulateJob.run(LocalSpark.session(), request, progress);
    }

    @Override
    public Outcome validate(ValidateJob.Request request, Settings settings, Progress progress) {
        return ValidateJob.run(LocalSpark.session(), request, settings, progress);
    }

    @Override
    public void status(String output, StatusFile.Status status) throws IOException {
        StatusFile.write(LocalSpark.session(), output, status);
    }

    @Override
    public void close() {
        // The next test goes on with the session.
    }
}
