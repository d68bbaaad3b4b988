package io.tiltmeter.spark;

import io.tiltmeter.model.Metric;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Schemas of all metric tables, in one place. The version stands in the metadata of every table's first column (and so in
 * the Parquet footers), under {@value #VERSION_KEY}.
 */
public final class Schemas {
    private Schemas() {}

    /** Version of the metric tables; grows when a column changes its meaning or goes. */
    public static final int VERSION = 1;

    /** Key of the version in the metadata of a table's first column. */
    public static final String VERSION_KEY = "tiltmeter.schema";

    private static final DataType STRING = DataTypes.StringType;
    private static final DataType INT = DataTypes.IntegerType;
    private static final DataType LONG = DataTypes.LongType;
    private static final DataType DOUBLE = DataTypes.DoubleType;
    private static final DataType TIME = DataTypes.TimestampType;

    public static final StructType RUNS = table().required("run_id", STRING)
            .optional("project", STRING)
            .optional("owner", STRING)
            .optional("start_time", TIME)
            .optional("end_time", TIME)
            .optional("status", STRING)
            .optional("parent_run_id", STRING)
            .optional("seed", LONG)
            .optional("planned_steps", LONG)
            .optional("dataset", STRING)
            .optional("dataset_version", STRING)
            .optional("dataset_fingerprint", STRING)
            .optional("verdict_id", STRING)
            .optional("tokenizer", STRING)
            .optional("framework", STRING)
            .optional("code_version", STRING)
            .optional("hardware", STRING)
            .optional("attributes", DataTypes.createMapType(STRING, STRING))
            .build();

    public static final StructType ATTEMPTS = keyed().optional("start_time", TIME)
            .optional("resume_step", LONG)
            .optional("checkpoint", STRING)
            .optional("world_size", INT)
            .optional("global_batch", LONG)
            .optional("exit_reason", STRING)
            .build();

    public static final StructType TOPOLOGY = keyed().required("worker", INT)
            .optional("host", STRING)
            .optional("device", STRING)
            .optional("data_coordinate", INT)
            .optional("tensor_coordinate", INT)
            .optional("pipeline_coordinate", INT)
            .optional("context_coordinate", INT)
            .optional("expert_coordinate", INT)
            .optional("rack", STRING)
            .build();

    public static final StructType STEPS = steps();

    public static final StructType METRICS = keyed().optional("worker", INT)
            .required("step", LONG)
            .optional("time", TIME)
            .required("name", STRING)
            .optional("value", DOUBLE)
            .build();

    public static final StructType LAYERS = keyed().optional("worker", INT)
            .required("step", LONG)
            .required("layer", STRING)
            .optional("depth", INT)
            .optional("elements", LONG)
            .optional("grad_norm", DOUBLE)
            .optional("grad_mean_abs", DOUBLE)
            .optional("grad_max_abs", DOUBLE)
            .optional("grad_zero_fraction", DOUBLE)
            .optional("non_finite_count", LONG)
            .optional("param_norm", DOUBLE)
            .optional("update_norm", DOUBLE)
            .optional("activation_mean", DOUBLE)
            .optional("activation_std", DOUBLE)
            .optional("activation_zero_fraction", DOUBLE)
            .optional("activation_saturated_fraction", DOUBLE)
            .optional("second_moment_ratio", DOUBLE)
            .build();

    public static final StructType GROUPS = keyed().required("step", LONG)
            .required("kind", STRING)
            .required("group", STRING)
            .optional("loss", DOUBLE)
            .optional("examples", DOUBLE)
            .optional("tokens", DOUBLE)
            .optional("weight", DOUBLE)
            .optional("gradient_share", DOUBLE)
            .build();

    public static final StructType SHARDS = keyed().optional("worker", INT)
            .required("step", LONG)
            .required("shard", STRING)
            .optional("first_sample", LONG)
            .optional("last_sample", LONG)
            .build();

    public static final StructType EVENTS = keyed().optional("worker", INT)
            .optional("step", LONG)
            .optional("time", TIME)
            .required("kind", STRING)
            .optional("detail", STRING)
            .build();

    /** What an import could not take as it stood. */
    public static final StructType QUARANTINE = table().required("file", STRING)
            .required("line", LONG)
            .required("reason", STRING)
            .required("count", LONG)
            .required("level", STRING)
            .build();

    /** Every table by its name, in the order of the documentation. */
    public static final Map<String, StructType> ALL = all();

    /**
     * Schema of a table.
     *
     * @throws IllegalArgumentException if there is no table of this name
     */
    public static StructType of(String table) {
        StructType schema = ALL.get(table);
        if (schema == null) {
            throw new IllegalArgumentException("Table '" + table + "' is none of " + String.join(", ", ALL.keySet()));
        }
        return schema;
    }

    /** The schema of a table as Spark reads it back from files: every column may be null, the version stays with it. */
    static StructType asRead(String table) {
        StructType schema = new StructType();
        for (StructField field : of(table).fields()) {
            schema = schema.add(field.name(), field.dataType(), true, field.metadata());
        }
        return schema;
    }

    private static Map<String, StructType> all() {
        Map<String, StructType> tables = new LinkedHashMap<>();
        tables.put("runs", RUNS);
        tables.put("attempts", ATTEMPTS);
        tables.put("topology", TOPOLOGY);
        tables.put("steps", STEPS);
        tables.put("metrics", METRICS);
        tables.put("layers", LAYERS);
        tables.put("groups", GROUPS);
        tables.put("shards", SHARDS);
        tables.put("events", EVENTS);
        tables.put("quarantine", QUARANTINE);
        return Collections.unmodifiableMap(tables);
    }

    private static StructType steps() {
        Builder builder = keyed().optional("worker", INT)
                .required("step", LONG)
                .optional("time", TIME)
                .optional("scope", STRING)
                .optional("step_span", INT);
        for (Metric metric : Metric.values()) {
            builder.optional(metric.column(), DOUBLE);
        }
        return builder.optional("grad_norm_kind", STRING)
                .optional("batch_hash", STRING)
                .optional("parameter_hash", STRING)
                .build();
    }

    private static Builder table() {
        return new Builder();
    }

    private static Builder keyed() {
        return table().required("run_id", STRING).optional("attempt", INT);
    }

    private static final class Builder {
        private static final Metadata VERSIONED =
                new MetadataBuilder().putLong(VERSION_KEY, VERSION).build();

        private StructType type = new StructType();

        /** Adds a column that a table cannot do without. Parquet readers see it as nullable all the same. */
        Builder required(String name, DataType dataType) {
            type = type.add(name, dataType, false, type.isEmpty() ? VERSIONED : Metadata.empty());
            return this;
        }

        Builder optional(String name, DataType dataType) {
            type = type.add(name, dataType, true, Metadata.empty());
            return this;
        }

        StructType build() {
            return type;
        }
    }
}
