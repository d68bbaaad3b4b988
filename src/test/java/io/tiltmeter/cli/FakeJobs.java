package io.tiltmeter.cli;

import io.tiltmeter.config.Settings;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.Severity;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Jobs that do nothing but end as they are told, and remember what they were asked. */
final class FakeJobs implements Jobs {
    private static final String REPORT = "/reports/2026-11-23/report.html";

    final List<Object> requests = new ArrayList<>();
    final List<Settings> settings = new ArrayList<>();
    final List<StatusFile.Status> statuses = new ArrayList<>();
    final List<String> statusFolders = new ArrayList<>();
    final List<String> opened = new ArrayList<>();
    int closed;
    Outcome outcome = new Outcome("All is well", Optional.empty(), List.of(), Optional.of(REPORT));

    @Nullable
    Throwable failure;

    @Nullable
    IOException statusFailure;

    static FakeJobs sound() {
        return new FakeJobs();
    }

    static FakeJobs finding(Severity worst, Rejection... rejected) {
        FakeJobs jobs = new FakeJobs();
        jobs.outcome = new Outcome("Something is wrong", Optional.of(worst), List.of(rejected), Optional.of(REPORT));
        return jobs;
    }

    static FakeJobs rejecting(Rejection... rejected) {
        FakeJobs jobs = new FakeJobs();
        jobs.outcome = new Outcome("Read the rest", Optional.empty(), List.of(rejected), Optional.of(REPORT));
        return jobs;
    }

    static FakeJobs closed(String why) {
        FakeJobs jobs = new FakeJobs();
        jobs.outcome =
                new Outcome("Closed", Optional.of(Severity.ERROR), List.of(), Optional.of(REPORT), Optional.of(why));
        return jobs;
    }

    static FakeJobs failing(Throwable failure) {
        FakeJobs jobs = new FakeJobs();
        jobs.failure = failure;
        return jobs;
    }

    Jobs open(String command) {
        opened.add(command);
        return this;
    }

    @Override
    public Outcome ingest(IngestJob.Request request, Settings given, Progress progress) {
        settings.add(given);
        return end(request);
    }

    @Override
    public Outcome nightly(NightlyJob.Request request, Settings given, Progress progress) {
        settings.add(given);
        progress.stage("Judging\n\u001b[31m runs");
        return end(request);
    }

    @Override
    public Outcome compare(CompareJob.Request request, Settings given, Progress progress) {
        settings.add(given);
        return end(request);
    }

    @Override
    public Outcome score(ScoreJob.Request request, Progress progress) {
        return end(request);
    }

    @Override
    public Outcome train(TrainJob.Request request, Progress progress) {
        return end(request);
    }

    @Override
    public Outcome demoFleet(String output, Progress progress) {
        return end("fleet in " + output);
    }

    @Override
    public Outcome simulate(SimulateJob.Request request, Progress progress) {
        return end(request);
    }

    @Override
    public Outcome validate(ValidateJob.Request request, Settings given, Progress progress) {
        settings.add(given);
        return end(request);
    }

    @Override
    public void status(String output, StatusFile.Status status) throws IOException {
        if (statusFailure != null) {
            throw statusFailure;
        }
        statusFolders.add(output);
        statuses.add(status);
    }

    @Override
    public void close() {
        closed++;
    }

    private Outcome end(Object request) {
        requests.add(request);
        if (failure != null) {
            throw undeclared(failure);
        }
        return outcome;
    }

    /** Throws checked exceptions undeclared, as Scala does. */
    @SuppressWarnings("unchecked")
    private static <T extends Throwable> RuntimeException undeclared(Throwable thrown) throws T {
        throw (T) thrown;
    }
}
