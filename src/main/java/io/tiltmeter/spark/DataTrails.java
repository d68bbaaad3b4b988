package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.countDistinct;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.xxhash64;

import io.tiltmeter.diagnose.LastGood;
import io.tiltmeter.model.AttemptRecord;
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
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Follows spikes back to their data, from the tables {@code shards}, {@code events} and {@code attempts}: what was read at the
 * first step, the last good checkpoint, and which other runs read the same. Nothing is read where there is no such incident.
 */
final class DataTrails {
    /** Detectors of incidents that a batch can cause. */
    private static final Set<String> SPIKES = Set.of("loss-spike", "grad-explosion", "non-finite");

    private static final int MOST_RANGES = 16;
    private static final int MOST_READERS = 20;
    private static final int MOST_UNKNOWN = 20;
    /** Last steps of a run over which its order is compared with another's. */
    private static final int COMPARED = 64;
    /** Fewest steps that have to be equal, and none different. */
    private static final int FEWEST_EQUAL = 3;
    /** Runs of the same data that are asked for their order, for each incident. */
    private static final int MOST_ASKED = 100;

    private static final StructType PLACES = new StructType()
            .add("incident", DataTypes.StringType, false)
            .add("incident_run", DataTypes.StringType, false)
            .add("incident_attempt", DataTypes.IntegerType, false)
            .add("incident_worker", DataTypes.IntegerType, true)
            .add("incident_step", DataTypes.LongType, false);

    private static final StructType RANGES = new StructType()
            .add("incident", DataTypes.StringType, false)
            .add("incident_run", DataTypes.StringType, false)
            .add("range_shard", DataTypes.StringType, false)
            .add("range_first", DataTypes.LongType, true)
            .add("range_last", DataTypes.LongType, true);

    private static final StructType STEPS = new StructType()
            .add("wanted_run", DataTypes.StringType, false)
            .add("wanted_from", DataTypes.LongType, false)
            .add("wanted_to", DataTypes.LongType, false);

    private final SparkSession spark;
    private final MetricTables tables;
    private final Map<String, RunRecord> runs;
    private final Map<String, RunSummary> summaries;
    private final Map<String, List<Incident>> incidents;
    private final Map<AttemptId, AttemptRecord> attempts;

    /** A spike: the incident, and where its values went wrong. */
    private record Spike(Incident incident, Finding finding) {
        String id() {
            return incident.id();
        }

        String run() {
            return incident.runId();
        }
    }

    /** How often two runs read the same at a step, and how often not. */
    private record Agreement(int equal, int different) {}

    /**
     * Prepares.
     *
     * @param incidents incidents of every run
     */
    DataTrails(
            SparkSession spark,
            MetricTables tables,
            Map<String, RunRecord> runs,
            Map<String, RunSummary> summaries,
            Map<String, List<Incident>> incidents,
            Map<AttemptId, AttemptRecord> attempts) {
        this.spark = spark;
        this.tables = tables;
        this.runs = runs;
        this.summaries = summaries;
        this.incidents = incidents;
        this.attempts = attempts;
    }

    /** The trails of the spikes of these runs, by incident. */
    Map<String, DataTrail> of(Collection<String> drawn) {
        List<Spike> spikes = drawn.stream()
                .sorted()
                .flatMap(run -> incidents.getOrDefault(run, List.of()).stream())
                .flatMap(incident -> spike(incident).stream())
                .toList();
        if (spikes.isEmpty() || (!tables.has("shards") && !tables.has("events"))) {
            return Map.of();
        }
        Map<String, List<Checkpoint>> checkpoints = checkpoints(spikes);
        Map<String, List<Range>> ranges = ranges(spikes);
        Map<String, List<Reader>> readers = readers(spikes, ranges);
        Map<String, Set<String>> candidates = candidates(spikes, ranges, readers);
        Map<String, TreeMap<Long, Long>> orders = orders(spikes, candidates);
        Map<String, DataTrail> trails = new HashMap<>();
        for (Spike spike : spikes) {
            List<Checkpoint> written = checkpoints.getOrDefault(spike.run(), List.of());
            List<Range> read = ranges.getOrDefault(spike.id(), List.of());
            if (!written.isEmpty() || !read.isEmpty()) {
                trails.put(
                        spike.id(),
                        trail(
                                spike,
                                written,
                                read,
                                readers.getOrDefault(spike.id(), List.of()),
                                candidates.getOrDefault(spike.id(), Set.of()),
                                orders));
            }
        }
        return trails;
    }

    private static Optional<Spike> spike(Incident incident) {
        return incident.findings().stream()
                .filter(f -> f.severity() != Severity.INFO && SPIKES.contains(f.detector()))
                .min(Comparator.comparingLong(Finding::stepFrom).thenComparing(Finding.ORDER))
                .map(finding -> new Spike(incident, finding));
    }

    private DataTrail trail(
            Spike spike,
            List<Checkpoint> written,
            List<Range> read,
            List<Reader> past,
            Set<String> asked,
            Map<String, TreeMap<Long, Long>> orders) {
        long step = spike.finding().stepFrom();
        List<Reader> all = new ArrayList<>();
        List<String> unknown = new ArrayList<>();
        for (String run : asked) {
            Agreement agreement = agreement(orders.get(spike.run()), orders.get(run));
            long at = Objects.requireNonNull(summaries.get(run)).lastStep();
            if (agreement.equal() >= FEWEST_EQUAL && agreement.different() == 0) {
                all.add(new Reader(run, When.NEXT, step, at, false));
            } else {
                unknown.add(run);
            }
        }
        all.addAll(past);
        LastGood.Choice choice = LastGood.of(
                spike.incident(), written, resumed(spike.run()), incidents.getOrDefault(spike.run(), List.of()));
        return new DataTrail(
                spike.id(),
                step,
                spike.finding().worker(),
                read.subList(0, Math.min(MOST_RANGES, read.size())),
                read.size(),
                choice.checkpoint().orElse(null),
                choice.passedOver(),
                all.subList(0, Math.min(MOST_READERS, all.size())),
                all.size(),
                unknown.subList(0, Math.min(MOST_UNKNOWN, unknown.size())),
                unknown.size());
    }

    private Map<Integer, Long> resumed(String run) {
        Map<Integer, Long> resumed = new HashMap<>();
        attempts.forEach((id, attempt) -> {
            Long step = attempt.resumeStep();
            if (id.runId().equals(run) && step != null) {
                resumed.put(id.attempt(), step);
            }
        });
        return resumed;
    }

    private static Agreement agreement(
            @org.jspecify.annotations.Nullable TreeMap<Long, Long> one,
            @org.jspecify.annotations.Nullable TreeMap<Long, Long> other) {
        int equal = 0;
        int different = 0;
        if (one != null && other != null) {
            for (Map.Entry<Long, Long> step : other.entrySet()) {
                Long own = one.get(step.getKey());
                equal += step.getValue().equals(own) ? 1 : 0;
                different += own != null && !step.getValue().equals(own) ? 1 : 0;
            }
        }
        return new Agreement(equal, different);
    }

    private static Object[] runsOf(List<Spike> spikes) {
        return spikes.stream().map(Spike::run).distinct().toArray();
    }

    private Dataset<Row> table(String name) {
        return MetricTables.exactly(tables.read(name).orElseThrow(), Schemas.of(name))
                .withColumn("key", coalesce(col("attempt"), lit(0)));
    }

    private Map<String, List<Checkpoint>> checkpoints(List<Spike> spikes) {
        Map<String, List<Checkpoint>> checkpoints = new HashMap<>();
        if (tables.has("events")) {
            table("events")
                    .filter(col("kind")
                            .equalTo("checkpoint")
                            .and(col("step").isNotNull())
                            .and(col("run_id").isin(runsOf(spikes))))
                    .groupBy("run_id", "key", "step")
                    .agg(max("detail"))
                    .orderBy("run_id", "key", "step")
                    .collectAsList()
                    .forEach((Row row) -> checkpoints
                            .computeIfAbsent(row.getString(0), run -> new ArrayList<>())
                            .add(new Checkpoint(row.getInt(1), row.getLong(2), row.getString(3))));
        }
        return checkpoints;
    }

    /** What was read at the first step of each spike. */
    private Map<String, List<Range>> ranges(List<Spike> spikes) {
        Map<String, List<Range>> ranges = new HashMap<>();
        if (!tables.has("shards")) {
            return ranges;
        }
        List<Row> places = spikes.stream()
                .map(spike -> RowFactory.create(
                        spike.id(),
                        spike.run(),
                        spike.finding().attempt(),
                        spike.finding().worker() == StepRecord.NO_WORKER
                                ? null
                                : spike.finding().worker(),
                        spike.finding().stepFrom()))
                .toList();
        Column here = col("run_id")
                .equalTo(col("incident_run"))
                .and(col("key").equalTo(col("incident_attempt")))
                .and(col("step").equalTo(col("incident_step")))
                .and(col("incident_worker").isNull().or(col("worker").equalTo(col("incident_worker"))));
        table("shards")
                .filter(col("run_id").isin(runsOf(spikes)))
                .join(broadcast(spark.createDataFrame(places, PLACES)), here)
                .groupBy("incident", "shard")
                .agg(min("first_sample"), max("last_sample"), countDistinct("worker"))
                .orderBy("incident", "shard")
                .collectAsList()
                .forEach((Row row) -> ranges.computeIfAbsent(row.getString(0), id -> new ArrayList<>())
                        .add(new Range(row.getString(1), row.getAs(2), row.getAs(3), (int)
                                Math.min(Integer.MAX_VALUE, row.getLong(4)))));
        return ranges;
    }

    /** Other runs that have read any of it, by incident, ordered by name. */
    private Map<String, List<Reader>> readers(List<Spike> spikes, Map<String, List<Range>> ranges) {
        Map<String, List<Reader>> readers = new HashMap<>();
        List<Row> wanted = new ArrayList<>();
        for (Spike spike : spikes) {
            for (Range range : ranges.getOrDefault(spike.id(), List.of())) {
                wanted.add(RowFactory.create(spike.id(), spike.run(), range.shard(), range.first(), range.last()));
            }
        }
        if (wanted.isEmpty()) {
            return readers;
        }
        // Where samples are not known the shard is all there is to go by.
        Column overlaps = col("shard")
                .equalTo(col("range_shard"))
                .and(col("run_id").notEqual(col("incident_run")))
                .and(coalesce(col("last_sample").geq(col("range_first")), lit(true)))
                .and(coalesce(col("first_sample").leq(col("range_last")), lit(true)));
        table("shards")
                .join(broadcast(spark.createDataFrame(wanted, RANGES)), overlaps)
                .groupBy("incident", "run_id")
                .agg(min("step"))
                .orderBy("incident", "run_id")
                .collectAsList()
                .forEach((Row row) -> readers.computeIfAbsent(row.getString(0), id -> new ArrayList<>())
                        .add(new Reader(
                                row.getString(1),
                                When.READ,
                                row.getLong(2),
                                summaries.containsKey(row.getString(1))
                                        ? Objects.requireNonNull(summaries.get(row.getString(1)))
                                                .lastStep()
                                        : row.getLong(2),
                                isTroubled(row.getString(1), row.getLong(2)))));
        return readers;
    }

    /** Whether a run has a warning or error that begins where it reads a range: not before, and soon after. */
    private boolean isTroubled(String run, long step) {
        RunSummary summary = summaries.get(run);
        double stride = summary == null ? 1 : summary.stride();
        return incidents.getOrDefault(run, List.of()).stream()
                .anyMatch(i ->
                        i.severity() != Severity.INFO && i.firstStep() >= step && i.firstStep() <= step + 16 * stride);
    }

    /** Runs that go on with the same version of the same data and have not read the range. */
    private Map<String, Set<String>> candidates(
            List<Spike> spikes, Map<String, List<Range>> ranges, Map<String, List<Reader>> readers) {
        Map<String, List<String>> byData = new TreeMap<>();
        runs.forEach((id, run) -> {
            if (run.dataset() != null && summaries.containsKey(id) && isGoingOn(run)) {
                byData.computeIfAbsent(data(run), d -> new ArrayList<>()).add(id);
            }
        });
        Map<String, Set<String>> candidates = new LinkedHashMap<>();
        for (Spike spike : spikes) {
            RunRecord own = runs.get(spike.run());
            if (own == null || own.dataset() == null || !ranges.containsKey(spike.id())) {
                continue;
            }
            Set<String> asked = new TreeSet<>(byData.getOrDefault(data(own), List.of()));
            asked.remove(spike.run());
            readers.getOrDefault(spike.id(), List.of()).forEach(reader -> asked.remove(reader.runId()));
            candidates.put(
                    spike.id(), new TreeSet<>(asked.stream().limit(MOST_ASKED).toList()));
        }
        return candidates;
    }

    private static String data(RunRecord run) {
        return run.dataset() + "\n" + run.datasetVersion();
    }

    private static boolean isGoingOn(RunRecord run) {
        return run.status() == null || run.status().equals("running");
    }

    /**
     * What runs read at the last steps of those that are asked: a sum of hashes a step, which no order of the workers changes.
     */
    private Map<String, TreeMap<Long, Long>> orders(List<Spike> spikes, Map<String, Set<String>> candidates) {
        Map<String, TreeMap<Long, Long>> orders = new HashMap<>();
        Set<List<Object>> wanted = new TreeSet<>(Comparator.comparing(Object::toString));
        for (Spike spike : spikes) {
            for (String run : candidates.getOrDefault(spike.id(), Set.of())) {
                long last = Objects.requireNonNull(summaries.get(run)).lastStep();
                if (last < spike.finding().stepFrom()) {
                    wanted.add(List.of(run, last - COMPARED, last));
                    wanted.add(List.of(spike.run(), last - COMPARED, last));
                }
            }
        }
        if (wanted.isEmpty()) {
            return orders;
        }
        List<Row> rows = wanted.stream()
                .map(w -> RowFactory.create(w.get(0), w.get(1), w.get(2)))
                .toList();
        Map<String, TreeMap<Long, Integer>> latest = new HashMap<>();
        table("shards")
                .join(
                        broadcast(spark.createDataFrame(rows, STEPS)),
                        col("run_id")
                                .equalTo(col("wanted_run"))
                                .and(col("step").between(col("wanted_from"), col("wanted_to"))))
                .select("run_id", "key", "step", "worker", "shard", "first_sample", "last_sample")
                .distinct()
                .groupBy("run_id", "key", "step")
                // Forty bits each, so that the sum of millions of them does not overflow.
                .agg(sum(xxhash64(col("worker"), col("shard"), col("first_sample"), col("last_sample"))
                        .bitwiseAND(lit((1L << 40) - 1))))
                .collectAsList()
                .forEach((Row row) -> {
                    // Of a step that was replayed the latest start counts.
                    Integer known = latest.computeIfAbsent(row.getString(0), r -> new TreeMap<>())
                            .get(row.getLong(2));
                    if (known == null || known < row.getInt(1)) {
                        latest.get(row.getString(0)).put(row.getLong(2), row.getInt(1));
                        orders.computeIfAbsent(row.getString(0), r -> new TreeMap<>())
                                .put(row.getLong(2), row.getLong(3));
                    }
                });
        return orders;
    }
}
