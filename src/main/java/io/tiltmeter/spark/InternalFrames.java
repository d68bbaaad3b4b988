package io.tiltmeter.spark;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.InputFileBlockHolder;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.ExprId;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.execution.ColumnarToRowExec;
import org.apache.spark.sql.execution.FileSourceScanExec;
import org.apache.spark.sql.execution.InputAdapter;
import org.apache.spark.sql.execution.ProjectExec;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.WholeStageCodegenExec;
import org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import scala.jdk.javaapi.CollectionConverters;

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

    /**
     * Cells of a frame, whose columns may stand in another order than the frame's.
     *
     * @param batches column batches, each valid until the next one is asked for; where the frame can hand them out
     * @param rows else rows, each valid until the next one is asked for
     */
    record Cells(Optional<JavaRDD<ColumnarBatch>> batches, Optional<JavaRDD<InternalRow>> rows, List<String> columns) {}

    /**
     * The cells of a frame by the cheapest way there is: where the frame is a plain selection of columns of files, straight
     * from the reader's column batches, which saves the copy into rows; else its rows.
     */
    static Cells cells(Dataset<Row> frame) {
        SparkPlan plan = ((org.apache.spark.sql.classic.Dataset<Row>) frame)
                .queryExecution()
                .executedPlan();
        return batches(plan, List.of(frame.columns()))
                .orElseGet(() -> new Cells(Optional.empty(), Optional.of(rows(frame)), List.of(frame.columns())));
    }

    private static Optional<Cells> batches(SparkPlan top, List<String> wanted) {
        SparkPlan plan = top instanceof WholeStageCodegenExec stage ? stage.child() : top;
        List<NamedExpression> projection = new ArrayList<>();
        if (plan instanceof ProjectExec project) {
            CollectionConverters.asJava(project.projectList()).forEach(projection::add);
            plan = project.child();
        }
        if (!(plan instanceof ColumnarToRowExec toRow)) {
            return Optional.empty();
        }
        SparkPlan scan = toRow.child() instanceof InputAdapter adapter ? adapter.child() : toRow.child();
        if (!(scan instanceof FileSourceScanExec) || !scan.supportsColumnar()) {
            return Optional.empty();
        }
        Map<ExprId, String> names = new HashMap<>();
        for (NamedExpression expression : projection) {
            Expression source = expression instanceof Alias alias ? alias.child() : (Expression) expression;
            if (!(source instanceof Attribute attribute)) {
                return Optional.empty();
            }
            names.put(attribute.exprId(), expression.name());
        }
        List<String> columns = new ArrayList<>();
        for (Attribute attribute : CollectionConverters.asJava(scan.output())) {
            columns.add(projection.isEmpty() ? attribute.name() : names.getOrDefault(attribute.exprId(), ""));
        }
        if (!columns.containsAll(wanted)) {
            return Optional.empty();
        }
        return Optional.of(new Cells(Optional.of(scan.executeColumnar().toJavaRDD()), Optional.empty(), columns));
    }

    /** URI of the file that the running task reads at the moment, {@code ""} if none. */
    static String fileOfTask() {
        return InputFileBlockHolder.getInputFilePath().toString();
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
