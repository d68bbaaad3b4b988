package io.tiltmeter.train;

import io.tiltmeter.config.Nearest;
import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.spark.InputException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructType;

/**
 * A table of examples, and what its columns are.
 *
 * @param name as it was asked for
 */
record ExampleTable(String name, Dataset<Row> rows) {
    private static final Pattern TABLE = Pattern.compile("[A-Za-z_]\\w*(\\.[A-Za-z_]\\w*){0,2}");

    /** Arrays around the numbers of a column: 0 for plain numbers. */
    private static final int NO_NUMBERS = -1;

    /**
     * A path or a table of the catalog.
     *
     * @throws InputException if there is none or it is not readable
     */
    static ExampleTable open(SparkSession spark, String name, TrainConfig.Format format) {
        try {
            if (TABLE.matcher(name).matches() && spark.catalog().tableExists(name)) {
                return new ExampleTable(name, spark.table(name));
            }
            Path path = new Path(name);
            Configuration hadoop = spark.sparkContext().hadoopConfiguration();
            FileSystem files = path.getFileSystem(hadoop);
            if (!files.exists(path)) {
                throw new InputException("Cannot read examples '" + name + "': there is no such file or folder"
                        + (TABLE.matcher(name).matches() ? " beside the configuration, and no such table" : ""));
            }
            boolean csv = format == TrainConfig.Format.CSV
                    || (format == TrainConfig.Format.AUTO
                            && firstFile(files, path)
                                    .filter(ExampleTable::isCsv)
                                    .isPresent());
            Dataset<Row> rows = csv
                    ? spark.read()
                            .option("header", true)
                            .option("inferSchema", true)
                            .csv(name)
                    : spark.read().parquet(name);
            return new ExampleTable(name, rows);
        } catch (InputException e) {
            throw e;
        } catch (Exception e) {
            // Spark throws checked exceptions that its methods do not declare.
            String why = String.valueOf(e.getMessage())
                    .lines()
                    .findFirst()
                    .orElse(e.getClass().getSimpleName());
            throw new InputException(
                    "Cannot read examples '" + name + "': " + why + "; expected Parquet, or CSV with a header");
        }
    }

    private static boolean isCsv(String file) {
        String lower = file.toLowerCase(Locale.ROOT);
        return lower.endsWith(".csv") || lower.endsWith(".csv.gz");
    }

    /** Name of a data file in a folder, its partitions included. */
    private static Optional<String> firstFile(FileSystem files, Path path) throws IOException {
        if (!files.getFileStatus(path).isDirectory()) {
            return Optional.of(path.getName());
        }
        FileStatus[] inside = files.listStatus(
                path,
                child -> !child.getName().startsWith("_") && !child.getName().startsWith("."));
        Arrays.sort(inside);
        for (FileStatus child : inside) {
            Optional<String> found = firstFile(files, child.getPath());
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /** Arrays around the numbers of a column: 0 for plain numbers, 1 for an array of them, 2 for an array of arrays. */
    int depth(String column, String key, int least, int most) {
        StructType schema = rows.schema();
        List<String> columns = List.of(schema.fieldNames());
        if (!columns.contains(column)) {
            String near = Nearest.to(column, columns)
                    .map(found -> "; did you mean '" + found + "'?")
                    .orElse("");
            throw new InputException("Cannot use examples '" + name + "': there is no column '" + column + "' (" + key
                    + "), only " + String.join(", ", columns) + near);
        }
        DataType type = schema.apply(column).dataType();
        int depth = depth(type);
        if (depth < least || depth > most) {
            List<String> kinds = List.of("numbers", "arrays of numbers", "arrays of arrays of numbers");
            throw new InputException("Cannot use examples '" + name + "': column '" + column + "' (" + key + ") is "
                    + type.catalogString() + ", expected " + String.join(" or ", kinds.subList(least, most + 1)));
        }
        return depth;
    }

    private static int depth(DataType type) {
        if (type instanceof ArrayType array) {
            int inner = depth(array.elementType());
            return inner == NO_NUMBERS ? NO_NUMBERS : inner + 1;
        }
        return type instanceof NumericType ? 0 : NO_NUMBERS;
    }
}
