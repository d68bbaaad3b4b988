package io.tiltmeter.spark;

import io.tiltmeter.model.Rejection;
import io.tiltmeter.spark.FileListing.Listed;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The Parquet files of one table: listed, every footer checked before anything is read, grouped by schema. A file that is
 * no Parquet file is set aside with its reason; the others are read.
 *
 * @param root folder or file the user named, qualified; partition columns are read from the paths below it
 * @param files readable files, ordered by path
 * @param schemas distinct file schemas
 * @param rejected files set aside
 */
record ParquetInput(Path root, List<DataFile> files, List<StructType> schemas, List<Rejection> rejected) {

    /**
     * A readable file.
     *
     * @param schema index among the distinct schemas
     * @param modified milliseconds since the epoch
     */
    record DataFile(String path, long length, long modified, long rows, int schema) implements Serializable {}

    /** So many files are looked at by the driver itself: a Spark job costs more. */
    private static final int FEW_FILES = 32;

    /** Lists and checks the files below a path; the list may be empty. */
    static ParquetInput open(SparkSession spark, Path root) {
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        List<Listed> listed = FileListing.below(root, configuration);
        if (listed.isEmpty()) {
            return new ParquetInput(root, List.of(), List.of(), List.of());
        }
        List<Footer> footers = footers(spark, listed, configuration);
        Map<String, Integer> signatures = new TreeMap<>();
        List<DataFile> good = new ArrayList<>();
        List<Rejection> bad = new ArrayList<>();
        footers.stream().filter(f -> f.error.isEmpty()).forEach(f -> signatures.putIfAbsent(f.schema, 0));
        int next = 0;
        List<StructType> schemas = new ArrayList<>();
        ParquetToSparkSchemaConverter converter = InternalFrames.parquetSchemas(spark);
        for (Map.Entry<String, Integer> signature : signatures.entrySet()) {
            signature.setValue(next++);
            schemas.add(converter.convert(MessageTypeParser.parseMessageType(signature.getKey())));
        }
        for (Footer footer : footers) {
            Listed file = footer.file;
            if (footer.error.isEmpty()) {
                good.add(new DataFile(
                        file.path(),
                        file.length(),
                        file.modified(),
                        footer.rows,
                        signatures.getOrDefault(footer.schema, 0)));
            } else {
                bad.add(new Rejection(file.path(), 0, footer.error, 1, Rejection.Level.REJECTED));
            }
        }
        good.sort(Comparator.comparing(DataFile::path));
        return new ParquetInput(
                qualified(root, configuration), List.copyOf(good), List.copyOf(schemas), List.copyOf(bad));
    }

    private static Path qualified(Path root, Configuration configuration) {
        try {
            return root.getFileSystem(configuration).makeQualified(root);
        } catch (IOException e) {
            throw new InputException("Cannot read '" + root + "': " + e.getMessage());
        }
    }

    /** Folder below which the names of folders are partition columns; a single file has none. */
    Path base() {
        boolean single = files.size() == 1 && files.get(0).path().equals(root.toString());
        return single && root.getParent() != null ? root.getParent() : root;
    }

    /** Columns that stand in the names of a file's folders, as {@code project=a/}. */
    List<String> partitionColumns(DataFile file) {
        List<String> columns = new ArrayList<>();
        String below = file.path()
                .substring(Math.min(base().toString().length(), file.path().length()));
        String[] parts = below.split("/", -1);
        for (int i = 0; i < parts.length - 1; i++) {
            int at = parts[i].indexOf('=');
            if (at > 0) {
                columns.add(parts[i].substring(0, at));
            }
        }
        return columns;
    }

    private static List<Footer> footers(SparkSession spark, List<Listed> listed, Configuration configuration) {
        if (listed.size() <= FEW_FILES) {
            return listed.parallelStream()
                    .map(file -> footer(file, configuration))
                    .toList();
        }
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        SerializableConfiguration shipped = new SerializableConfiguration(configuration);
        int slices = Math.max(1, Math.min(listed.size() / 4, context.defaultParallelism() * 4));
        return context.parallelize(listed, slices)
                .map(file -> footer(file, shipped.value()))
                .collect();
    }

    long bytes() {
        return files.stream().mapToLong(DataFile::length).sum();
    }

    private static Footer footer(Listed file, Configuration configuration) {
        if (file.length() == 0) {
            return new Footer(file, "", 0, "Empty file (0 bytes); a Parquet file begins and ends with PAR1");
        }
        try (ParquetFileReader reader = open(new Path(file.path()), configuration)) {
            long rows = reader.getFooter().getBlocks().stream()
                    .mapToLong(BlockMetaData::getRowCount)
                    .sum();
            return new Footer(
                    file, reader.getFooter().getFileMetaData().getSchema().toString(), rows, "");
        } catch (IOException | RuntimeException e) {
            String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            return new Footer(
                    file,
                    "",
                    0,
                    "No readable Parquet footer (" + oneLine(why).replace(file.path(), "the file")
                            + "): truncated or not a Parquet file");
        }
    }

    private static String oneLine(String text) {
        String line = text.lines().findFirst().orElse("");
        return line.length() > 200 ? line.substring(0, 200) + "…" : line;
    }

    private record Footer(Listed file, String schema, long rows, String error) implements Serializable {}

    /** Opens a file and reads its footer. */
    static ParquetFileReader open(Path path, Configuration configuration) throws IOException {
        // Without options of its own Parquet reads all of Hadoop's configuration files anew, for every file it opens.
        return ParquetFileReader.open(
                HadoopInputFile.fromPath(path, configuration),
                HadoopReadOptions.builder(configuration).build());
    }
}
