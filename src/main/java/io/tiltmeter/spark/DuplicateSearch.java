package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.first;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.tiltmeter.validate.Document;
import io.tiltmeter.validate.Duplicates;
import io.tiltmeter.validate.MinHash;
import io.tiltmeter.validate.RowPair;
import io.tiltmeter.validate.RowPlace;
import io.tiltmeter.validate.Shingles;
import io.tiltmeter.validate.checks.ConflictingLabelsCheck;
import io.tiltmeter.validate.checks.EvalDuplicatesCheck;
import io.tiltmeter.validate.checks.ExactDuplicatesCheck;
import io.tiltmeter.validate.checks.RepeatedBlocksCheck;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * Looks for rows of equal and nearly equal content, within the dataset and between it and the evaluation data. One pass
 * over the rows makes a hash of each content and its keys of MinHash; rows are shuffled by the hash, different contents by
 * each key, pairs of contents by themselves. A second pass fetches the shingles of the contents in pairs, and each pair is
 * compared exactly, so that none is reported that is not what it is said to be.
 */
final class DuplicateSearch {
    /** Members of a key that are all paired with each other: 496 pairs. */
    private static final int EVERY_PAIR = 32;

    /** Numbers of rows of the evaluation data are from here on. */
    private static final long EVAL = RowPlace.number(true, 0, 0);

    private final SparkSession spark;
    private final JavaRDD<Document> documents;
    private final LongFunction<RowPlace> places;
    private final Wanted wanted;

    /**
     * What to look for.
     *
     * @param near whether to look for nearly equal contents
     * @param block rows in the same order that make a repeated block
     * @param pairs most pairs compared exactly
     * @param listed most pairs listed of each kind
     */
    record Wanted(
            String columns,
            boolean near,
            int shingle,
            MinHash hashing,
            double jaccard,
            int block,
            int pairs,
            int listed)
            implements Serializable {}

    /**
     * A search.
     *
     * @param documents of the dataset and the evaluation data together; read twice
     * @param places where the row of a number stands
     */
    DuplicateSearch(SparkSession spark, JavaRDD<Document> documents, LongFunction<RowPlace> places, Wanted wanted) {
        this.spark = spark;
        this.documents = documents;
        this.places = places;
        this.wanted = wanted;
    }

    /** Runs the search. */
    Duplicates run() {
        Dataset<Row> hashed = hashed().persist(StorageLevel.MEMORY_AND_DISK());
        Dataset<Row> contents = contents(hashed).persist(StorageLevel.MEMORY_AND_DISK());
        try {
            Row counts = counts(contents);
            List<RowPair> pairs = new ArrayList<>();
            Duplicates.Repeats repeats = new Duplicates.Repeats(wanted.block(), 0, 0, 0);
            if (counts.getLong(1) > 0) {
                pairs.addAll(equalPairs(contents));
                repeats = repeats(hashed, contents, pairs);
            }
            if (counts.getLong(5) > 0) {
                pairs.addAll(evalPairs(contents));
            }
            if (counts.getLong(7) > 0) {
                pairs.addAll(conflicts(contents));
            }
            Near near = wanted.near() ? near(contents) : Near.NONE;
            pairs.addAll(near.pairs);
            return new Duplicates(
                    wanted.columns(),
                    counts.getLong(0),
                    counts.getLong(1),
                    counts.getLong(2),
                    near.contents,
                    new Duplicates.Labels(counts.getLong(6) + near.labelled, counts.getLong(7) + near.conflicting),
                    new Duplicates.Eval(counts.getLong(3), counts.getLong(4), counts.getLong(5), near.evalContents),
                    new Duplicates.Search(
                            wanted.near() ? wanted.shingle() : 0,
                            wanted.hashing(),
                            wanted.jaccard(),
                            near.compared,
                            near.leftOut),
                    repeats,
                    pairs);
        } finally {
            contents.unpersist();
            hashed.unpersist();
        }
    }

    /** A row a document: number, hash, label and keys. */
    private Dataset<Row> hashed() {
        StructType schema = new StructType()
                .add("place", DataTypes.LongType, false)
                .add("high", DataTypes.LongType, false)
                .add("low", DataTypes.LongType, false)
                .add("label", DataTypes.LongType, false);
        for (String key : keys()) {
            schema = schema.add(key, DataTypes.LongType, true);
        }
        Wanted what = wanted;
        int width = keys().size();
        return spark.createDataFrame(documents.map(document -> hash(document, what, width)), schema);
    }

    private List<String> keys() {
        int bands = wanted.near() ? wanted.hashing().bands() : 0;
        return IntStream.range(0, bands).mapToObj(band -> "key" + band).toList();
    }

    private static Row hash(Document document, Wanted wanted, int width) {
        Object[] cells = new Object[4 + width];
        cells[0] = document.place();
        cells[1] = document.high();
        cells[2] = document.low();
        cells[3] = document.labelHash();
        // With fewer than two shingles' worth of units, one other word makes another text of it.
        if (width > 0 && document.units().length >= 2 * wanted.shingle()) {
            long[] keys = wanted.hashing().keys(Shingles.set(document.units(), wanted.shingle()));
            for (int i = 0; i < width; i++) {
                cells[4 + i] = keys[i];
            }
        }
        return RowFactory.create(cells);
    }

    /** A row a distinct content. */
    private Dataset<Row> contents(Dataset<Row> hashed) {
        Column eval = col("place").geq(EVAL);
        Column labelled = col("place").lt(EVAL).and(col("label").notEqual(0));
        List<Column> measures = new ArrayList<>();
        measures.add(sum(when(eval, 0L).otherwise(1L)).as("rows"));
        measures.add(sum(when(eval, 1L).otherwise(0L)).as("evalRows"));
        measures.add(min("place").as("place"));
        measures.add(max(when(not(eval), col("place"))).as("last"));
        measures.add(min(when(eval, col("place"))).as("evalPlace"));
        measures.add(sum(when(labelled, 1L).otherwise(0L)).as("labelled"));
        measures.add(min(when(labelled, col("label"))).as("leastLabel"));
        measures.add(max(when(labelled, col("label"))).as("greatestLabel"));
        measures.add(expr("min_by(place, label) filter (where label <> 0 and place < " + EVAL + ")")
                .as("leastAt"));
        measures.add(expr("max_by(place, label) filter (where label <> 0 and place < " + EVAL + ")")
                .as("greatestAt"));
        for (String key : keys()) {
            measures.add(first(key).as(key));
        }
        return hashed.groupBy("high", "low")
                .agg(measures.get(0), measures.subList(1, measures.size()).toArray(Column[]::new));
    }

    private Row counts(Dataset<Row> contents) {
        Column conflict = col("leastLabel").notEqual(col("greatestLabel"));
        return contents.agg(
                        total(col("rows")),
                        total(when(col("rows").gt(1), col("rows").minus(1)).otherwise(0L)),
                        total(when(col("rows").gt(0), 1L).otherwise(0L)),
                        total(col("evalRows")),
                        total(when(col("evalRows").gt(0), 1L).otherwise(0L)),
                        total(when(col("rows").gt(0), col("evalRows")).otherwise(0L)),
                        total(when(col("labelled").gt(1), 1L).otherwise(0L)),
                        total(when(col("labelled").gt(1).and(conflict), 1L).otherwise(0L)))
                .first();
    }

    private static Column total(Column column) {
        return coalesce(sum(column), lit(0L));
    }

    /** Equal rows: of the contents with most copies the first and the last. */
    private List<RowPair> equalPairs(Dataset<Row> contents) {
        List<RowPair> pairs = new ArrayList<>();
        for (Row row : contents.where("rows > 1")
                .orderBy(col("rows").desc(), col("place"))
                .select("place", "last", "rows")
                .limit(wanted.listed())
                .collectAsList()) {
            pairs.add(pair(ExactDuplicatesCheck.ID, row.getLong(0), row.getLong(1), 1, rows(row.getLong(2))));
        }
        return pairs;
    }

    /** Evaluation rows that are in the dataset, each content once, with the first row that it equals. */
    private List<RowPair> evalPairs(Dataset<Row> contents) {
        List<RowPair> pairs = new ArrayList<>();
        for (Row row : contents.where("rows > 0 and evalRows > 0")
                .orderBy("evalPlace")
                .select("place", "evalPlace", "rows")
                .limit(wanted.listed())
                .collectAsList()) {
            pairs.add(pair(EvalDuplicatesCheck.ID, row.getLong(0), row.getLong(1), 1, rows(row.getLong(2))));
        }
        return pairs;
    }

    private static String rows(long rows) {
        return String.format(Locale.ROOT, "%,d equal %s in the dataset", rows, rows == 1 ? "row" : "rows");
    }

    private RowPair pair(String check, long first, long second, double similarity, String note) {
        return new RowPair(check, places.apply(first), places.apply(second), similarity, note);
    }

    /** Equal rows with different labels: of each content a row with one label and a row with another. */
    private List<RowPair> conflicts(Dataset<Row> contents) {
        return contents
                .where("labelled > 1 and leastLabel <> greatestLabel")
                .orderBy("place")
                .select("leastAt", "greatestAt")
                .limit(wanted.listed())
                .collectAsList()
                .stream()
                .map(row -> pair(
                        ConflictingLabelsCheck.ID,
                        Math.min(row.getLong(0), row.getLong(1)),
                        Math.max(row.getLong(0), row.getLong(1)),
                        1,
                        "equal content, different labels"))
                .toList();
    }

    /** Blocks of rows that come again in the same order. */
    private Duplicates.Repeats repeats(Dataset<Row> hashed, Dataset<Row> contents, List<RowPair> pairs) {
        Dataset<Row> first = contents.where("rows > 1")
                .select(col("high"), col("low"), col("place").as("earlier"));
        Dataset<Row> copies = hashed.select("place", "high", "low")
                .join(first, new String[] {"high", "low"})
                .select("place", "earlier")
                .where(col("place").gt(col("earlier")).and(col("place").lt(EVAL)));
        int least = wanted.block();
        Dataset<Row> ordered = copies.repartition(expr("shiftright(place, 40)")).sortWithinPartitions("place");
        StructType schema = new StructType()
                .add("place", DataTypes.LongType, false)
                .add("earlier", DataTypes.LongType, false)
                .add("rows", DataTypes.LongType, false);
        Dataset<Row> blocks = spark.createDataFrame(
                        ordered.toJavaRDD().mapPartitions(rows -> new RepeatedBlocks(rows, least)), schema)
                .persist(StorageLevel.MEMORY_AND_DISK());
        try {
            Row sums = blocks.agg(expr("count(*)"), total(col("rows")), expr("coalesce(max(rows), 0L)"))
                    .first();
            for (Row row : blocks.orderBy(col("rows").desc(), col("place"))
                    .limit(wanted.listed())
                    .collectAsList()) {
                pairs.add(pair(
                        RepeatedBlocksCheck.ID,
                        row.getLong(1),
                        row.getLong(0),
                        1,
                        String.format(Locale.ROOT, "%,d rows from here on", row.getLong(2))));
            }
            return new Duplicates.Repeats(least, sums.getLong(0), sums.getLong(1), sums.getLong(2));
        } finally {
            blocks.unpersist();
        }
    }

    /** What the search for nearly equal contents came to. */
    private record Near(
            long contents,
            long evalContents,
            long labelled,
            long conflicting,
            long compared,
            long leftOut,
            List<RowPair> pairs) {
        static final Near NONE = new Near(0, 0, 0, 0, 0, 0, List.of());
    }

    private Near near(Dataset<Row> contents) {
        Column[] keys = keys().stream().map(org.apache.spark.sql.functions::col).toArray(Column[]::new);
        Dataset<Row> byKey = contents.where(col("key0").isNotNull())
                .select(col("place"), explode(array(keys)).as("key"))
                .repartition(col("key"))
                .sortWithinPartitions("key", "place");
        StructType schema = new StructType().add("a", DataTypes.LongType, false).add("b", DataTypes.LongType, false);
        Dataset<Row> found = spark.createDataFrame(
                        byKey.toJavaRDD().mapPartitions(rows -> new CandidatePairs(rows, EVERY_PAIR)), schema)
                .persist(StorageLevel.MEMORY_AND_DISK());
        Dataset<Row> candidates =
                found.where("a >= 0").groupBy("a", "b").count().persist(StorageLevel.MEMORY_AND_DISK());
        try {
            long leftOut = found.where("a < 0").agg(total(col("b"))).first().getLong(0);
            long all = candidates.count();
            Dataset<Row> chosen = all <= wanted.pairs()
                    ? candidates
                    : candidates
                            .orderBy(col("count").desc(), col("a"), col("b"))
                            .limit(wanted.pairs());
            long compared = Math.min(all, wanted.pairs());
            List<NearPairs.Pair> near = compared == 0
                    ? List.of()
                    : NearPairs.verified(spark, documents, chosen.select("a", "b"), wanted.shingle(), wanted.jaccard());
            return new NearPairs(near, places, wanted.listed())
                    .summed((inside, eval, labelled, conflicting, pairs) ->
                            new Near(inside, eval, labelled, conflicting, compared, leftOut + all - compared, pairs));
        } finally {
            candidates.unpersist();
            found.unpersist();
        }
    }
}
