package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.LayerRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.Scope;
import io.tiltmeter.model.ShardRecord;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;
import io.tiltmeter.spark.LocalSpark;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricSinkTest {
    private static final long NEVER = Long.MAX_VALUE;

    @TempDir
    java.nio.file.Path root;

    private final SparkSession spark = LocalSpark.session();
    private final Configuration configuration = new Configuration();

    @Test
    void everyRowLandsInItsTable() throws IOException {
        try (MetricSink sink = sink("r", 0, NEVER)) {
            for (long step = 0; step < 10; step++) {
                sink.step(step(step));
            }
            sink.layer(new LayerRecord(
                    "r", 0, 1, 0, "a", 0, null, null, null, null, null, null, null, null, null, null, null, null,
                    null));
            sink.event(new EventRecord("r", 0, 1, null, null, "restart", null));
            assertThat(sink.committedRows()).isZero();
            assertThat(sink.commit()).isEqualTo(12);
        }

        assertThat(names("steps")).containsExactly("r-0-0-1-0.parquet");
        assertThat(names("layers")).containsExactly("r-0-0-1-0.parquet");
        assertThat(names("events")).containsExactly("r-0-0-1-0.parquet");
        // A table without rows has no folder.
        assertThat(root.resolve("shards")).doesNotExist();
        assertThat(steps()).isEqualTo(10);
    }

    @Test
    void whatWasFlushedStaysWhenTheWorkerIsLost() throws Exception {
        try (MetricSink sink = sink("r", 0, 0)) {
            for (long step = 0; step < 5; step++) {
                sink.step(step(step));
            }
            while (sink.committedRows() < 5) {
                Thread.sleep(5);
            }
        }

        assertThat(names("steps")).hasSize(5);
        assertThat(steps()).isEqualTo(5);
    }

    @Test
    void closingWithoutCommitDropsWhatWasNotFlushed() {
        try (MetricSink sink = sink("r", 0, NEVER)) {
            sink.step(step(0));
        }

        assertThat(root.resolve("steps")).doesNotExist();
    }

    @Test
    void aSecondTryLeavesNoRowOfTheFirst() throws IOException {
        try (MetricSink first = sink("r", 0, 0)) {
            for (long step = 0; step < 6; step++) {
                first.step(step(step));
            }
            first.commit();
        }
        try (MetricSink other = sink("other", 0, NEVER)) {
            other.step(step(0));
            other.commit();
        }
        try (MetricSink second = sink("r", 0, NEVER)) {
            for (long step = 0; step < 6; step++) {
                second.step(step(step));
            }
            second.commit();
        }

        assertThat(names("steps")).containsExactlyInAnyOrder("r-0-0-1-0.parquet", "other-0-0-1-0.parquet");
        assertThat(steps()).isEqualTo(7);
    }

    @Test
    void segmentsStandSideBySide() throws IOException {
        for (long segment = 0; segment < 2; segment++) {
            try (MetricSink sink = sink("r", segment, NEVER)) {
                sink.step(step(segment));
                sink.commit();
            }
        }

        assertThat(names("steps")).containsExactlyInAnyOrder("r-0-0-1-0.parquet", "r-0-1-1-0.parquet");
    }

    @Test
    void aFailureToWriteIsThrownByTheNextCall() throws IOException {
        Files.writeString(root.resolve("steps"), "in the way");
        try (MetricSink sink = sink("r", 0, NEVER)) {
            sink.step(step(0));
            assertThatThrownBy(sink::commit)
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessage("Cannot write metrics 'r-0-0-1' below '" + root + "'");
        }
    }

    @Test
    void nothingIsTakenAfterTheEnd() {
        try (MetricSink sink = sink("r", 0, NEVER)) {
            sink.commit();
            assertThatThrownBy(() -> sink.shard(new ShardRecord("r", 0, 1, 0, "s", null, null)))
                    .hasMessage("Metrics 'r-0-0-1' are closed");
        }
    }

    @Test
    void theDriversRowsAreWrittenAnew() throws IOException {
        RunRecord run = RunRecord.of("team/a", "team", Map.of("lr", "0.1"))
                .withStatus("running")
                .withTimes(5L, null);
        RunLog log = new RunLog(new Path(root.toString()), configuration, run);
        log.attempt(new AttemptRecord("team/a", 0, 5L, 0L, null, 2, 64L, null));
        log.topology(0, List.of(worker(0), worker(1)));
        log.event(0, 7L, 9L, "checkpoint", "c-7");
        log.attempt(new AttemptRecord("team/a", 0, 5L, 0L, null, 2, 64L, "lost worker 1"));
        log.attempt(new AttemptRecord("team/a", 1, 6L, 7L, "c-7", 2, 64L, null));
        log.event(1, null, 9L, "restart", null);
        log.end("finished", 99);

        List<Row> runs = rows("runs");
        assertThat(runs).hasSize(1);
        assertThat(runs.get(0).<String>getAs("status")).isEqualTo("finished");
        assertThat(runs.get(0).<String>getAs("run_id")).isEqualTo("team/a");
        assertThat(names("runs")).containsExactly("team%2Fa.parquet");
        assertThat(rows("attempts"))
                .extracting(row -> row.<String>getAs("exit_reason"))
                .containsExactlyInAnyOrder("lost worker 1", null);
        assertThat(rows("topology")).hasSize(2);
        assertThat(names("events")).containsExactlyInAnyOrder("team%2Fa-driver-0.parquet", "team%2Fa-driver-1.parquet");
        assertThat(rows("events")).allMatch(row -> row.isNullAt(row.fieldIndex("worker")));

        // A driver started anew goes on after the events there are.
        new RunLog(new Path(root.toString()), configuration, run).event(2, null, 10L, "restart", null);
        assertThat(rows("events")).hasSize(3);
        assertThat(RunLog.framework()).isEqualTo("Deeplearning4j 1.0.0-M2.1 / Spark " + spark.version());
        assertThatThrownBy(() -> log.run(RunRecord.of("b", null, Map.of())))
                .hasMessage("Row is of run 'b', expected 'team/a'");
    }

    private static TopologyRecord worker(int worker) {
        return new TopologyRecord("team/a", 0, worker, "host", null, worker, null, null, null, null);
    }

    private MetricSink sink(String runId, long segment, long flushNanos) {
        return new MetricSink(new Path(root.toString()), configuration, runId, 0, segment, 1, flushNanos);
    }

    private static StepRecord step(long step) {
        MetricValues values = new MetricValues().set(Metric.LOSS, 1.0 / (step + 1));
        return new StepRecord("r", 0, 1, step, step, Scope.LOCAL, 1, values, null, null, null);
    }

    private long steps() {
        return spark.read().parquet(root.resolve("steps").toString()).count();
    }

    private List<Row> rows(String table) {
        return spark.read().parquet(root.resolve(table).toString()).collectAsList();
    }

    private List<String> names(String table) throws IOException {
        try (Stream<java.nio.file.Path> files = Files.list(root.resolve(table))) {
            return files.map(f -> f.getFileName().toString()).toList();
        }
    }
}
