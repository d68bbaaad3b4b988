package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.regexp_extract;

import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.DigestIndex.Segment;
import io.tiltmeter.spark.DigestPlan.Version;
import io.tiltmeter.spark.ParquetInput.DataFile;
import io.tiltmeter.spark.Survey.Extent;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Digests kept from night to night, with the ledger of the files they were made of, so that raw metrics are read once.
 *
 * <p>Each night that reads anything adds a folder {@code generation-NNNNNN} with the digests of the windows it read, the
 * ledger of all files and an index that says in which generation the digests of each window lie. {@code manifest.json},
 * written last, names the newest generation. After {@value #MOST_GENERATIONS} generations all digests move into one.
 */
final class DigestStore {
    private static final int MOST_GENERATIONS = 30;
    private static final Pattern GENERATION = Pattern.compile("generation-(\\d{6,})");
    private static final Pattern NEWEST = Pattern.compile("\"generation\"\\s*:\\s*(\\d+)");
    private static final Pattern FINGERPRINT = Pattern.compile("\"fingerprint\"\\s*:\\s*\"([^\"]*)\"");

    private static final StructType LEDGER = new StructType()
            .add("file", DataTypes.StringType, false)
            .add("length", DataTypes.LongType, false)
            .add("modified", DataTypes.LongType, false)
            .add("run_id", DataTypes.StringType, false)
            .add("attempt", DataTypes.IntegerType, false)
            .add("rows", DataTypes.LongType, false)
            .add("min_step", DataTypes.LongType, false)
            .add("max_step", DataTypes.LongType, false)
            .add("min_gap", DataTypes.LongType, false)
            .add("max_worker", DataTypes.IntegerType, false)
            .add("unusable", DataTypes.LongType, false);

    private static final StructType INDEX = new StructType()
            .add("run_id", DataTypes.StringType, false)
            .add("attempt", DataTypes.IntegerType, false)
            .add("width", DataTypes.LongType, false)
            .add("first_window", DataTypes.LongType, false)
            .add("last_window", DataTypes.LongType, false)
            .add("generation", DataTypes.LongType, false);

    private static final StructType VALID = new StructType()
            .add("valid_generation", DataTypes.LongType, false)
            .add("valid_run", DataTypes.StringType, false)
            .add("valid_attempt", DataTypes.IntegerType, false)
            .add("valid_first", DataTypes.LongType, false)
            .add("valid_last", DataTypes.LongType, false);

    private final SparkSession spark;
    private final Path root;
    private final String fingerprint;
    private final Map<Version, List<Extent>> ledger;
    private final DigestIndex index;
    private final long newest;

    private DigestStore(
            SparkSession spark,
            Path root,
            String fingerprint,
            Map<Version, List<Extent>> ledger,
            DigestIndex index,
            long newest) {
        this.spark = spark;
        this.root = root;
        this.fingerprint = fingerprint;
        this.ledger = ledger;
        this.index = index;
        this.newest = newest;
    }

    /**
     * Opens the store below a folder; it is empty where there is none, and where what is there was made with other settings
     * or from another place.
     *
     * @param fingerprint everything but the files that the digests depend on
     */
    static DigestStore open(SparkSession spark, Path root, String fingerprint) {
        String manifest = manifest(root, spark.sparkContext().hadoopConfiguration());
        Matcher generation = NEWEST.matcher(manifest);
        long newest = generation.find() ? Long.parseLong(generation.group(1)) : 0;
        Matcher made = FINGERPRINT.matcher(manifest);
        boolean usable = newest > 0 && made.find() && made.group(1).equals(fingerprint);
        Map<Version, List<Extent>> ledger = new HashMap<>();
        List<Segment> segments = new ArrayList<>();
        if (usable) {
            Path folder = folder(root, newest);
            for (Row row : table(spark, LEDGER, new Path(folder, "ledger")).collectAsList()) {
                ledger.computeIfAbsent(
                                new Version(row.getString(0), row.getLong(1), row.getLong(2)), v -> new ArrayList<>())
                        .add(new Extent(
                                row.getString(0),
                                row.getString(3),
                                row.getInt(4),
                                row.getLong(5),
                                row.getLong(6),
                                row.getLong(7),
                                row.getLong(8),
                                row.getInt(9),
                                row.getLong(10)));
            }
            for (Row row : table(spark, INDEX, new Path(folder, "index")).collectAsList()) {
                AttemptId id = new AttemptId(row.getString(0), row.getInt(1));
                segments.add(new Segment(
                        new WindowRange(id, row.getLong(2), row.getLong(3), row.getLong(4)), row.getLong(5)));
            }
        }
        return new DigestStore(spark, root, fingerprint, ledger, new DigestIndex(segments), newest);
    }

    private static Dataset<Row> table(SparkSession spark, StructType schema, Path folder) {
        return spark.read()
                .schema(schema)
                .option(MetricTables.AS_IT_STANDS, "false")
                .parquet(folder.toString());
    }

    private static String manifest(Path root, Configuration configuration) {
        Path manifest = new Path(root, "manifest.json");
        try (InputStream in = manifest.getFileSystem(configuration).open(manifest)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (FileNotFoundException e) {
            return "";
        } catch (IOException e) {
            throw new InputException("Cannot read '" + manifest + "': " + e.getMessage());
        }
    }

    private static Path folder(Path root, long generation) {
        return new Path(root, String.format("generation-%06d", generation));
    }

    /** Files that are not in the ledger as they are now. */
    List<DataFile> unknown(List<DataFile> files) {
        return files.stream()
                .filter(file -> !ledger.containsKey(Version.of(file)))
                .toList();
    }

    /**
     * What has to be read.
     *
     * @param files all files of the table
     * @param surveyed extents of the {@linkplain #unknown unknown} ones
     */
    DigestPlan plan(List<DataFile> files, List<Extent> surveyed, Settings.Scan settings) {
        return DigestPlan.of(files, surveyed, ledger, index, settings);
    }

    /** Writes the digests of the plan's windows as a new generation and makes it the newest. Returns all digests valid then. */
    Optional<Dataset<Row>> update(DigestPlan plan, Optional<Dataset<Row>> digests) {
        if (digests.isEmpty() && plan.windows().isEmpty() && plan.versions().equals(ledger.keySet())) {
            return read(index.all());
        }
        // A killed night may have left a folder behind that no manifest names.
        long generation = Math.max(newest, highest()) + 1;
        Path folder = folder(root, generation);
        DigestIndex next = index.after(plan.attempts().keySet(), plan.windows(), generation);
        if (digests.isEmpty()) {
            // Windows may lose all their rows with a file that went: then there is nothing to digest.
            next = next.without(generation);
        }
        Optional<Dataset<Row>> written = digests;
        if (next.generations().size() > MOST_GENERATIONS) {
            Optional<Dataset<Row>> old = read(next.all().stream()
                    .filter(segment -> segment.generation() != generation)
                    .toList());
            written = digests.isEmpty() ? old : old.map(digests.get()::union).or(() -> digests);
            next = next.movedTo(generation);
        }
        written.ifPresent(frame -> frame.write().parquet(new Path(folder, "digests").toString()));
        writeLedger(plan, folder);
        List<Row> rows = new ArrayList<>();
        for (Segment segment : next.all()) {
            WindowRange windows = segment.windows();
            rows.add(RowFactory.create(
                    windows.id().runId(),
                    windows.id().attempt(),
                    windows.width(),
                    windows.first(),
                    windows.last(),
                    segment.generation()));
        }
        spark.createDataFrame(rows, INDEX).coalesce(1).write().parquet(new Path(folder, "index").toString());
        AttemptFolder.write(
                new Path(root, "manifest.json"),
                "{\"schema\":" + Schemas.VERSION + ",\"generation\":" + generation + ",\"fingerprint\":\"" + fingerprint
                        + "\"}\n",
                spark.sparkContext().hadoopConfiguration());
        prune(next, generation);
        return read(next.all());
    }

    private void writeLedger(DigestPlan plan, Path folder) {
        List<Row> rows = new ArrayList<>();
        plan.current().forEach((file, extents) -> {
            // A file without any row is known, too, or it would be looked at every night.
            for (Extent e : extents.isEmpty() ? List.of(Extent.none(file.path())) : extents) {
                rows.add(RowFactory.create(
                        file.path(),
                        file.length(),
                        file.modified(),
                        e.runId(),
                        e.attempt(),
                        e.rows(),
                        e.minStep(),
                        e.maxStep(),
                        e.minGap(),
                        e.maxWorker(),
                        e.unusable()));
            }
        });
        spark.createDataFrame(rows, LEDGER).coalesce(1).write().parquet(new Path(folder, "ledger").toString());
    }

    private List<FileStatus> generations() {
        try {
            FileSystem files = root.getFileSystem(spark.sparkContext().hadoopConfiguration());
            return files.exists(root) ? List.of(files.listStatus(root)) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot list '" + root + "'", e);
        }
    }

    private long highest() {
        long highest = 0;
        for (FileStatus status : generations()) {
            Matcher name = GENERATION.matcher(status.getPath().getName());
            if (name.matches()) {
                highest = Math.max(highest, Long.parseLong(name.group(1)));
            }
        }
        return highest;
    }

    /** Drops generations that hold no valid digest and are not the newest. */
    private void prune(DigestIndex used, long latest) {
        for (FileStatus status : generations()) {
            Matcher name = GENERATION.matcher(status.getPath().getName());
            if (name.matches()) {
                long generation = Long.parseLong(name.group(1));
                if (generation != latest && !used.generations().contains(generation)) {
                    try {
                        root.getFileSystem(spark.sparkContext().hadoopConfiguration())
                                .delete(status.getPath(), true);
                    } catch (IOException e) {
                        throw new UncheckedIOException("Cannot remove '" + status.getPath() + "'", e);
                    }
                }
            }
        }
    }

    /** The valid digests of some windows, each from its generation, in no particular order; empty without any. */
    private Optional<Dataset<Row>> read(List<Segment> segments) {
        if (segments.isEmpty()) {
            return Optional.empty();
        }
        Set<String> folders = new TreeSet<>();
        List<Row> rows = new ArrayList<>();
        for (Segment segment : segments) {
            WindowRange windows = segment.windows();
            folders.add(new Path(folder(root, segment.generation()), "digests").toString());
            rows.add(RowFactory.create(
                    segment.generation(),
                    windows.id().runId(),
                    windows.id().attempt(),
                    windows.first(),
                    windows.last()));
        }
        Dataset<Row> all = spark.read()
                .schema(DigestRows.SCHEMA)
                .option(MetricTables.AS_IT_STANDS, "false")
                .parquet(folders.toArray(String[]::new))
                .withColumn(
                        "generation",
                        regexp_extract(col("_metadata.file_path"), ".*/generation-(\\d+)/digests/", 1)
                                .cast(DataTypes.LongType));
        // A generation may still hold windows that were digested again, or whose files went.
        Dataset<Row> valid = broadcast(spark.createDataFrame(rows, VALID));
        return Optional.of(all.join(
                        valid,
                        col("generation")
                                .equalTo(col("valid_generation"))
                                .and(col("run_id").equalTo(col("valid_run")))
                                .and(col("attempt").equalTo(col("valid_attempt")))
                                .and(col("window").between(col("valid_first"), col("valid_last"))),
                        "left_semi")
                .drop("generation"));
    }
}
