package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_set;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.Layout;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.TopologyRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.jspecify.annotations.Nullable;

/** The small tables of a fleet, as records: runs, attempts, hosts of workers and what the import rejected. */
final class RunTables {
    private RunTables() {}

    /**
     * The runs of the {@code runs} table by id. Several rows of one run are one run; the greater of two answers goes before.
     */
    static Map<String, RunRecord> runs(MetricTables tables) {
        Map<String, RunRecord> runs = new TreeMap<>();
        long nameless = 0;
        for (Row row : tables.rows("runs")) {
            if (row.getAs("run_id") == null) {
                nameless++;
                continue;
            }
            RunRecord run = run(row);
            runs.merge(run.runId(), run, RunTables::merge);
        }
        if (nameless > 0) {
            tables.reject(tables.where("runs"), "Rows of the table 'runs' without run_id", nameless);
        }
        return runs;
    }

    static Map<AttemptId, AttemptRecord> attempts(MetricTables tables) {
        Map<AttemptId, AttemptRecord> attempts = new HashMap<>();
        for (Row row : tables.rows("attempts")) {
            Integer number = integer(row, "attempt");
            AttemptRecord attempt = new AttemptRecord(
                    text(row, "run_id", ""),
                    number == null ? 0 : number,
                    micros(row, "start_time"),
                    number(row, "resume_step"),
                    text(row, "checkpoint"),
                    integer(row, "world_size"),
                    number(row, "global_batch"),
                    text(row, "exit_reason"));
            attempts.put(new AttemptId(attempt.runId(), attempt.attempt()), attempt);
        }
        return attempts;
    }

    /** Who is whose peer, of every attempt whose topology is known. */
    static Map<AttemptId, Layout> layouts(MetricTables tables) {
        Map<AttemptId, List<TopologyRecord>> rows = new HashMap<>();
        for (Row row : tables.rows("topology")) {
            Integer number = integer(row, "attempt");
            Integer worker = integer(row, "worker");
            if (worker != null) {
                AttemptId id = new AttemptId(text(row, "run_id", ""), number == null ? 0 : number);
                rows.computeIfAbsent(id, i -> new ArrayList<>())
                        .add(new TopologyRecord(
                                id.runId(),
                                id.attempt(),
                                worker,
                                text(row, "host"),
                                text(row, "device"),
                                integer(row, "data_coordinate"),
                                integer(row, "tensor_coordinate"),
                                integer(row, "pipeline_coordinate"),
                                integer(row, "context_coordinate"),
                                integer(row, "expert_coordinate")));
            }
        }
        Map<AttemptId, Layout> layouts = new HashMap<>();
        rows.forEach((id, workers) -> layouts.put(id, Layout.of(workers)));
        return layouts;
    }

    /** Steps at which training paused for a checkpoint or an evaluation, by run, ascending; over all starts. */
    static Map<String, long[]> pauses(MetricTables tables) {
        Map<String, long[]> pauses = new HashMap<>();
        for (Row row : tables.rows(
                "events",
                frame -> frame.filter(col("run_id").isNotNull())
                        .filter(col("step").isNotNull())
                        .filter(col("kind").isin("checkpoint", "evaluation"))
                        .groupBy("run_id")
                        .agg(collect_set("step")))) {
            pauses.put(
                    row.getString(0),
                    row.<Long>getList(1).stream()
                            .mapToLong(Long::longValue)
                            .sorted()
                            .toArray());
        }
        return pauses;
    }

    static List<Rejection> quarantine(MetricTables tables) {
        List<Rejection> rejections = new ArrayList<>();
        for (Row row : tables.rows("quarantine")) {
            rejections.add(new Rejection(
                    row.getAs("file"),
                    row.<Long>getAs("line"),
                    row.getAs("reason"),
                    row.<Long>getAs("count"),
                    Rejection.Level.WARNING.name().equalsIgnoreCase(row.getAs("level"))
                            ? Rejection.Level.WARNING
                            : Rejection.Level.REJECTED));
        }
        return rejections;
    }

    private static RunRecord run(Row row) {
        Map<String, String> attributes = row.isNullAt(row.fieldIndex("attributes"))
                ? Map.of()
                : row.<String, String>getJavaMap(row.fieldIndex("attributes"));
        Map<String, String> known = new HashMap<>();
        attributes.forEach((key, value) -> {
            if (value != null) {
                known.put(key, value);
            }
        });
        return new RunRecord(
                text(row, "run_id", ""),
                text(row, "project"),
                text(row, "owner"),
                micros(row, "start_time"),
                micros(row, "end_time"),
                text(row, "status"),
                text(row, "parent_run_id"),
                number(row, "seed"),
                number(row, "planned_steps"),
                text(row, "dataset"),
                text(row, "dataset_version"),
                text(row, "dataset_fingerprint"),
                text(row, "verdict_id"),
                text(row, "tokenizer"),
                text(row, "framework"),
                text(row, "code_version"),
                text(row, "hardware"),
                known);
    }

    private static RunRecord merge(RunRecord a, RunRecord b) {
        Map<String, String> attributes = new HashMap<>(a.attributes());
        attributes.putAll(b.attributes());
        return new RunRecord(
                a.runId(),
                later(a.project(), b.project()),
                later(a.owner(), b.owner()),
                later(a.startMicros(), b.startMicros()),
                later(a.endMicros(), b.endMicros()),
                later(a.status(), b.status()),
                later(a.parentRunId(), b.parentRunId()),
                later(a.seed(), b.seed()),
                later(a.plannedSteps(), b.plannedSteps()),
                later(a.dataset(), b.dataset()),
                later(a.datasetVersion(), b.datasetVersion()),
                later(a.datasetFingerprint(), b.datasetFingerprint()),
                later(a.verdictId(), b.verdictId()),
                later(a.tokenizer(), b.tokenizer()),
                later(a.framework(), b.framework()),
                later(a.codeVersion(), b.codeVersion()),
                later(a.hardware(), b.hardware()),
                attributes);
    }

    /** The greater of two answers, so that the order of rows does not matter; whichever there is if only one. */
    private static <T extends Comparable<T>> @Nullable T later(@Nullable T a, @Nullable T b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        return a.compareTo(b) >= 0 ? a : b;
    }

    private static @Nullable String text(Row row, String column) {
        return row.getAs(column);
    }

    private static String text(Row row, String column, String missing) {
        String text = row.getAs(column);
        return text == null ? missing : text;
    }

    private static @Nullable Long number(Row row, String column) {
        return row.getAs(column);
    }

    private static @Nullable Integer integer(Row row, String column) {
        return row.getAs(column);
    }

    private static @Nullable Long micros(Row row, String column) {
        Object time = row.getAs(column);
        if (time instanceof Instant instant) {
            return instant.getEpochSecond() * 1_000_000 + instant.getNano() / 1_000;
        }
        return time instanceof java.sql.Timestamp stamp
                ? Math.floorDiv(stamp.getTime(), 1000L) * 1_000_000 + stamp.getNanos() / 1_000
                : null;
    }
}
