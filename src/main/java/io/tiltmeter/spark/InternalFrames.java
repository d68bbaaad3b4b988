package io.tiltmeter.spark;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter;
import org.apache.spark.sql.types.StructType;

/**
 * The one place that goes below Spark's public API: rows with primitive getters in, rows from primitive arrays out. It
 * saves the boxing of every cell, which costs more than reading it.
 */
final class InternalFrames {
    private InternalFrames() {}

    /** The rows of a frame; a row is only valid until the next one is asked for. */
    static JavaRDD<InternalRow> rows(Dataset<Row> frame) {
        return ((org.apache.spark.sql.classic.Dataset<Row>) frame)
                .queryExecution()
                .toRdd()
                .toJavaRDD();
    }

    /** A frame over rows made by us. */
    static Dataset<Row> frame(SparkSession spark, JavaRDD<InternalRow> rows, StructType schema) {
        return ((org.apache.spark.sql.classic.SparkSession) spark).internalCreateDataFrame(rows.rdd(), schema, false);
    }

    /** Converts file schemas as this session would when it reads the files itself. */
    static ParquetToSparkSchemaConverter parquetSchemas(SparkSession spark) {
        return new ParquetToSparkSchemaConverter(((org.apache.spark.sql.classic.SparkSession) spark)
                .sessionState()
                .conf());
    }
}
