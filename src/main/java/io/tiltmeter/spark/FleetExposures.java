package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.countDistinct;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.when;

import io.tiltmeter.correlate.FleetRun.Place;
import io.tiltmeter.correlate.FleetRun.Reading;
import io.tiltmeter.correlate.ScheduledEvents;
import io.tiltmeter.correlate.ScheduledEvents.Coincidence;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * What runs were exposed to, from the tables {@code topology}, {@code shards} and {@code events}. Each is read once, and
 * counted where it lies: the driver gets a row for each run and device, for each incident and shard that other incidents
 * point at too, and for each pattern, run and kind of scheduled event.
 */
final class FleetExposures {
    private static final StructType INCIDENTS = new StructType()
            .add("incident", DataTypes.IntegerType, false)
            .add("incident_run", DataTypes.StringType, false)
            .add("incident_attempt", DataTypes.IntegerType, false)
            .add("incident_worker", DataTypes.IntegerType, true)
            .add("incident_step", DataTypes.LongType, false);

    private static final StructType PLACES_OF_PATTERNS = new StructType()
            .add("pattern", DataTypes.IntegerType, false)
            .add("pattern_run", DataTypes.StringType, false)
            .add("pattern_from", DataTypes.LongType, false)
            .add("pattern_to", DataTypes.LongType, false);

    private final SparkSession spark;
    private final MetricTables tables;
    private final int fewest;
    private @Nullable Map<String, List<Place>> known;

    /** @param fewest incidents that have to point at a shard before it is looked at in all of them */
    FleetExposures(SparkSession spark, MetricTables tables, int fewest) {
        this.spark = spark;
        this.tables = tables;
        this.fewest = fewest;
    }

    /** Where the workers of each run ran, over all its starts. Read once, however often it is asked. */
    Map<String, List<Place>> places() {
        if (known == null) {
            known = readPlaces();
        }
        return known;
    }

    private Map<String, List<Place>> readPlaces() {
        Map<String, List<Place>> places = new HashMap<>();
        tables.read("topology")
                .ifPresent(frame -> MetricTables.exactly(frame, Schemas.TOPOLOGY)
                        .filter(col("host").isNotNull())
                        .groupBy("run_id", "rack", "host", "device")
                        .agg(count(lit(1)).as("workers"))
                        .orderBy("run_id", "host", "device", "rack")
                        .collectAsList()
                        .forEach((Row row) -> places.computeIfAbsent(row.getString(0), run -> new ArrayList<>())
                                .add(new Place(row.getString(1), row.getString(2), row.getString(3), (int)
                                        Math.min(Integer.MAX_VALUE, row.getLong(4))))));
        return places;
    }

    /**
     * What was read at each incident, and how much of the run was of the shards that several incidents point at.
     *
     * @param incidents the findings that incidents are known by
     * @return for each of them, in their order, the shards; empty where nothing is known
     */
    List<Map<String, Reading>> shards(List<Finding> incidents) {
        List<Map<String, Reading>> readings = new ArrayList<>();
        incidents.forEach(incident -> readings.add(new TreeMap<>()));
        if (incidents.isEmpty() || !tables.has("shards")) {
            return readings;
        }
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < incidents.size(); i++) {
            Finding f = incidents.get(i);
            rows.add(RowFactory.create(
                    i, f.runId(), f.attempt(), f.worker() == StepRecord.NO_WORKER ? null : f.worker(), f.stepFrom()));
        }
        Dataset<Row> wanted = spark.createDataFrame(rows, INCIDENTS);
        Dataset<Row> read = MetricTables.exactly(tables.read("shards").orElseThrow(), Schemas.of("shards"))
                .join(
                        broadcast(wanted),
                        col("run_id")
                                .equalTo(col("incident_run"))
                                .and(col("incident_worker")
                                        .isNull()
                                        .or(col("worker").equalTo(col("incident_worker")))))
                .withColumn("key", coalesce(col("attempt"), lit(0)));
        Column at = col("key").equalTo(col("incident_attempt")).and(col("step").equalTo(col("incident_step")));
        Dataset<Row> counted = read.groupBy("incident", "shard")
                .agg(
                        countDistinct("key", "step").as("steps"),
                        max(when(at, lit(1)).otherwise(lit(0))).as("hit"))
                .persist();
        try {
            Map<Integer, Long> all = new HashMap<>();
            read.groupBy("incident")
                    .agg(countDistinct("key", "step"))
                    .collectAsList()
                    .forEach((Row row) -> all.put(row.getInt(0), row.getLong(1)));
            Map<String, Integer> pointed = new HashMap<>();
            counted.filter(col("hit").equalTo(1))
                    .select("shard")
                    .collectAsList()
                    .forEach((Row row) -> pointed.merge(row.getString(0), 1, Integer::sum));
            Set<String> candidates = new HashSet<>(pointed.keySet());
            candidates.removeIf(shard -> pointed.getOrDefault(shard, 0) < fewest);
            counted.filter(col("hit").equalTo(1).or(col("shard").isin(candidates.toArray())))
                    .select("incident", "shard", "steps", "hit")
                    .collectAsList()
                    .forEach((Row row) -> readings.get(row.getInt(0))
                            .put(
                                    row.getString(1),
                                    new Reading(
                                            row.getLong(2) / (double) Math.max(1, all.getOrDefault(row.getInt(0), 1L)),
                                            row.getInt(3) == 1)));
        } finally {
            counted.unpersist();
        }
        return readings;
    }

    /** Patterns of steps that a scheduled event of their runs explains are told with it. */
    List<Pattern> explain(List<Pattern> patterns, Map<String, Long> points) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < patterns.size(); i++) {
            Pattern pattern = patterns.get(i);
            if (ScheduledEvents.concerns(pattern)) {
                for (String run : pattern.runs()) {
                    rows.add(RowFactory.create(i, run, pattern.stepFrom(), pattern.stepTo()));
                }
            }
        }
        if (rows.isEmpty() || !tables.has("events")) {
            return patterns;
        }
        Column inside =
                col("step").geq(col("pattern_from").minus(1)).and(col("step").leq(col("pattern_to")));
        Map<Integer, List<Coincidence>> coincidences = new HashMap<>();
        MetricTables.exactly(tables.read("events").orElseThrow(), Schemas.of("events"))
                .filter(col("kind")
                        .isin(ScheduledEvents.KINDS.toArray())
                        .and(col("step").isNotNull()))
                .join(
                        broadcast(spark.createDataFrame(rows, PLACES_OF_PATTERNS)),
                        col("run_id").equalTo(col("pattern_run")))
                .groupBy("pattern", "run_id", "kind")
                .agg(countDistinct("step"), max(when(inside, lit(1)).otherwise(lit(0))))
                .orderBy("pattern", "run_id", "kind")
                .collectAsList()
                .forEach((Row row) -> coincidences
                        .computeIfAbsent(row.getInt(0), p -> new ArrayList<>())
                        .add(new Coincidence(
                                row.getString(2),
                                row.getLong(3) / (double) Math.max(1, points.getOrDefault(row.getString(1), 1L)),
                                row.getInt(4) == 1)));
        List<Pattern> explained = new ArrayList<>();
        for (int i = 0; i < patterns.size(); i++) {
            explained.add(ScheduledEvents.explain(patterns.get(i), coincidences.getOrDefault(i, List.of())));
        }
        return explained;
    }
}
