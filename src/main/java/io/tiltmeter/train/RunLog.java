package io.tiltmeter.train;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;
import io.tiltmeter.spark.MetricFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/**
 * What the driver writes about a run: its row in {@code runs}, its attempts, where its workers ran, and its own events.
 * Each table has files of fixed names that are written anew on every change, so that a reader always sees whole rows, each
 * once. Not thread-safe.
 */
final class RunLog {
    private final Path root;
    private final Configuration configuration;
    private final String runId;
    private final String file;
    private RunRecord run;
    private int events;

    /** Begins the log of a run and writes its row, as it is. Events of an earlier run of that name stay, and are continued. */
    RunLog(Path metricsRoot, Configuration configuration, RunRecord run) {
        this.root = metricsRoot;
        this.configuration = configuration;
        this.run = run;
        this.runId = run.runId();
        this.file = MetricFile.fileName(runId);
        try {
            while (MetricFile.exists(new Path(root, "events"), eventFile(), configuration)) {
                events++;
            }
        } catch (IOException e) {
            throw failed("events", e);
        }
        run(run);
    }

    /** The run's row as last written. */
    RunRecord run() {
        return run;
    }

    /** Replaces the run's row. */
    void run(RunRecord changed) {
        if (!changed.runId().equals(runId)) {
            throw new IllegalArgumentException("Row is of run '" + changed.runId() + "', expected '" + runId + "'");
        }
        run = changed;
        write("runs", file, List.of(changed), MetricFile::append);
    }

    /** Ends the run: status {@code finished} or {@code failed}. */
    void end(String status, long endMicros) {
        run(run.withStatus(status).withTimes(run.startMicros(), endMicros));
    }

    /** Attempts logged so far, in earlier trainings of the run too. */
    int attempts() {
        int n = 0;
        try {
            while (MetricFile.exists(new Path(root, "attempts"), file + "-" + n + ".parquet", configuration)) {
                n++;
            }
        } catch (IOException e) {
            throw failed("attempts", e);
        }
        return n;
    }

    /** Adds an attempt, or replaces the one of its number. */
    void attempt(AttemptRecord attempt) {
        write("attempts", file + "-" + attempt.attempt(), List.of(attempt), MetricFile::append);
    }

    /** Says where the workers of an attempt run; replaces what was said of that attempt before. */
    void topology(int attempt, List<TopologyRecord> workers) {
        write("topology", file + "-" + attempt, workers, MetricFile::append);
    }

    /** Adds an event of the driver, which belongs to no worker. */
    void event(int attempt, @Nullable Long step, long timeMicros, String kind, @Nullable String detail) {
        write(
                "events",
                eventName(),
                List.of(new EventRecord(runId, attempt, StepRecord.NO_WORKER, step, timeMicros, kind, detail)),
                MetricFile::append);
        events++;
    }

    /** Records the loss on held-out examples after a step, in the row of the run as a whole; nothing without one. */
    void evaluation(int attempt, long step, long timeMicros, Map<String, Double> scores) {
        Double loss = scores.get("loss");
        if (loss != null && step >= 0) {
            MetricValues values = new MetricValues().set(Metric.EVAL_LOSS, loss);
            write(
                    "steps",
                    file + "-" + attempt + "-evaluation",
                    List.of(StepRecord.global(runId, attempt, step, timeMicros, values)),
                    MetricFile::append);
        }
    }

    private String eventName() {
        return file + "-driver-" + events;
    }

    private String eventFile() {
        return eventName() + ".parquet";
    }

    private interface Append<R> {
        void to(MetricFile file, R row) throws IOException;
    }

    private <R> void write(String table, String name, List<R> rows, Append<R> append) {
        try (MetricFile out = MetricFile.create(table, new Path(root, table), name + ".parquet", configuration)) {
            for (R row : rows) {
                append.to(out, row);
            }
            out.commit();
        } catch (IOException e) {
            throw failed(table, e);
        }
    }

    private UncheckedIOException failed(String table, IOException e) {
        return new UncheckedIOException(
                "Cannot write table '" + table + "' of run '" + runId + "' below '" + root + "'", e);
    }

    /** Name and version of what trains, for {@code framework}. */
    static String framework() {
        return "Deeplearning4j 1.0.0-M2.1 / Spark " + org.apache.spark.package$.MODULE$.SPARK_VERSION();
    }

    /** Cores, operating system and Java of this machine, for {@code hardware}. */
    static String hardware() {
        return Runtime.getRuntime().availableProcessors() + " cores, " + System.getProperty("os.name") + " "
                + System.getProperty("os.arch") + ", Java " + Runtime.version().feature();
    }
}
