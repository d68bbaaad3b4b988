package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;

import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.ParquetInput.DataFile;
import io.tiltmeter.spark.Survey.Extent;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
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
 * <p>Each night that reads anything adds a folder {@code generation-NNNNNN} with the digests of the attempts it read, the
 * ledger of all files and an index that says in which generation the digests of each attempt lie. {@code manifest.json},
 * written last, names the newest generation. An attempt whose files changed, came or went is digested anew as a whole.
 */
final class DigestStore {
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
            .add("max_time", DataTypes.LongType, false)
            .add("unusable", DataTypes.LongType, false);

    private static final StructType INDEX = new StructType()
            .add("run_id", DataTypes.StringType, false)
            .add("attempt", DataTypes.IntegerType, false)
            .add("generation", DataTypes.LongType, false);

    /** One start of one run. */
    record Attempt(String runId, int attempt) implements Comparable<Attempt>, Serializable {
        @Override
        public int compareTo(Attempt other) {
            int byRun = runId.compareTo(other.runId);
            return byRun != 0 ? byRun : Integer.compare(attempt, other.attempt);
        }
    }

    /** Identity of a file's content as far as a listing can tell. */
    private record Version(String path, long length, long modified) {}

    private final SparkSession spark;
    private final Path root;
    private final String fingerprint;
    private final Map<Version, List<Extent>> ledger;
    private final Map<Attempt, Long> index;
    private final long newest;

    private DigestStore(
            SparkSession spark,
            Path root,
            String fingerprint,
            Map<Version, List<Extent>> ledger,
            Map<Attempt, Long> index,
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
        Map<Attempt, Long> index = new HashMap<>();
        if (usable) {
            Path folder = folder(root, newest);
            spark.read()
                    .schema(LEDGER)
                    .parquet(new Path(folder, "ledger").toString())
                    .collectAsList()
                    .forEach(row -> {
                        Extent extent = new Extent(
                                row.getString(0),
                                row.getString(3),
                                row.getInt(4),
                                row.getLong(5),
                                row.getLong(6),
                                row.getLong(7),
                                row.getLong(8),
                                row.getInt(9),
                                row.getLong(10),
                                row.getLong(11));
                        ledger.computeIfAbsent(
                                        new Version(row.getString(0), row.getLong(1), row.getLong(2)),
                                        v -> new ArrayList<>())
                                .add(extent);
                    });
            spark.read()
                    .schema(INDEX)
                    .parquet(new Path(folder, "index").toString())
                    .collectAsList()
                    .forEach(row -> index.put(new Attempt(row.getString(0), row.getInt(1)), row.getLong(2)));
        }
        return new DigestStore(spark, root, fingerprint, ledger, index, newest);
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
        return files.stream().filter(file -> !ledger.containsKey(version(file))).toList();
    }

    private static Version version(DataFile file) {
        return new Version(file.path(), file.length(), file.modified());
    }

    /**
     * What has to be read.
     *
     * @param files all files of the table
     * @param surveyed extents of the {@linkplain #unknown unknown} ones
     */
    Plan plan(List<DataFile> files, List<Extent> surveyed, Settings.Scan settings) {
        Map<String, List<Extent>> fresh = new HashMap<>();
        surveyed.forEach(extent ->
                fresh.computeIfAbsent(extent.file(), file -> new ArrayList<>()).add(extent));
        Map<DataFile, List<Extent>> current = new HashMap<>();
        Set<Version> alive = new HashSet<>();
        Set<Attempt> touched = new HashSet<>();
        for (DataFile file : files) {
            List<Extent> known = ledger.get(version(file));
            List<Extent> extents = known != null ? known : fresh.getOrDefault(file.path(), List.of());
            current.put(file, extents);
            alive.add(version(file));
            if (known == null) {
                extents.forEach(extent -> touched.add(attempt(extent)));
            }
        }
        ledger.forEach((version, extents) -> {
            if (!alive.contains(version)) {
                extents.forEach(extent -> touched.add(attempt(extent)));
            }
        });
        return plan(current, touched, settings);
    }

    /** The plan for a table without files of its own (of the catalog): everything is read. */
    Plan planAll(List<Extent> surveyed, Settings.Scan settings) {
        DataFile table = new DataFile(surveyed.isEmpty() ? "" : surveyed.get(0).file(), 0, 0, 0, 0);
        Set<Attempt> touched = new HashSet<>();
        surveyed.forEach(extent -> touched.add(attempt(extent)));
        return plan(Map.of(table, surveyed), touched, settings);
    }

    private Plan plan(Map<DataFile, List<Extent>> current, Set<Attempt> touched, Settings.Scan settings) {
        Map<Attempt, Extent> attempts = new TreeMap<>();
        current.values()
                .forEach(extents -> extents.stream()
                        .filter(extent -> extent.rows() > 0)
                        .forEach(extent -> attempts.merge(attempt(extent), extent, Extent::merge)));
        List<BlockScan.Windows> windows = new ArrayList<>();
        attempts.forEach((key, extent) -> {
            if (touched.contains(key) || !index.containsKey(key)) {
                windows.add(new BlockScan.Windows(
                        key.runId, key.attempt, BlockScan.width(extent.minGap(), extent.maxWorker(), settings)));
            }
        });
        Set<Attempt> read = new HashSet<>();
        windows.forEach(w -> read.add(new Attempt(w.runId(), w.attempt())));
        List<DataFile> toRead = current.entrySet().stream()
                .filter(entry -> entry.getValue().stream().anyMatch(extent -> read.contains(attempt(extent))))
                .map(Map.Entry::getKey)
                .sorted(Comparator.comparing(DataFile::path))
                .toList();
        return new Plan(current, attempts, windows, toRead);
    }

    private static Attempt attempt(Extent extent) {
        return new Attempt(extent.runId(), extent.attempt());
    }

    /**
     * What a night reads and keeps.
     *
     * @param current extents of every file there is
     * @param attempts all attempts there are, each merged over its files
     * @param windows attempts to digest
     * @param files files to read for that
     */
    record Plan(
            Map<DataFile, List<Extent>> current,
            Map<Attempt, Extent> attempts,
            List<BlockScan.Windows> windows,
            List<DataFile> files) {

        /** Rows that belong to no run or step. */
        Map<String, Long> unusable() {
            Map<String, Long> rows = new TreeMap<>();
            current.forEach((file, extents) -> extents.stream()
                    .filter(extent -> extent.unusable() > 0)
                    .forEach(extent -> rows.merge(file.path(), extent.unusable(), Long::sum)));
            return rows;
        }

        long rows() {
            return attempts.values().stream().mapToLong(Extent::rows).sum();
        }

        /** Last time of any row in microseconds since the epoch, empty without any. */
        Optional<Long> lastTime() {
            return attempts.values().stream()
                    .map(Extent::maxTime)
                    .filter(time -> time != Long.MIN_VALUE)
                    .max(Long::compare);
        }
    }

    /** Writes the digests of the plan's windows as a new generation and makes it the newest. Returns what is valid then. */
    Valid update(Plan plan, Optional<Dataset<Row>> digests) {
        if (digests.isEmpty()
                && plan.attempts.keySet().equals(index.keySet())
                && versions(plan).equals(ledger.keySet())) {
            return new Valid(spark, root, Map.copyOf(index));
        }
        // A killed night may have left a folder behind that no manifest names.
        long generation = Math.max(newest, highest()) + 1;
        Path folder = folder(root, generation);
        digests.ifPresent(frame -> frame.write().parquet(new Path(folder, "digests").toString()));
        Map<Attempt, Long> valid = new TreeMap<>();
        Set<Attempt> read = new HashSet<>();
        plan.windows.forEach(w -> read.add(new Attempt(w.runId(), w.attempt())));
        for (Attempt key : plan.attempts.keySet()) {
            Long before = index.get(key);
            valid.put(key, read.contains(key) || before == null ? Long.valueOf(generation) : before);
        }
        writeLedger(plan, folder);
        List<Row> rows = new ArrayList<>();
        valid.forEach((key, in) -> rows.add(RowFactory.create(key.runId, key.attempt, in)));
        spark.createDataFrame(rows, INDEX).coalesce(1).write().parquet(new Path(folder, "index").toString());
        AttemptFolder.write(
                new Path(root, "manifest.json"),
                "{\"schema\":" + Schemas.VERSION + ",\"generation\":" + generation + ",\"fingerprint\":\"" + fingerprint
                        + "\"}\n",
                spark.sparkContext().hadoopConfiguration());
        prune(new TreeSet<>(valid.values()), generation);
        return new Valid(spark, root, valid);
    }

    private static Set<Version> versions(Plan plan) {
        Set<Version> versions = new HashSet<>();
        plan.current.keySet().forEach(file -> versions.add(version(file)));
        return versions;
    }

    private void writeLedger(Plan plan, Path folder) {
        List<Row> rows = new ArrayList<>();
        plan.current.forEach((file, extents) -> extents.forEach(e -> rows.add(RowFactory.create(
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
                e.maxTime(),
                e.unusable()))));
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
    private void prune(Set<Long> used, long latest) {
        for (FileStatus status : generations()) {
            Matcher name = GENERATION.matcher(status.getPath().getName());
            if (name.matches()) {
                long generation = Long.parseLong(name.group(1));
                if (generation != latest && !used.contains(generation)) {
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

    /** Which generation holds the digests of each attempt. */
    record Valid(SparkSession spark, Path root, Map<Attempt, Long> generations) {

        /** All valid digests, in no particular order; empty when there is no attempt. */
        Optional<Dataset<Row>> read() {
            Map<Long, List<Attempt>> byGeneration = new TreeMap<>(Collections.reverseOrder());
            generations.forEach((attempt, generation) -> byGeneration
                    .computeIfAbsent(generation, g -> new ArrayList<>())
                    .add(attempt));
            Dataset<Row> all = null;
            for (Map.Entry<Long, List<Attempt>> entry : byGeneration.entrySet()) {
                Dataset<Row> one = spark.read()
                        .schema(DigestRows.SCHEMA)
                        .parquet(new Path(folder(root, entry.getKey()), "digests").toString());
                // A generation may still hold attempts that were digested again, or whose files went.
                List<Row> keys = new ArrayList<>();
                entry.getValue().forEach(a -> keys.add(RowFactory.create(a.runId, a.attempt)));
                Dataset<Row> valid = spark.createDataFrame(
                        keys,
                        new StructType()
                                .add("valid_run", DataTypes.StringType, false)
                                .add("valid_attempt", DataTypes.IntegerType, false));
                one = one.join(
                        valid,
                        col("run_id")
                                .equalTo(col("valid_run"))
                                .and(col("attempt").equalTo(col("valid_attempt"))),
                        "left_semi");
                all = all == null ? one : all.unionByName(one);
            }
            return Optional.ofNullable(all);
        }
    }
}
