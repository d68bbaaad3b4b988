package io.tiltmeter.spark;

import io.tiltmeter.config.Settings;
import io.tiltmeter.spark.DatasetScan.Found;
import io.tiltmeter.spark.DatasetScan.Place;
import io.tiltmeter.spark.FileListing.Listed;
import io.tiltmeter.validate.DataSpec;
import io.tiltmeter.validate.Document;
import io.tiltmeter.validate.FileFacts;
import io.tiltmeter.validate.Histogram;
import io.tiltmeter.validate.RowKeys;
import io.tiltmeter.validate.RowPlace;
import io.tiltmeter.validate.ShardProfile;
import io.tiltmeter.validate.TokenCells;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/**
 * The scan of a table of the catalog, in whatever format it is, through Spark's plan for it: deleted rows and the like are
 * left to the format. Rows that come from a file are of that shard. A place of a row is counted from where the task begins
 * to read the file, and a damaged file ends the job.
 *
 * @param name of the table
 * @param shards names of its files, in order
 */
record TableScan(
        String name, Dataset<Row> frame, List<String> shards, ShardLayout layout, String fingerprint, long bytes) {

    /** A table; its files are looked at, not read. */
    static TableScan of(SparkSession spark, String name, Settings.Validate settings) {
        Dataset<Row> frame = spark.table(name);
        String[] paths = frame.inputFiles();
        Arrays.sort(paths);
        MessageDigest digest = ShardSweep.sha256();
        digest.update((frame.schema().catalogString() + "\n").getBytes(StandardCharsets.UTF_8));
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        long bytes = 0;
        for (String path : paths) {
            Listed file = listed(path, configuration);
            bytes += file.length();
            // Formats of tables never write a file twice: a changed table has other files.
            String fileName = path.substring(path.lastIndexOf('/') + 1);
            digest.update((fileName + "\n" + file.length() + "\n").getBytes(StandardCharsets.UTF_8));
        }
        return new TableScan(
                name,
                frame,
                List.of(paths),
                ShardLayout.of(ShardFormat.PARQUET, frame.schema(), settings),
                ShardSweep.hex(digest),
                bytes);
    }

    private static Listed listed(String file, Configuration configuration) {
        Path path = new Path(MetricTables.pathOf(file));
        try {
            FileStatus status = path.getFileSystem(configuration).getFileStatus(path);
            return new Listed(file, status.getLen(), status.getModificationTime());
        } catch (IOException e) {
            throw new InputException("Cannot read file '" + file + "' of a table: " + e.getMessage());
        }
    }

    FileFacts facts(Map<String, Long> manifest) {
        return new FileFacts(List.of(), Map.of(), List.of(), manifest);
    }

    JavaRDD<Found> scan(SparkSession spark, DataSpec data, Set<String> keys) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Broadcast<DataSpec> shared = context.broadcast(data);
        JavaPairRDD<Place, Found> parts = InternalFrames.rows(frame)
                .mapPartitionsWithIndex(new RowsTask(layout, shards, name, shared, keys), false)
                .mapToPair(part -> part);
        int groups = DatasetScan.group(shards.size()) + 1;
        return DatasetScan.merge(parts, DatasetScan.partitions(context, groups, keys), shared);
    }

    /** Contents of all rows that have some; their numbers have the task in place of the shard. */
    JavaRDD<Document> documents(RowContents contents, boolean eval) {
        ShardLayout of = layout;
        return InternalFrames.rows(frame)
                .mapPartitionsWithIndex(
                        (task, rows) -> {
                            RowContents.Reader reader = contents.reader(of);
                            long[] row = {0};
                            Iterable<InternalRow> each = () -> rows;
                            return StreamSupport.stream(each.spliterator(), false)
                                    .flatMap(next -> reader.read(next, RowPlace.number(eval, task, row[0]++)).stream())
                                    .iterator();
                        },
                        false);
    }

    /** How tokens are lumped without a baseline: by their counts in some of the first rows. */
    Map<String, TokenCells> sampleCells(SparkSession spark) {
        if (layout.tokenColumns().isEmpty()) {
            return new TreeMap<>();
        }
        ShardLayout of = layout;
        List<Map<String, Histogram>> counts = InternalFrames.rows(frame.limit(20_000))
                .mapPartitions(rows -> {
                    ShardProfile profile = new ShardProfile("", new DataSpec(Map.of(), 0, 1));
                    Map<String, Histogram> histograms = DatasetScan.chooseBy(profile, of);
                    RowFeeder feeder = new RowFeeder(of, profile);
                    for (long row = 0; rows.hasNext(); row++) {
                        feeder.add(rows.next(), row);
                    }
                    return List.of(histograms).iterator();
                })
                .collect();
        return DatasetScan.cells(counts);
    }

    /** Rows of one task, cut where the file changes. */
    private static final class RowsTask
            implements Function2<Integer, Iterator<InternalRow>, Iterator<Tuple2<Place, Found>>> {
        private static final long serialVersionUID = 1L;

        private final ShardLayout layout;
        private final List<String> shards;
        private final String table;
        private final Broadcast<DataSpec> data;
        private final TreeSet<String> keyColumns;

        RowsTask(
                ShardLayout layout,
                List<String> shards,
                String table,
                Broadcast<DataSpec> data,
                Set<String> keyColumns) {
            this.keyColumns = new TreeSet<>(keyColumns);
            this.layout = layout;
            this.shards = shards;
            this.table = table;
            this.data = data;
        }

        @Override
        public Iterator<Tuple2<Place, Found>> call(Integer task, Iterator<InternalRow> rows) {
            Map<Integer, ShardProfile> profiles = new TreeMap<>();
            Map<Integer, RowFeeder> feeders = new TreeMap<>();
            Map<Integer, Long> places = new TreeMap<>();
            Map<String, Histogram> histograms = new TreeMap<>();
            String file = "";
            int shard = shards.size();
            RowFeeder feeder = null;
            KeyReader reader = new KeyReader(layout, keyColumns);
            long number = 0;
            while (rows.hasNext()) {
                InternalRow row = rows.next();
                reader.read(row, RowPlace.number(false, task, number++));
                String now = InternalFrames.fileOfTask();
                if (feeder == null || !now.equals(file)) {
                    file = now;
                    int found = shards.indexOf(now);
                    shard = found < 0 ? shards.size() : found;
                    String name = found < 0 ? table : now.substring(now.lastIndexOf('/') + 1);
                    feeder = feeders.computeIfAbsent(shard, index -> {
                        ShardProfile profile = new ShardProfile(name, data.value());
                        DatasetScan.countInto(profile, layout, histograms);
                        profiles.put(index, profile);
                        return new RowFeeder(layout, profile);
                    });
                }
                feeder.add(row, places.merge(shard, 1L, Long::sum) - 1);
            }
            List<Tuple2<Place, Found>> found = new ArrayList<>();
            profiles.forEach((index, profile) -> found.add(new Tuple2<>(
                    new Place(DatasetScan.group(index), index, task),
                    new Found.Profile(DatasetScan.group(index), profile.encode()))));
            found.addAll(DatasetScan.counts(histograms));
            Map<String, RowKeys> keys = new TreeMap<>();
            reader.addTo(keys);
            found.addAll(DatasetScan.keys(keys));
            return found.iterator();
        }
    }
}
