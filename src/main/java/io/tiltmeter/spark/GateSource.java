package io.tiltmeter.spark;

import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.DatasetScan.Found;
import io.tiltmeter.validate.DataSpec;
import io.tiltmeter.validate.Document;
import io.tiltmeter.validate.FileFacts;
import io.tiltmeter.validate.RowPlace;
import io.tiltmeter.validate.TokenCells;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;

/** A dataset before its rows are read: files of a folder, or a table of the catalog. */
sealed interface GateSource {
    /** As the user named it. */
    String name();

    /** Files, the unreadable ones included. */
    long files();

    long bytes();

    String fingerprint();

    Set<String> tokenColumns();

    Map<String, TokenCells> sampleCells(SparkSession spark);

    /**
     * Reads every row once.
     *
     * @param keys columns that should be unique
     */
    JavaRDD<Found> scan(SparkSession spark, DataSpec data, Set<String> keys);

    FileFacts facts(Map<String, String> damagedInside, Map<String, Long> manifest);

    /** What its rows look like: one layout for each group of shards. */
    List<ShardLayout> layouts();

    /**
     * Contents of all its rows that have some; each use reads it once more.
     *
     * @param eval whether it is the evaluation data, which their numbers tell
     * @param skipped shards that are damaged inside
     */
    JavaRDD<Document> documents(SparkSession spark, RowContents contents, boolean eval, Set<String> skipped);

    /** Where the row of a number stands. */
    RowPlace place(long number);

    /**
     * Looks at a dataset.
     *
     * @throws InputException if there is nothing that could be read
     */
    static GateSource open(SparkSession spark, String name, Settings.Validate settings) {
        if (isTable(spark, name)) {
            return new OfTable(TableScan.of(spark, name, settings));
        }
        return new OfFiles(ShardSweep.of(spark, name, settings));
    }

    /** The fingerprint of a dataset as it is now, made of {@code footers} or {@code content}; no row is read. */
    static String fingerprint(SparkSession spark, String name, String of) {
        return isTable(spark, name)
                ? TableScan.of(spark, name, Settings.Validate.DEFAULTS).fingerprint()
                : ShardSweep.fingerprint(spark, name, of.equals("content"));
    }

    /** Whether the catalog has a table of this name. */
    static boolean isTable(SparkSession spark, String name) {
        try {
            return spark.catalog().tableExists(name);
        } catch (Exception e) {
            // A path is no name of a table; Spark throws an exception then that the method does not declare.
            return false;
        }
    }

    /** Files of a folder. */
    record OfFiles(ShardSweep sweep) implements GateSource {
        @Override
        public String name() {
            return sweep.root();
        }

        @Override
        public long files() {
            return sweep.shards().size() + sweep.damaged().size();
        }

        @Override
        public long bytes() {
            return sweep.bytes();
        }

        @Override
        public String fingerprint() {
            return sweep.fingerprint();
        }

        @Override
        public Set<String> tokenColumns() {
            Set<String> columns = new TreeSet<>();
            sweep.layouts().forEach(layout -> columns.addAll(layout.tokenColumns()));
            return columns;
        }

        @Override
        public Map<String, TokenCells> sampleCells(SparkSession spark) {
            return tokenColumns().isEmpty() ? new TreeMap<>() : DatasetScan.sampleCells(spark, sweep);
        }

        @Override
        public JavaRDD<Found> scan(SparkSession spark, DataSpec data, Set<String> keys) {
            return DatasetScan.scan(spark, sweep, data, keys);
        }

        @Override
        public FileFacts facts(Map<String, String> damagedInside, Map<String, Long> manifest) {
            return sweep.facts(damagedInside, manifest);
        }

        @Override
        public List<ShardLayout> layouts() {
            return sweep.layouts();
        }

        @Override
        public JavaRDD<Document> documents(
                SparkSession spark, RowContents contents, boolean eval, Set<String> skipped) {
            return DatasetRows.documents(spark, sweep, contents, eval, skipped);
        }

        @Override
        public RowPlace place(long number) {
            String shard = sweep.shards().get(RowPlace.shard(number)).name();
            return new RowPlace(RowPlace.isEval(number), shard, RowPlace.row(number));
        }
    }

    /** A table of the catalog. */
    record OfTable(TableScan table) implements GateSource {
        @Override
        public String name() {
            return table.name();
        }

        @Override
        public long files() {
            return table.shards().size();
        }

        @Override
        public long bytes() {
            return table.bytes();
        }

        @Override
        public String fingerprint() {
            return table.fingerprint();
        }

        @Override
        public Set<String> tokenColumns() {
            return new TreeSet<>(table.layout().tokenColumns());
        }

        @Override
        public Map<String, TokenCells> sampleCells(SparkSession spark) {
            return table.sampleCells(spark);
        }

        @Override
        public JavaRDD<Found> scan(SparkSession spark, DataSpec data, Set<String> keys) {
            return table.scan(spark, data, keys);
        }

        @Override
        public FileFacts facts(Map<String, String> damagedInside, Map<String, Long> manifest) {
            return table.facts(manifest);
        }

        @Override
        public List<ShardLayout> layouts() {
            return List.of(table.layout());
        }

        @Override
        public JavaRDD<Document> documents(
                SparkSession spark, RowContents contents, boolean eval, Set<String> skipped) {
            return table.documents(contents, eval);
        }

        @Override
        public RowPlace place(long number) {
            // A table's rows have no place in a file; they are counted in the parts that tasks read.
            String part = table.name() + " part " + RowPlace.shard(number);
            return new RowPlace(RowPlace.isEval(number), part, RowPlace.row(number));
        }
    }
}
