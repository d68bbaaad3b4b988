package io.tiltmeter.spark;

import io.tiltmeter.model.Rejection;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;

/**
 * The metric tables of a fleet, from a path or from the catalog. A table that the fleet does not have is absent.
 *
 * <p>A path is an import's output (its manifest says which attempt), a folder with a folder for each table, or a folder or
 * file of Parquet that is the {@code steps} table itself. Otherwise the name of a catalog table ({@code steps}) or of a
 * catalog schema that holds the tables by their names.
 */
final class MetricTables {
    private final SparkSession spark;
    private final ColumnMapping mapping;
    private final Map<String, ParquetInput> paths = new LinkedHashMap<>();
    private final Map<String, String> catalog = new LinkedHashMap<>();
    private final List<Rejection> rejected = new ArrayList<>();

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
        List<String> errors = new ArrayList<>();
        for (StructType schema : input.schemas()) {
            errors.add(mapping.map(withPartitions(input, schema), Schemas.of(table), "")
                    .error());
        }
        List<ParquetInput.DataFile> good = new ArrayList<>();
        for (ParquetInput.DataFile file : input.files()) {
            if (errors.get(file.schema()).isEmpty()) {
                good.add(file);
            }
        }
        if (good.isEmpty() && !input.files().isEmpty()) {
            ParquetInput.DataFile first = input.files().get(0);
            StructType schema = withPartitions(input, input.schemas().get(first.schema()));
            throw new InputException(
                    mapping.map(schema, Schemas.of(table), "table '" + table + "' (" + first.path() + ")")
                            .error());
        }
        for (ParquetInput.DataFile file : input.files()) {
            if (!errors.get(file.schema()).isEmpty()) {
                String reason = errors.get(file.schema()).replace("Cannot read : ", "");
                rejected.add(new Rejection(file.path(), 0, reason, file.rows(), Rejection.Level.REJECTED));
            }
        }
        rejected.addAll(input.rejected());
        if (!good.isEmpty()) {
            paths.put(table, new ParquetInput(input.root(), good, input.schemas(), List.of()));
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
        Dataset<Row> all = null;
        for (int s = 0; s < input.schemas().size(); s++) {
            int schema = s;
            String[] group = files.stream()
                    .filter(file -> file.schema() == schema)
                    .map(ParquetInput.DataFile::path)
                    .toArray(String[]::new);
            if (group.length == 0) {
                continue;
            }
            Dataset<Row> frame = spark.read()
                    .schema(input.schemas().get(s))
                    .option("basePath", base(input))
                    .parquet(group);
            List<Column> columns = new ArrayList<>(
                    mapping.map(frame.schema(), wanted, "table '" + table + "'").columns());
            Dataset<Row> mapped = frame.select(columns.toArray(Column[]::new));
            all = all == null ? mapped : all.unionByName(mapped, true);
        }
        return Optional.ofNullable(all);
    }

    private StructType withPartitions(ParquetInput input, StructType schema) {
        if (input.files().isEmpty() || !input.files().get(0).path().contains("=")) {
            return schema;
        }
        return spark.read()
                .schema(schema)
                .option("basePath", base(input))
                .parquet(input.files().get(0).path())
                .schema();
    }

    /** Spark wants a folder; a single file is its own root, without partitions. */
    private static String base(ParquetInput input) {
        boolean single = input.files().size() == 1
                && input.files().get(0).path().endsWith(input.root().toUri().getPath());
        return single ? String.valueOf(input.root().getParent()) : input.root().toString();
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
