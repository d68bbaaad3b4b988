package io.tiltmeter.spark;

import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.paths.SparkPath;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.FileFormat;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.csv.CSVFileFormat;
import org.apache.spark.sql.execution.datasources.json.JsonFileFormat;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import scala.Function1;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Spark's own readers, file by file. A whole scan of Spark's ends with the first damaged file, or leaves damaged files out
 * without saying so; here each file succeeds or fails by itself, and rows have a place in it.
 */
record ShardReaders(List<Reader> byLayout) implements Serializable {

    /** Reads files of one layout; made on the driver, used in tasks. */
    record Reader(Function1<PartitionedFile, Iterator<InternalRow>> open) implements Serializable {}

    /** Readers of all layouts. */
    static ShardReaders of(SparkSession spark, List<ShardLayout> layouts) {
        return new ShardReaders(layouts.stream()
                .map(layout -> new Reader(reader(spark, layout)))
                .toList());
    }

    private static Function1<PartitionedFile, Iterator<InternalRow>> reader(SparkSession spark, ShardLayout layout) {
        // One for each layout: Spark leaves the columns to read in it.
        Configuration configuration = new Configuration(spark.sparkContext().hadoopConfiguration());
        // Writers leave a checksum beside every page; without this nobody looks at it.
        configuration.setBoolean("parquet.page.verify-checksum.enabled", true);
        FileFormat format = switch (layout.format()) {
            case PARQUET -> new ParquetFileFormat();
            case CSV -> new CSVFileFormat();
            case JSON, JSON_DOCUMENT -> new JsonFileFormat();
        };
        Map<String, String> options = new HashMap<>(layout.format().options());
        if (layout.format() == ShardFormat.PARQUET) {
            options.put(
                    FileFormat.OPTION_RETURNING_BATCH(), String.valueOf(format.supportBatch(spark, layout.schema())));
        }
        return format.buildReaderWithPartitionValues(
                spark,
                layout.schema(),
                new StructType(),
                layout.schema(),
                CollectionConverters.asScala(List.<org.apache.spark.sql.sources.Filter>of())
                        .toSeq(),
                scala.collection.immutable.Map$.MODULE$.from(CollectionConverters.asScala(options)),
                configuration);
    }

    /** What is done with a row; a row is only valid until the next. */
    interface RowConsumer {
        /** Returns whether to go on. */
        boolean accept(InternalRow row);
    }

    /**
     * Hands the rows of a part of a file to {@code consumer}.
     *
     * @throws RuntimeException if the file is damaged; checked exceptions may come undeclared
     */
    void read(ShardFile shard, long start, long length, RowConsumer consumer) {
        try (Rows rows = open(shard, start, length)) {
            while (rows.hasNext() && consumer.accept(rows.next())) {}
        }
    }

    /** The rows of a part of a file. */
    Rows open(ShardFile shard, long start, long length) {
        PartitionedFile part = new PartitionedFile(
                InternalRow.empty(),
                SparkPath.fromPathString(shard.path()),
                start,
                length,
                new String[0],
                shard.modified(),
                shard.length(),
                scala.collection.immutable.Map$.MODULE$.empty());
        return new Rows(byLayout.get(shard.schema()).open().apply(part));
    }

    /** Rows of a part of a file, each valid until the next is asked for. */
    static final class Rows implements java.util.Iterator<InternalRow>, AutoCloseable {
        private final Iterator<?> parts;
        private java.util.Iterator<InternalRow> inside = java.util.Collections.emptyIterator();
        private long read;

        Rows(Iterator<?> parts) {
            this.parts = parts;
        }

        @Override
        public boolean hasNext() {
            while (!inside.hasNext() && parts.hasNext()) {
                Object next = parts.next();
                if (next instanceof ColumnarBatch batch) {
                    read += batch.numRows();
                    inside = batch.rowIterator();
                } else {
                    read++;
                    inside = List.of((InternalRow) next).iterator();
                }
            }
            return inside.hasNext();
        }

        @Override
        public InternalRow next() {
            if (!hasNext()) {
                throw new java.util.NoSuchElementException("No row is left");
            }
            return inside.next();
        }

        /** Spark counts what its own scans read; so that its pages show as much of this one, it is told. */
        @Override
        public void close() {
            TaskContext task = TaskContext.get();
            if (task != null) {
                task.taskMetrics().inputMetrics().incRecordsRead(read);
                read = 0;
            }
            if (parts instanceof AutoCloseable open) {
                ShardReaders.close(open);
            }
        }
    }

    private static void close(AutoCloseable rows) {
        try {
            rows.close();
        } catch (Exception e) {
            throw new IllegalStateException("Cannot close a reader", e);
        }
    }
}
