package io.tiltmeter.spark;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.DataTrail;
import io.tiltmeter.model.DataTrail.Checkpoint;
import io.tiltmeter.model.DataTrail.Range;
import io.tiltmeter.model.DataTrail.Reader;
import io.tiltmeter.model.DataTrail.When;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.RunSummary;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Six runs of one dataset; the first has a spike at step 100, where its two workers read samples 3200 to 3231 of a shard. */
class DataTrailsTest {
    private static final List<String> RUNS = List.of("spiked", "behind", "shuffled", "ended", "unlogged", "harmed");
    private static final Map<String, Long> LAST =
            Map.of("spiked", 200L, "behind", 80L, "shuffled", 70L, "ended", 200L, "unlogged", 50L, "harmed", 150L);

    @TempDir
    Path folder = Path.of("");

    private void write(String table, List<Row> rows) {
        LocalSpark.session()
                .createDataFrame(rows, Schemas.asRead(table))
                .write()
                .parquet(folder.resolve(table).toString());
    }

    private void tables() {
        List<Row> shards = new ArrayList<>();
        for (String run : RUNS) {
            // One reads in another order, and one does not say what it reads.
            long offset = run.equals("shuffled") ? 1000 : 0;
            for (long step = 0; step <= LAST.getOrDefault(run, 0L) && !run.equals("unlogged"); step++) {
                for (int worker = 0; worker < 2; worker++) {
                    long first = 32 * (step + offset) + 16L * worker;
                    shards.add(RowFactory.create(run, 0, worker, step, "web", first, first + 15));
                }
            }
        }
        write("shards", shards);
        List<Row> events = new ArrayList<>();
        for (long step = 40; step <= 200; step += 40) {
            events.add(RowFactory.create("spiked", 0, null, step, null, "checkpoint", "ckpt-" + step));
        }
        events.add(RowFactory.create("spiked", 0, null, 99L, null, "evaluation", null));
        write("events", events);
        List<Row> runs = new ArrayList<>();
        RUNS.forEach(run -> runs.add(RowFactory.create(
                run,
                "p",
                null,
                null,
                null,
                status(run),
                null,
                null,
                null,
                "web",
                "v1",
                null,
                null,
                null,
                null,
                null,
                null,
                null)));
        write("runs", runs);
    }

    private static String status(String run) {
        return run.equals("ended") ? "finished" : "running";
    }

    private static RunRecord record(String run) {
        return new RunRecord(
                run,
                "p",
                null,
                null,
                null,
                status(run),
                null,
                null,
                null,
                "web",
                "v1",
                null,
                null,
                null,
                null,
                null,
                null,
                Map.of());
    }

    private static Incident incident(String run, long step, int worker) {
        Finding finding = new Finding(
                run,
                "loss-spike",
                "loss",
                0,
                worker,
                null,
                null,
                null,
                step,
                step + 5,
                step,
                9,
                6,
                Severity.WARNING,
                Cause.DATA,
                "");
        return new Incident(
                run + "/0/" + step, run, Cause.DATA, "", Severity.WARNING, 0, step, step + 5, "", List.of(finding));
    }

    private Map<String, DataTrail> trails(int worker) {
        tables();
        Map<String, RunRecord> runs = new TreeMap<>();
        Map<String, RunSummary> summaries = new TreeMap<>();
        RUNS.forEach(run -> {
            long last = LAST.getOrDefault(run, 0L);
            runs.put(run, record(run));
            summaries.put(
                    run, new RunSummary(run, "p", 1, 2, last + 1, 0, last, last + 1, 3, 2, 2, 2, false, Double.NaN));
        });
        Map<String, List<Incident>> incidents = Map.of(
                "spiked", List.of(incident("spiked", 100, worker)), "harmed", List.of(incident("harmed", 103, -1)));
        return new DataTrails(
                        LocalSpark.session(),
                        MetricTables.open(LocalSpark.session(), folder.toString(), new ColumnMapping(Map.of())),
                        runs,
                        summaries,
                        incidents,
                        Map.<AttemptId, AttemptRecord>of())
                .of(List.of("spiked"));
    }

    @Test
    void tellsTheSamplesTheCheckpointAndWhoReadsThemNext() {
        Map<String, DataTrail> trails = trails(StepRecord.NO_WORKER);

        assertThat(trails).containsOnlyKeys("spiked/0/100");
        DataTrail trail = requireNonNull(trails.get("spiked/0/100"));
        assertThat(trail.step()).isEqualTo(100);
        assertThat(trail.ranges()).containsExactly(new Range("web", 3200L, 3231L, 2));
        assertThat(trail.checkpoint()).isEqualTo(new Checkpoint(0, 80, "ckpt-80"));
        assertThat(trail.passedOver()).isZero();
        assertThat(trail.readers())
                .containsExactly(
                        new Reader("behind", When.NEXT, 100, 80, false),
                        new Reader("ended", When.READ, 100, 200, false),
                        new Reader("harmed", When.READ, 100, 150, true));
        // In another order, or not logged: when they read it cannot be known.
        assertThat(trail.unknown()).containsExactly("shuffled", "unlogged");
    }

    @Test
    void ofOneWorkerItsOwnSamplesCount() {
        DataTrail trail = requireNonNull(trails(1).get("spiked/0/100"));

        assertThat(trail.worker()).isEqualTo(1);
        assertThat(trail.ranges()).containsExactly(new Range("web", 3216L, 3231L, 1));
    }
}
