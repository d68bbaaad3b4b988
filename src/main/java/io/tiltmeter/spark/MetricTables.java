package io.tiltmeter.spark;

import io.tiltmeter.model.Rejection;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The metric tables of a fleet, from a path or from the catalog. A table that the fleet does not have is absent.
 *
 * <p>A path is an import's output (its manifest says which attempt), a folder with a folder for each table, or a folder or
 * file of Parquet that is the {@code steps} table itself. Otherwise the name of a catalog table ({@code steps}) or of a
 * catalog schema that holds the tables by their names.
 */
final class MetricTables {
    /** With this option off, Spark takes brackets and stars in a path for what they are. */
    static final String AS_IT_STANDS = "__globPaths__";

    private final SparkSession spark;
    private final ColumnMapping mapping;
    // Small tables may be read by several threads, and files set aside meanwhile.
    private final Map<String, ParquetInput> paths = new ConcurrentHashMap<>();
    private final Map<String, String> catalog = new LinkedHashMap<>();
    private final List<Rejection> rejected = Collections.synchronizedList(new ArrayList<>());

    private MetricTables(SparkSession spark, ColumnMapping mapping) {
        this.spark = spark;
        this.mapping = mapping;
    }

    /**
     * Finds the tables.
     *
     * @param spec path, catalog table or catalog schema
     * @throws InputException if there is nothing by that name or nothing readable in it
     */
    static MetricTables open(SparkSession spark, String spec, ColumnMapping mapping) {
        MetricTables tables = new MetricTables(spark, mapping);
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        Path path = new Path(spec);
        if (exists(path, configuration)) {
            tables.openPath(AttemptFolder.current(path, configuration).orElse(path), configuration);
        } else {
            tables.openCatalog(spec);
        }
        if (!tables.has("steps") && !tables.has("runs") && !tables.has("metrics")) {
            String why = tables.rejected.isEmpty()
                    ? "it holds no Parquet file and no folder named steps, runs or metrics"
                    : "none of its files is readable, e.g. "
                            + tables.rejected.get(0).file() + ": "
                            + tables.rejected.get(0).reason();
            throw new InputException("Cannot read metrics '" + spec + "': " + why);
        }
        return tables;
    }

    private static boolean exists(Path path, Configuration configuration) {
        try {
            return path.getFileSystem(configuration).exists(path);
        } catch (IOException e) {
            throw new InputException("Cannot read metrics '" + path + "': " + e.getMessage());
        }
    }

    private void openPath(Path root, Configuration configuration) {
        try {
            FileSystem files = root.getFileSystem(configuration);
            boolean any = false;
            for (String table : Schemas.ALL.keySet()) {
                Path folder = new Path(root, table);
                if (files.exists(folder)) {
                    any = true;
                    openFolder(table, folder);
                }
            }
            if (!any) {
                openFolder("steps", root);
            }
        } catch (IOException e) {
            throw new InputException("Cannot read metrics '" + root + "': " + e.getMessage());
        }
    }

    /** Reads footers, and sets files aside whose columns are not what the table needs. */
    private void openFolder(String table, Path folder) {
        ParquetInput input = ParquetInput.open(spark, folder);
        Map<Layout, String> errors = new HashMap<>();
        List<ParquetInput.DataFile> good = new ArrayList<>();
        for (ParquetInput.DataFile file : input.files()) {
            String error = errors.computeIfAbsent(Layout.of(file, input), layout -> error(table, input, file));
            if (error.isEmpty()) {
                good.add(file);
            } else {
                String reason = error.replace("Cannot read : ", "");
                rejected.add(new Rejection(file.path(), 0, reason, file.rows(), Rejection.Level.REJECTED));
            }
        }
        if (good.isEmpty() && !rejected.isEmpty() && !input.files().isEmpty()) {
            ParquetInput.DataFile first = input.files().get(0);
            throw new InputException(errors.getOrDefault(Layout.of(first, input), "")
                    .replace("Cannot read : ", "Cannot read table '" + table + "' (" + first.path() + "): "));
        }
        rejected.addAll(input.rejected());
        if (!good.isEmpty()) {
            paths.put(table, new ParquetInput(input.root(), good, input.schemas(), List.of()));
        }
    }

    /** What is wrong with a file's columns, {@code ""} if nothing. */
    private String error(String table, ParquetInput input, ParquetInput.DataFile file) {
        StructType own = input.schemas().get(file.schema());
        Map<String, String> seen = new HashMap<>();
        for (String column : own.fieldNames()) {
            String twin = seen.put(column.toLowerCase(Locale.ROOT), column);
            if (twin != null) {
                return "Cannot read : its columns '" + twin + "' and '" + column
                        + "' differ only in case. Rename one of them";
            }
        }
        StructType whole = frame(table, input, List.of(file)).schema();
        return mapping.map(whole, Schemas.of(table), "").error();
    }

    /** Files that can be read together: equal schemas, and equal columns in the names of their folders. */
    private record Layout(int schema, List<String> partitions) {
        static Layout of(ParquetInput.DataFile file, ParquetInput input) {
            return new Layout(file.schema(), input.partitionColumns(file));
        }
    }

    private void openCatalog(String name) {
        if (tableExists(name)) {
            openCatalogTable("steps", name);
            return;
        }
        for (String table : Schemas.ALL.keySet()) {
            if (tableExists(name + "." + table)) {
                openCatalogTable(table, name + "." + table);
            }
        }
        if (catalog.isEmpty()) {
            throw new InputException("Cannot read metrics '" + name
                    + "': no such file or folder, and no table or schema of this name in the catalog");
        }
    }

    private boolean tableExists(String name) {
        try {
            return spark.catalog().tableExists(name);
        } catch (Exception e) {
            // A text that is no table name at all (a path, say) is simply not in the catalog. What Spark throws then is
            // a
            // checked exception that the method does not declare.
            return false;
        }
    }

    private void openCatalogTable(String table, String name) {
        ColumnMapping.Result result =
                mapping.map(spark.table(name).schema(), Schemas.of(table), "table '" + name + "'");
        if (!result.error().isEmpty()) {
            throw new InputException(result.error());
        }
        catalog.put(table, name);
    }

    boolean has(String table) {
        return paths.containsKey(table) || catalog.containsKey(table);
    }

    /** Files set aside while the tables were opened. */
    List<Rejection> rejected() {
        return List.copyOf(rejected);
    }

    /** The files of a table; empty for a table of the catalog or one that is absent. */
    List<ParquetInput.DataFile> files(String table) {
        ParquetInput input = paths.get(table);
        return input == null ? List.of() : input.files();
    }

    /** Name of a table in the catalog, if it is one. */
    Optional<String> catalogName(String table) {
        return Optional.ofNullable(catalog.get(table));
    }

    long bytes() {
        return paths.values().stream().mapToLong(ParquetInput::bytes).sum();
    }

    /** Names of the tables there are, in the order of the documentation. */
    List<String> names() {
        return Schemas.ALL.keySet().stream().filter(this::has).toList();
    }

    /** A table with our column names, units and types; columns it does not have are absent. Empty if it is not there. */
    Optional<Dataset<Row>> read(String table) {
        return read(table, Schemas.of(table), files(table));
    }

    /** All rows of a small table, with all its columns; none if it is not there. Files damaged inside are set aside. */
    List<Row> rows(String table) {
        return rows(table, frame -> frame);
    }

    /** What is made of all rows of a small table; nothing if it is not there. Files damaged inside are set aside. */
    List<Row> rows(String table, UnaryOperator<Dataset<Row>> make) {
        while (true) {
            try {
                return read(table)
                        .map(frame ->
                                make.apply(exactly(frame, Schemas.of(table))).collectAsList())
                        .orElse(List.of());
            } catch (Exception e) {
                // Spark throws checked exceptions from methods that declare none.
                Optional<String> damaged = ReadFailure.file(e);
                List<ParquetInput.DataFile> sound = files(table).stream()
                        .filter(file -> !file.path().equals(damaged.orElse("")))
                        .toList();
                ParquetInput input = paths.get(table);
                if (input == null || sound.size() == input.files().size()) {
                    throw e;
                }
                paths.put(table, new ParquetInput(input.root(), sound, input.schemas(), List.of()));
                reject(damaged.orElse(""), ReadFailure.damaged(e), 1);
            }
        }
    }

    /** Sets input of a table aside that was found wanting while it was read. */
    void reject(String where, String reason, long count) {
        rejected.add(new Rejection(where, 0, reason, count, Rejection.Level.REJECTED));
    }

    /** Name of the table's place in messages. */
    String where(String table) {
        ParquetInput input = paths.get(table);
        return input == null ? catalog.getOrDefault(table, table) : input.root().toString();
    }

    /**
     * Some columns of a table.
     *
     * @param wanted columns, of which the optional ones may turn out absent
     * @param files which files of it; ignored for a catalog table
     */
    Optional<Dataset<Row>> read(String table, StructType wanted, List<ParquetInput.DataFile> files) {
        String name = catalog.get(table);
        if (name != null) {
            Dataset<Row> frame = spark.table(name);
            List<Column> columns = new ArrayList<>(
                    mapping.map(frame.schema(), wanted, "table '" + name + "'").columns());
            return Optional.of(frame.select(columns.toArray(Column[]::new)));
        }
        ParquetInput input = paths.get(table);
        if (input == null || files.isEmpty()) {
            return Optional.empty();
        }
        Map<Layout, List<ParquetInput.DataFile>> groups = new LinkedHashMap<>();
        files.forEach(file -> groups.computeIfAbsent(Layout.of(file, input), layout -> new ArrayList<>())
                .add(file));
        Dataset<Row> all = null;
        for (List<ParquetInput.DataFile> group : groups.values()) {
            Dataset<Row> frame = frame(table, input, group);
            List<Column> columns = new ArrayList<>(
                    mapping.map(frame.schema(), wanted, "table '" + table + "'").columns());
            Dataset<Row> mapped = frame.select(columns.toArray(Column[]::new));
            all = all == null ? mapped : all.unionByName(mapped, true);
        }
        return Optional.ofNullable(all);
    }

    /** Files of one layout as they are. */
    private Dataset<Row> frame(String table, ParquetInput input, List<ParquetInput.DataFile> files) {
        StructType schema = input.schemas().get(files.get(0).schema());
        for (String column : input.partitionColumns(files.get(0))) {
            // Else the run 17 would be a number, and 2026-01-01 a date.
            if (mapping.isText(column, Schemas.of(table))
                    && !List.of(schema.fieldNames()).contains(column)) {
                schema = schema.add(column, DataTypes.StringType);
            }
        }
        return spark.read()
                .schema(schema)
                .option("basePath", input.base().toString())
                .option(AS_IT_STANDS, "false")
                .parquet(files.stream().map(ParquetInput.DataFile::path).toArray(String[]::new));
    }

    /** The same frame with exactly these columns in this order; those it lacks are null. */
    static Dataset<Row> exactly(Dataset<Row> frame, StructType columns) {
        List<String> present = List.of(frame.columns());
        return frame.select(Arrays.stream(columns.fields())
                .map(field -> present.contains(field.name())
                        ? functions.col(field.name())
                        : functions.lit(null).cast(field.dataType()).as(field.name()))
                .toArray(Column[]::new));
    }

    /** Path of a file as the listing spells it, from the URI that Spark puts beside rows; other texts as they are. */
    static String pathOf(String file) {
        try {
            return file.contains(":/") ? new Path(new URI(file)).toString() : file;
        } catch (URISyntaxException e) {
            return file;
        }
    }
}
