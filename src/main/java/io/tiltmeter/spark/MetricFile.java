package io.tiltmeter.spark;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.LayerRecord;
import io.tiltmeter.model.MetricRecord;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.ShardRecord;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.TopologyRecord;
import java.io.Closeable;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.RuntimeMXBean;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopStreams;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.parquet.ParquetWriteSupport;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.StructType;

/**
 * One Parquet file of one metric table, written from inside a task, without a Spark job. It looks as if Spark had written
 * it: same encoding, same schema with its version, Snappy as by Spark's default, times in microseconds.
 *
 * <p>Rows go to a hidden temporary file, which {@link #commit()} gives its final name; a file of that name is replaced, so
 * that a task tried again overwrites its own rows instead of adding them once more. On local disks and HDFS the file of
 * that name is replaced at once; on an object store renaming is copying, which these small files bear. Not thread-safe.
 */
public final class MetricFile implements Closeable {
    private static final AtomicLong COUNT = new AtomicLong();
    private static final String PROCESS = process();

    private final String table;
    private final FileSystem files;
    private final Path temporary;
    private final Path target;
    private final Configuration configuration;
    private final ParquetWriter<InternalRow> writer;
    private long rows;
    private boolean open = true;

    private MetricFile(
            String table,
            FileSystem files,
            Path temporary,
            Path target,
            Configuration configuration,
            ParquetWriter<InternalRow> writer) {
        this.table = table;
        this.files = files;
        this.temporary = temporary;
        this.target = target;
        this.configuration = configuration;
        this.writer = writer;
    }

    /**
     * Begins a file.
     *
     * @param table name of the metric table
     * @param tableFolder folder of that table; made if it is missing
     * @param name final name of the file; must be visible to Spark
     * @throws IllegalArgumentException if the table or the name will not do
     */
    public static MetricFile create(String table, Path tableFolder, String name, Configuration configuration)
            throws IOException {
        StructType schema = Schemas.of(table);
        if (name.isEmpty() || name.startsWith("_") || name.startsWith(".") || name.matches(".*[/\\\\:].*")) {
            throw new IllegalArgumentException("Name of a file of table '" + table + "' is '" + name
                    + "', expected one without / \\ : that begins with neither _ nor .");
        }
        FileSystem files = WholeFile.files(tableFolder, configuration);
        files.mkdirs(tableFolder);
        // Unique, as a task thought dead may still write while its successor does.
        Path temporary = new Path(tableFolder, "_" + name + "." + PROCESS + "-" + COUNT.incrementAndGet() + ".tmp");
        ParquetWriter<InternalRow> writer = new Builder(new Output(files, temporary), schema)
                .withConf(sparks(configuration))
                .withCompressionCodec(CompressionCodecName.SNAPPY)
                .build();
        return new MetricFile(table, files, temporary, new Path(tableFolder, name), configuration, writer);
    }

    /** Removes a committed file; false if there is none. */
    public static boolean delete(Path tableFolder, String name, Configuration configuration) throws IOException {
        return WholeFile.files(tableFolder, configuration).delete(new Path(tableFolder, name), false);
    }

    /** Whether a file was committed. */
    public static boolean exists(Path tableFolder, String name, Configuration configuration) throws IOException {
        return WholeFile.files(tableFolder, configuration).exists(new Path(tableFolder, name));
    }

    /**
     * A name as part of a file's name: letters, digits, dash, dot and underscore stay (the latter two not in front, where
     * they hide a file), everything else becomes {@code %} and its code, so that different names stay different.
     */
    public static String fileName(String name) {
        StringBuilder text = new StringBuilder(name.length());
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xFF);
            boolean plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-';
            if (plain || (c == '.' || c == '_') && text.length() > 0) {
                text.append(c);
            } else {
                text.append(String.format("%%%02X", (int) c));
            }
        }
        return text.toString();
    }

    public void append(StepRecord step) throws IOException {
        write("steps", RecordRows.row(step));
    }

    public void append(MetricRecord metric) throws IOException {
        write("metrics", RecordRows.row(metric));
    }

    public void append(LayerRecord layer) throws IOException {
        write("layers", RecordRows.row(layer));
    }

    public void append(EventRecord event) throws IOException {
        write("events", RecordRows.row(event));
    }

    public void append(ShardRecord shard) throws IOException {
        write("shards", RecordRows.row(shard));
    }

    public void append(TopologyRecord worker) throws IOException {
        write("topology", RecordRows.row(worker));
    }

    public void append(AttemptRecord attempt) throws IOException {
        write("attempts", RecordRows.row(attempt));
    }

    public void append(RunRecord run) throws IOException {
        write("runs", RecordRows.row(run));
    }

    private void write(String rowOf, InternalRow row) throws IOException {
        if (!rowOf.equals(table)) {
            throw new IllegalArgumentException(
                    "File '" + target.getName() + "' got a row of table '" + rowOf + "', expected '" + table + "'");
        }
        if (!open) {
            throw new IllegalStateException("File '" + target.getName() + "' is closed");
        }
        writer.write(row);
        rows++;
    }

    /** Rows appended so far. */
    public long rows() {
        return rows;
    }

    /** Closes the file and makes it visible under its final name. */
    public void commit() throws IOException {
        if (!open) {
            throw new IllegalStateException("File '" + target.getName() + "' is closed");
        }
        open = false;
        try {
            writer.close();
            rename();
        } catch (IOException | RuntimeException e) {
            files.delete(temporary, false);
            throw e;
        }
    }

    private void rename() throws IOException {
        if (WholeFile.replace(files, temporary, target, configuration)) {
            return;
        }
        // Of what is left some replace a file, and some refuse: then the old one has to go first.
        if (!attempt() && !(files.delete(target, false) && attempt())) {
            throw new IOException("Cannot rename '" + temporary + "' to '" + target + "'");
        }
    }

    private boolean attempt() throws IOException {
        try {
            return files.rename(temporary, target);
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    /** Drops the file unless it was committed. */
    @Override
    public void close() throws IOException {
        if (open) {
            open = false;
            try {
                writer.close();
            } finally {
                files.delete(temporary, false);
            }
        }
    }

    private static Configuration sparks(Configuration configuration) {
        Configuration conf = new Configuration(configuration);
        // Sessions hand these to tasks; Spark's class insists on finding them.
        conf.set(SQLConf.PARQUET_WRITE_LEGACY_FORMAT().key(), "false");
        conf.set(SQLConf.PARQUET_OUTPUT_TIMESTAMP_TYPE().key(), "TIMESTAMP_MICROS");
        conf.set(SQLConf.PARQUET_FIELD_ID_WRITE_ENABLED().key(), "true");
        conf.set(SQLConf.PARQUET_ANNOTATE_VARIANT_LOGICAL_TYPE().key(), "true");
        return conf;
    }

    /** Host, process and its start: no two processes have the same. */
    private static String process() {
        RuntimeMXBean jvm = ManagementFactory.getRuntimeMXBean();
        return jvm.getName().replaceAll("[^A-Za-z0-9.-]", "-") + "-" + Long.toString(jvm.getStartTime(), 36);
    }

    private static final class Builder extends ParquetWriter.Builder<InternalRow, Builder> {
        private final StructType schema;

        Builder(OutputFile file, StructType schema) {
            super(file);
            this.schema = schema;
        }

        @Override
        protected Builder self() {
            return this;
        }

        @Override
        protected WriteSupport<InternalRow> getWriteSupport(Configuration configuration) {
            ParquetWriteSupport.setSchema(schema, configuration);
            return new ParquetWriteSupport();
        }
    }

    /** Writes with the file system it is given, without setting permissions, for which Hadoop would start a process. */
    private record Output(FileSystem files, Path path) implements OutputFile {
        private static final int BUFFER = 1 << 16;

        @Override
        public PositionOutputStream create(long blockSize) throws IOException {
            return createOrOverwrite(blockSize);
        }

        @Override
        public PositionOutputStream createOrOverwrite(long blockSize) throws IOException {
            return HadoopStreams.wrap(files.create(
                    path,
                    true,
                    BUFFER,
                    files.getDefaultReplication(path),
                    Math.max(blockSize, files.getDefaultBlockSize(path))));
        }

        @Override
        public boolean supportsBlockSize() {
            return false;
        }

        @Override
        public long defaultBlockSize() {
            return files.getDefaultBlockSize(path);
        }

        @Override
        public String getPath() {
            return path.toString();
        }
    }
}
