package io.tiltmeter.spark;

import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.DataSpec;
import io.tiltmeter.validate.DatasetProfile;
import io.tiltmeter.validate.Distinct;
import io.tiltmeter.validate.Histogram;
import io.tiltmeter.validate.Moments;
import io.tiltmeter.validate.Quantiles;
import io.tiltmeter.validate.ShardProfile;
import io.tiltmeter.validate.TokenCells;
import io.tiltmeter.validate.Tokens;
import io.tiltmeter.validate.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Profiles as Parquet: {@code columns} for people and queries, a row a shard and column; {@code shards} with all that is
 * needed to merge and compare again; {@code vocabulary} with the counts of token ids. The dataset as a whole has the rows
 * whose shard is {@code ""}.
 */
final class ProfileStore {
    private static final DataType STRING = DataTypes.StringType;
    private static final DataType LONG = DataTypes.LongType;
    private static final DataType DOUBLE = DataTypes.DoubleType;

    /** Version of the bytes in column {@code state}. */
    private static final int STATE = 3;

    private static final StructType SHARDS = new StructType()
            .add("shard", STRING, false)
            .add("rows", LONG, false)
            .add("malformed", LONG, false)
            .add("shards", LONG, false)
            .add("vocabulary_fingerprint", STRING, false)
            .add("state_version", DataTypes.IntegerType, false)
            .add("state", DataTypes.BinaryType, false);

    private static final StructType VOCABULARY = new StructType()
            .add("column", STRING, false)
            .add("token", DataTypes.IntegerType, false)
            .add("cell", DataTypes.IntegerType, true)
            .add("count", LONG, false)
            .add("document_groups", DataTypes.IntegerType, false);

    private static final int UNKNOWN = -1;

    private static final double[] SHARES = {0.01, 0.25, 0.5, 0.75, 0.99};

    static final StructType COLUMNS = columns();

    private ProfileStore() {}

    private static StructType columns() {
        StructType schema = new StructType()
                .add("shard", STRING, false)
                .add("column", STRING, false)
                .add("kind", STRING, false)
                .add("type", STRING, false)
                .add("nullable", DataTypes.BooleanType, false);
        for (String count : List.of(
                "rows",
                "missing",
                "missing_inside",
                "nan",
                "positive_infinity",
                "negative_infinity",
                "zeros",
                "empty",
                "all_zero",
                "values")) {
            schema = schema.add(count, LONG, false);
        }
        for (String measure : List.of(
                "mean",
                "deviation",
                "least",
                "greatest",
                "q01",
                "q25",
                "q50",
                "q75",
                "q99",
                "distinct",
                "mean_length")) {
            schema = schema.add(measure, DOUBLE, true);
        }
        return schema.add("greatest_length", LONG, true)
                .add("at_greatest_length", LONG, true)
                .add("tokens", LONG, true)
                .add("tokens_outside", LONG, true)
                .add("tokens_unseen", LONG, true);
    }

    /** Writes a dataset's profile and those of its shards into a folder. */
    static void write(SparkSession spark, Path folder, DatasetProfile whole, JavaRDD<byte[]> shards) {
        DataSpec data = whole.data();
        JavaRDD<ShardProfile> profiles = shards.map(bytes -> ShardProfile.decode(bytes, data));
        ShardProfile all = whole.all();
        Dataset<Row> columns = spark.createDataFrame(
                        profiles.flatMap(p -> columnRows(p).iterator()), COLUMNS)
                .union(spark.createDataFrame(columnRows(all), COLUMNS));
        parquet(columns, folder, "columns");
        Dataset<Row> states = spark.createDataFrame(
                        shards.map(bytes -> {
                            ShardProfile profile = ShardProfile.decode(bytes, data);
                            return state(profile, bytes, 1, "");
                        }),
                        SHARDS)
                .union(spark.createDataFrame(
                        List.of(state(all, whole.total(), whole.shards(), whole.vocabulary())), SHARDS));
        parquet(states, folder, "shards");
        List<Row> vocabulary = new ArrayList<>();
        whole.cells().forEach((column, cells) -> {
            Histogram counts = whole.histograms().getOrDefault(column, new Histogram());
            int lumped = cells.known();
            for (int id = 0; id < Math.max(counts.size(), lumped); id++) {
                Integer cell = id < lumped ? cells.of(id) : null;
                vocabulary.add(RowFactory.create(column, id, cell, counts.count(id), counts.groups(id) & 0xFFFF));
            }
            // Ids that the lumping does not know.
            vocabulary.add(RowFactory.create(column, UNKNOWN, cells.count() - 1, 0L, 0));
        });
        parquet(spark.createDataFrame(vocabulary, VOCABULARY).coalesce(1), folder, "vocabulary");
    }

    private static void parquet(Dataset<Row> rows, Path folder, String table) {
        rows.write().parquet(new Path(folder, table).toString());
    }

    private static Row state(ShardProfile profile, byte[] bytes, long shards, String vocabulary) {
        return RowFactory.create(profile.name(), profile.rows(), profile.malformed(), shards, vocabulary, STATE, bytes);
    }

    private static List<Row> columnRows(ShardProfile profile) {
        List<Row> rows = new ArrayList<>();
        for (ColumnProfile column : profile.columns()) {
            rows.add(columnRow(profile.name(), column));
        }
        return rows;
    }

    private static Row columnRow(String shard, ColumnProfile column) {
        List<Object> cells = new ArrayList<>(List.of(
                shard,
                column.spec().name(),
                column.spec().kind().name().toLowerCase(java.util.Locale.ROOT),
                column.spec().type(),
                column.spec().nullable(),
                column.rows(),
                column.missing(),
                column.missingInside(),
                column.nans(),
                column.positiveInfinities(),
                column.negativeInfinities(),
                column.zeros(),
                column.empty(),
                column.allZero()));
        Moments moments = column.moments();
        cells.add(moments.count());
        boolean any = moments.count() > 0;
        cells.add(any ? moments.mean() : null);
        cells.add(any ? moments.deviation() : null);
        cells.add(any ? moments.least() : null);
        cells.add(any ? moments.greatest() : null);
        Quantiles quantiles = column.quantiles();
        for (double share : SHARES) {
            cells.add(any ? quantiles.at(share) : null);
        }
        cells.add(column.distinct().map(Distinct::estimate).orElse(null));
        long lengths = column.lengths().count();
        cells.add(lengths > 0 ? (double) column.lengths().sum() / lengths : null);
        cells.add(lengths > 0 ? column.lengths().greatest() : null);
        cells.add(lengths > 0 ? column.lengths().atGreatest() : null);
        Optional<Tokens> tokens = column.tokens();
        cells.add(tokens.map(Tokens::count).orElse(null));
        cells.add(tokens.map(Tokens::outside).orElse(null));
        cells.add(tokens.map(Tokens::unseen).orElse(null));
        return RowFactory.create(cells.toArray());
    }

    /** Folder of the profile that a path means: the path itself, or that of the last verdict there; empty if neither. */
    static Optional<Path> find(String path, Configuration configuration) {
        Path root = new Path(path);
        for (Path candidate : List.of(root, new Path(root, "profile"))) {
            if (isProfile(candidate, configuration)) {
                return Optional.of(candidate);
            }
        }
        return AttemptFolder.current(root, configuration)
                .map(attempt -> new Path(attempt, "profile"))
                .filter(profile -> isProfile(profile, configuration));
    }

    private static boolean isProfile(Path folder, Configuration configuration) {
        try {
            return folder.getFileSystem(configuration).exists(new Path(folder, "shards/_SUCCESS"))
                    && folder.getFileSystem(configuration).exists(new Path(folder, "vocabulary/_SUCCESS"));
        } catch (java.io.IOException e) {
            throw new InputException("Cannot read '" + folder + "': " + e.getMessage());
        }
    }

    /** Reads a profile; of its shards only the sum. */
    static DatasetProfile read(SparkSession spark, Path folder) {
        Map<String, Histogram> histograms = new TreeMap<>();
        Map<String, TokenCells> cells = new TreeMap<>();
        Map<String, Vocabulary> vocabularies = new TreeMap<>();
        Map<String, List<Row>> byColumn = new TreeMap<>();
        for (Row row : spark.read()
                .schema(VOCABULARY)
                .parquet(new Path(folder, "vocabulary").toString())
                .orderBy("column", "token")
                .collectAsList()) {
            byColumn.computeIfAbsent(row.getString(0), column -> new ArrayList<>())
                    .add(row);
        }
        byColumn.forEach((column, rows) -> {
            List<Row> known = rows.subList(1, rows.size());
            short[] cell = new short
                    [(int) known.stream().filter(row -> !row.isNullAt(2)).count()];
            long[] counts = new long[known.size()];
            short[] groups = new short[known.size()];
            for (int id = 0; id < counts.length; id++) {
                counts[id] = known.get(id).getLong(3);
                groups[id] = (short) known.get(id).getInt(4);
                if (id < cell.length) {
                    cell[id] = (short) known.get(id).getInt(2);
                }
            }
            histograms.put(column, new Histogram(counts, groups));
            TokenCells lumping = new TokenCells(cell, rows.get(0).getInt(2) + 1);
            cells.put(column, lumping);
            vocabularies.put(column, Vocabulary.of(0, lumping));
        });
        Row total = spark.read()
                .schema(SHARDS)
                .parquet(new Path(folder, "shards").toString())
                .filter(functions.col("shard").equalTo(""))
                .first();
        if (total.getInt(5) != STATE) {
            throw new InputException("Cannot read profile '" + folder + "': its version is " + total.getInt(5)
                    + ", expected " + STATE + "; make it anew from its data");
        }
        return new DatasetProfile(
                total.getAs("state"),
                new DataSpec(vocabularies, 0, 1),
                total.getLong(3),
                histograms,
                cells,
                total.getString(4));
    }
}
