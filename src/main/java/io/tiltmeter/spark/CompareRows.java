package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;

import io.tiltmeter.compare.ComparedSet;
import io.tiltmeter.compare.Observation;
import io.tiltmeter.compare.Quantity;
import io.tiltmeter.compare.RunSet;
import io.tiltmeter.compare.SetComparison;
import io.tiltmeter.model.StepRecord;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Hands the rows of each set of runs to its comparison, one set a task, in the order of steps. Of a run with several
 * starts the effective curve counts: at each step the latest start that came so far.
 */
final class CompareRows {
    /** Up to so many runs a filter by their ids goes down to the files. */
    private static final int MOST_PUSHED = 500;

    private static final StructType PLACES = new StructType()
            .add("run_id", DataTypes.StringType, false)
            .add("attempt", DataTypes.IntegerType, false)
            .add("set", DataTypes.IntegerType, false)
            .add("run", DataTypes.IntegerType, false)
            .add("before", DataTypes.LongType, false);

    private static final String[] KEYS = {"set", "step", "layer", "worker", "run", "time"};
    private static final String[] OTHERS = {"depth", "span"};
    private static final int SET = 0;
    private static final int STEP = 1;
    private static final int LAYER = 2;
    private static final int WORKER = 3;
    private static final int RUN = 4;
    private static final int DEPTH = 6;
    private static final int SPAN = 7;
    private static final int CELLS = 8;
    private static final int HASHES = CELLS + Quantity.MOST;

    private final SparkSession spark;
    private final MetricTables tables;

    CompareRows(SparkSession spark, MetricTables tables) {
        this.spark = spark;
        this.tables = tables;
    }

    /** A set by its place, and its comparison. */
    private record Numbered(int set, ComparedSet compared) implements Serializable {}

    /** Compares the runs of every set; one answer a set, in their order. */
    List<ComparedSet> compare(List<RunSet> sets, int chartPoints) {
        Map<String, int[]> places = new HashMap<>();
        int[] sizes = sets.stream().mapToInt(set -> set.runs().size()).toArray();
        for (int set = 0; set < sets.size(); set++) {
            for (int run = 0; run < sizes[set]; run++) {
                places.put(sets.get(set).runs().get(run).runId(), new int[] {set, run});
            }
        }
        List<ComparedSet> compared = new ArrayList<>();
        for (int size : sizes) {
            compared.add(new SetComparison(size, chartPoints).finish());
        }
        Dataset<Row> index = spark.createDataFrame(places(places), PLACES);
        frames(index, places.keySet().stream().sorted().toList())
                .map(frame -> InternalFrames.rows(frame)
                        .mapPartitions(rows -> new Comparing(rows, sizes, chartPoints))
                        .collect())
                .orElse(List.of())
                .forEach(each -> compared.set(each.set(), each.compared()));
        return compared;
    }

    /** Ids of all runs with a step or a layer. */
    List<String> runsWithSteps() {
        return Stream.of("steps", "layers")
                .flatMap(table -> tables.read(table).stream())
                .map(frame -> frame.select(col("run_id")).distinct())
                .reduce(Dataset::union)
                .map(ids -> ids.distinct().collectAsList().stream()
                        .map(row -> row.getString(0))
                        .filter(id -> id != null)
                        .sorted()
                        .toList())
                .orElse(List.of());
    }

    /** Where each start of a run belongs, and the step before which it counts. */
    private List<Row> places(Map<String, int[]> places) {
        Map<String, TreeMap<Integer, Long>> starts = new TreeMap<>();
        for (String table : List.of("steps", "layers")) {
            tables.read(table)
                    .map(frame -> filtered(
                                    MetricTables.exactly(frame, Schemas.of(table)),
                                    places.keySet().stream().sorted().toList())
                            .groupBy(col("run_id"), attempt())
                            .agg(min(col("step")).as("first"))
                            .collectAsList())
                    .orElse(List.of())
                    .forEach(row -> {
                        if (places.containsKey(row.getString(0)) && !row.isNullAt(2)) {
                            starts.computeIfAbsent(row.getString(0), id -> new TreeMap<>())
                                    .merge(row.getInt(1), row.getLong(2), Math::min);
                        }
                    });
        }
        List<Row> rows = new ArrayList<>();
        starts.forEach((id, attempts) -> {
            long before = Long.MAX_VALUE;
            for (Map.Entry<Integer, Long> attempt : attempts.descendingMap().entrySet()) {
                int[] place = places.getOrDefault(id, new int[2]);
                rows.add(RowFactory.create(id, attempt.getKey(), place[0], place[1], before));
                before = Math.min(before, attempt.getValue());
            }
        });
        return rows;
    }

    private static Column attempt() {
        return coalesce(col("attempt"), lit(0)).as("attempt");
    }

    private static Dataset<Row> filtered(Dataset<Row> frame, List<String> ids) {
        return ids.size() > MOST_PUSHED ? frame : frame.filter(col("run_id").isin(ids.toArray()));
    }

    private Optional<Dataset<Row>> frames(Dataset<Row> index, List<String> ids) {
        return Stream.of("steps", "layers")
                .flatMap(table -> tables
                        .read(table)
                        .map(frame ->
                                aligned(table, filtered(MetricTables.exactly(frame, Schemas.of(table)), ids), index))
                        .stream())
                .reduce(Dataset::union)
                .map(frame -> frame.repartition(col("set")).sortWithinPartitions(order(frame)));
    }

    /** All columns: rows that say different things of one key come in one order, whatever the files'. */
    private static Column[] order(Dataset<Row> frame) {
        return Arrays.stream(frame.columns()).map(name -> col(name)).toArray(Column[]::new);
    }

    /** The rows of a table with their places, and the columns that are compared in the order of {@link Observation}. */
    private static Dataset<Row> aligned(String table, Dataset<Row> frame, Dataset<Row> index) {
        boolean layers = table.equals("layers");
        List<Quantity> quantities = layers ? Quantity.OF_LAYERS : Quantity.OF_STEPS;
        Dataset<Row> placed = frame.withColumn("attempt", attempt())
                .join(broadcast(index), new String[] {"run_id", "attempt"})
                .filter(col("step").isNotNull().and(col("step").lt(col("before"))))
                .withColumn("worker", coalesce(col("worker"), lit(StepRecord.NO_WORKER)))
                .withColumn("layer", layers ? coalesce(col("layer"), lit("?")) : lit(Observation.NO_LAYER))
                .withColumn(
                        "depth", layers ? coalesce(col("depth"), lit(Observation.NO_DEPTH)) : lit(Observation.NO_DEPTH))
                .withColumn("span", layers ? lit(1) : coalesce(col("step_span"), lit(1)));
        List<Column> cells = new ArrayList<>();
        for (String key : KEYS) {
            cells.add(
                    key.equals("time") && layers
                            ? lit(null).cast(DataTypes.TimestampType).as("time")
                            : col(key));
        }
        for (String other : OTHERS) {
            cells.add(col(other));
        }
        for (int c = 0; c < Quantity.MOST; c++) {
            boolean number = c < quantities.size() && quantities.get(c).isNumber();
            cells.add((number ? col(quantities.get(c).name()) : lit(null))
                    .cast(DataTypes.DoubleType)
                    .as("cell" + c));
        }
        for (Quantity quantity : Quantity.OF_STEPS) {
            if (!quantity.isNumber()) {
                cells.add((layers ? lit(null).cast(DataTypes.StringType) : col(quantity.name())).as(quantity.name()));
            }
        }
        return placed.select(cells.toArray(Column[]::new));
    }

    /** Walks rows ordered by set and step; hands out a comparison when its set ends. */
    private static final class Comparing implements Iterator<Numbered> {
        private final Iterator<InternalRow> rows;
        private final int[] sizes;
        private final int chartPoints;
        private final Observation observation = new Observation();
        private Optional<InternalRow> pending;

        Comparing(Iterator<InternalRow> rows, int[] sizes, int chartPoints) {
            this.rows = rows;
            this.sizes = sizes;
            this.chartPoints = chartPoints;
            pending = advance();
        }

        private Optional<InternalRow> advance() {
            return rows.hasNext() ? Optional.of(rows.next()) : Optional.empty();
        }

        @Override
        public boolean hasNext() {
            return pending.isPresent();
        }

        @Override
        public Numbered next() {
            int set = pending.orElseThrow(NoSuchElementException::new).getInt(SET);
            SetComparison comparison = new SetComparison(sizes[set], chartPoints);
            String layer = Observation.NO_LAYER;
            while (pending.isPresent() && pending.get().getInt(SET) == set) {
                InternalRow row = pending.get();
                if (!row.getUTF8String(LAYER).toString().equals(layer)) {
                    layer = row.getUTF8String(LAYER).toString();
                }
                comparison.observe(observation(row, layer));
                pending = advance();
            }
            return new Numbered(set, comparison.finish());
        }

        private Observation observation(InternalRow row, String layer) {
            observation.begin(
                    row.getInt(RUN), row.getLong(STEP), layer, row.getInt(DEPTH), row.getInt(WORKER), row.getInt(SPAN));
            for (int c = 0; c < Quantity.MOST; c++) {
                if (!row.isNullAt(CELLS + c)) {
                    observation.number(c, row.getDouble(CELLS + c));
                }
            }
            int hash = HASHES;
            for (int c = 0; c < Quantity.OF_STEPS.size(); c++) {
                if (!Quantity.OF_STEPS.get(c).isNumber()) {
                    if (!row.isNullAt(hash)) {
                        observation.checksum(c, row.getUTF8String(hash).toString());
                    }
                    hash++;
                }
            }
            return observation;
        }
    }
}
