package io.tiltmeter.train;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.spark.InputException;
import io.tiltmeter.train.ExampleColumns.Cell;
import io.tiltmeter.train.ExampleColumns.Check;
import io.tiltmeter.train.ExampleColumns.Side;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF4;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataTypes;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

/**
 * The examples of a training, checked and packed. Which are held out, which worker gets which and in what order follows
 * from their content and the seed alone, not from files, partitions or cores.
 */
final class TrainingData {
    private static final long PARTS = 1L << 30;
    private static final int SHOWN = 160;

    private final Dataset<Row> training;
    private final Dataset<Row> heldOut;
    private final ExampleLayout layout;
    private final String fingerprint;
    private final long examples;
    private final int workers;
    private final long seed;
    private final ExampleColumns columns;
    private final ExampleColumns evaluationColumns;
    private final Map<Integer, JavaRDD<byte[]>> shards = new HashMap<>();
    private @Nullable JavaRDD<byte[]> sound;
    private long soundExamples;
    private @Nullable JavaRDD<byte[]> evaluation;

    /** What one pass over a table tells. */
    private record Pass(long rows, long heldOut, String fingerprint, ExampleLayout layout) {}

    private TrainingData(
            Dataset<Row> training,
            Dataset<Row> heldOut,
            Pass pass,
            ExampleLayout layout,
            int workers,
            long seed,
            ExampleColumns columns,
            ExampleColumns evaluationColumns) {
        this.training = training;
        this.heldOut = heldOut;
        this.layout = layout;
        this.fingerprint = pass.fingerprint();
        this.examples = pass.rows() - pass.heldOut();
        this.workers = workers;
        this.seed = seed;
        this.columns = columns;
        this.evaluationColumns = evaluationColumns;
    }

    /**
     * Reads all examples once and checks them.
     *
     * @throws InputException if a column or a cell is not as the configuration says
     */
    static TrainingData open(SparkSession spark, TrainConfig.Data data, long seed, int workers) {
        ExampleTable table = ExampleTable.open(spark, data.train(), data.format());
        ExampleColumns columns = ExampleColumns.of(table, data);
        Column out = pmod(salted(seed, "holdout", columns), lit(PARTS)).lt(Math.round(data.holdout() * PARTS));
        Pass pass = pass(table, columns, data, out);
        if (pass.rows() - pass.heldOut() < workers) {
            throw new InputException("Cannot use examples '" + table.name() + "': " + pass.rows() + " rows, of which "
                    + pass.heldOut() + " are held out, expected at least one for each of " + workers + " workers");
        }
        String other = data.evaluation();
        if (other == null) {
            return new TrainingData(
                    table.rows().filter(org.apache.spark.sql.functions.not(out)),
                    table.rows().filter(out),
                    pass,
                    pass.layout(),
                    workers,
                    seed,
                    columns,
                    columns);
        }
        ExampleTable evaluation = ExampleTable.open(spark, other, data.format());
        ExampleColumns evaluationColumns = ExampleColumns.of(evaluation, data);
        ExampleLayout layout = pass.layout();
        Pass second = pass(evaluation, evaluationColumns, data, lit(false));
        if (!second.layout().features().equals(layout.features())
                || !second.layout().labels().equals(layout.labels())) {
            throw new InputException("Cannot use examples '" + other + "': their layout is "
                    + second.layout().features() + " and " + second.layout().labels() + ", expected "
                    + layout.features() + " and " + layout.labels() + " as in '" + data.train() + "'");
        }
        boolean masked = layout.masked() || second.layout().masked();
        return new TrainingData(
                table.rows(),
                evaluation.rows(),
                pass,
                new ExampleLayout(layout.features(), layout.labels(), layout.shape(), masked),
                workers,
                seed,
                columns,
                evaluationColumns);
    }

    ExampleLayout layout() {
        return layout;
    }

    /** Examples to train on, before any is dropped to make shards equal. */
    long examples() {
        return examples;
    }

    /** Examples left out so that this many shards are equal. */
    long dropped(int workers) {
        return examples % workers;
    }

    /**
     * Hash of all rows whatever their order, the held-out ones included, with their number and the columns' types:
     * equal for equal content.
     */
    String fingerprint() {
        return fingerprint;
    }

    /** The examples, packed, in equal partitions, one a worker. The shuffle is done once for equal arguments. */
    JavaRDD<byte[]> shards(int workers) {
        if (examples < workers) {
            throw new InputException(
                    "There are " + examples + " examples, expected at least one for each of " + workers + " workers");
        }
        return shards.computeIfAbsent(workers, n -> dealt(training, columns, n, examples - dropped(n)));
    }

    /** The examples without a value that is no number, packed, in equal partitions, one a worker. */
    JavaRDD<byte[]> soundShards(int workers) {
        JavaRDD<byte[]> all = sound();
        return dealt(all, workers, soundExamples - soundExamples % workers);
    }

    /** Examples to train on without a value that is no number. */
    long soundExamples() {
        sound();
        return soundExamples;
    }

    private JavaRDD<byte[]> sound() {
        JavaRDD<byte[]> known = sound;
        if (known == null) {
            ExampleLayout example = layout;
            known = packed(training, columns).filter(example::isFinite).cache();
            soundExamples = known.count();
            sound = known;
        }
        return known;
    }

    /** The examples for evaluation, packed; perhaps none. */
    JavaRDD<byte[]> evaluation() {
        JavaRDD<byte[]> known = evaluation;
        if (known == null) {
            known = dealt(heldOut, evaluationColumns, workers, Long.MAX_VALUE);
            evaluation = known;
        }
        return known;
    }

    /** Rows in the order of their hashes, dealt out like cards. */
    private JavaRDD<byte[]> dealt(Dataset<Row> rows, ExampleColumns of, int partitions, long keep) {
        return dealt(packed(rows, of), partitions, keep);
    }

    private static JavaRDD<byte[]> dealt(JavaRDD<byte[]> ordered, int partitions, long keep) {
        return ordered.zipWithIndex()
                .filter(pair -> pair._2() < keep)
                .mapToPair(pair -> new Tuple2<>(pair._2(), pair._1()))
                .repartitionAndSortWithinPartitions(new Dealer(partitions))
                .values();
    }

    private JavaRDD<byte[]> packed(Dataset<Row> rows, ExampleColumns of) {
        ExampleLayout example = layout;
        UserDefinedFunction pack = udf(
                (UDF4<
                                scala.collection.Seq<Float>,
                                scala.collection.Seq<Float>,
                                scala.collection.Seq<Float>,
                                scala.collection.Seq<Float>,
                                byte[]>)
                        (features, labels, featureMask, labelMask) -> example.pack(
                                floats(features),
                                floats(labels),
                                featureMask == null ? null : floats(featureMask),
                                labelMask == null ? null : floats(labelMask)),
                DataTypes.BinaryType);
        Dataset<Row> packed = rows.select(
                salted(seed, "order", of).as("place"),
                pack.apply(of.features().numbers(), of.labels().numbers(), of.featureMask(), of.labelMask())
                        .as("example"));
        return packed.orderBy("place", "example").toJavaRDD().map(row -> row.<byte[]>getAs(1));
    }

    private static float[] floats(scala.collection.Seq<Float> boxed) {
        float[] floats = new float[boxed.length()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = boxed.apply(i);
        }
        return floats;
    }

    /** A hash of a row's content, another one for each seed and purpose. */
    private static Column salted(long seed, String purpose, ExampleColumns columns) {
        List<Column> parts = new ArrayList<>(List.of(lit(seed), lit(purpose)));
        parts.addAll(List.of(columns.identity()));
        return xxhash64(parts.toArray(Column[]::new));
    }

    private static Pass pass(ExampleTable table, ExampleColumns columns, TrainConfig.Data data, Column out) {
        List<Check> checks = columns.checks();
        List<Column> wanted = new ArrayList<>();
        wanted.add(sum(when(out, 1L).otherwise(0L)));
        wanted.add(sum(xxhash64(columns.identity()).cast(DataTypes.createDecimalType(20, 0))));
        checks.forEach(check -> wanted.add(max(coalesce(check.bad(), lit(false)))));
        for (Side side : List.of(columns.features(), columns.labels())) {
            for (Cell cell : side.cells()) {
                Column least = cell.least(side.sequence());
                Column most = cell.most(side.sequence());
                if (least != null && most != null) {
                    wanted.add(min(least));
                    wanted.add(max(most));
                }
            }
            wanted.add(side.sequence() ? min(side.steps()) : lit(0));
        }
        Row row = table.rows().agg(count(lit(1)), wanted.toArray(Column[]::new)).first();
        if (row.getLong(0) == 0) {
            throw new InputException("Cannot use examples '" + table.name() + "': there are no rows, expected some");
        }
        for (int i = 0; i < checks.size(); i++) {
            if (row.getBoolean(3 + i)) {
                Check check = checks.get(i);
                throw wrongRow(table, columns, check.column(), check.bad(), check.got(), check.wanted());
            }
        }
        int at = 3 + checks.size();
        boolean masked = columns.hasMasks();
        List<ExampleLayout.Part> parts = new ArrayList<>();
        for (Side side : List.of(columns.features(), columns.labels())) {
            int cells = 0;
            for (Cell cell : side.cells()) {
                if (cell.least(side.sequence()) != null) {
                    cells += width(table, columns, side, cell, row.getInt(at), row.getInt(at + 1));
                    at += 2;
                } else {
                    cells++;
                }
            }
            int shortest = row.getInt(at++);
            masked |= side.sequence() && shortest < columns.steps();
            parts.add(new ExampleLayout.Part(side.sequence() ? columns.steps() : 0, cells, side.classes()));
        }
        checkShape(table, parts.get(0), data);
        return new Pass(
                row.getLong(0),
                row.getLong(1),
                fingerprint(row.getDecimal(2), row.getLong(0), table, columns),
                new ExampleLayout(parts.get(0), parts.get(1), data.shape(), masked));
    }

    private static int width(ExampleTable table, ExampleColumns columns, Side side, Cell cell, int least, int most) {
        Column low = cell.least(side.sequence());
        Column high = cell.most(side.sequence());
        if (least == most && least > 0 || low == null || high == null) {
            return least;
        }
        Row usual = table
                .rows()
                .filter(high.gt(0))
                .groupBy(high.as("width"))
                .agg(count(lit(1)).as("rows"))
                .orderBy(org.apache.spark.sql.functions.desc("rows"), org.apache.spark.sql.functions.col("width"))
                .limit(1)
                .collectAsList()
                .stream()
                .findFirst()
                .orElseThrow(() -> new InputException("Cannot use examples '" + table.name() + "': column '"
                        + cell.name() + "' is empty in every row, expected numbers"));
        int expected = usual.getInt(0);
        Column bad = low.notEqual(expected).or(high.notEqual(expected));
        Column got = org.apache.spark.sql.functions.concat(
                when(low.notEqual(expected), low).otherwise(high).cast(DataTypes.StringType),
                lit(side.sequence() ? " numbers wide at a time step" : " numbers long"));
        throw wrongRow(table, columns, cell.name(), bad, got, expected + " as in most rows");
    }

    private static void checkShape(ExampleTable table, ExampleLayout.Part features, TrainConfig.Data data) {
        long product = data.shape().stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
        if (!data.shape().isEmpty() && (features.sequence() || product != features.width())) {
            throw new InputException("Cannot use examples '" + table.name() + "': data.shape is " + data.shape()
                    + ", which has " + product + " numbers, but the features have " + features.width()
                    + ", expected as many");
        }
    }

    private static InputException wrongRow(
            ExampleTable table, ExampleColumns columns, String column, Column bad, Column got, String wanted) {
        Row row = table.rows()
                .filter(bad)
                .orderBy(xxhash64(columns.identity()))
                .select(got, to_json(struct(columns.identity())))
                .first();
        return new InputException("Cannot use examples '" + table.name() + "': column '" + column + "' is "
                + shortened(row.getString(0)) + ", expected " + wanted + ", in row " + shortened(row.getString(1)));
    }

    private static String shortened(String text) {
        return text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text;
    }

    private static String fingerprint(BigDecimal sum, long rows, ExampleTable table, ExampleColumns columns) {
        CRC32C schema = new CRC32C();
        schema.update(
                table.rows().select(columns.identity()).schema().catalogString().getBytes(StandardCharsets.UTF_8));
        return String.format(Locale.ROOT, "%016x-%d-%08x", sum.toBigInteger().longValue(), rows, schema.getValue());
    }

    /** Deals examples out by their place in the order. Within a partition they keep that order. */
    private static final class Dealer extends Partitioner {
        private static final long serialVersionUID = 1L;

        private final int partitions;

        Dealer(int partitions) {
            this.partitions = partitions;
        }

        @Override
        public int numPartitions() {
            return partitions;
        }

        @Override
        public int getPartition(Object key) {
            return (int) ((Long) key % partitions);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Dealer dealer && dealer.partitions == partitions;
        }

        @Override
        public int hashCode() {
            return partitions;
        }
    }
}
