package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;

import io.tiltmeter.config.Settings;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * The scan of the {@code steps} table: rows are scattered into slices by worker and window, slices are shuffled so that
 * all of a window meet, and each window is assembled into a block and digested. The raw table is read once; any layout of
 * files works; a block stays within its budget because windows narrow as workers grow.
 */
final class BlockScan {
    private BlockScan() {}

    /**
     * Digests of these windows; rows of others are passed over.
     *
     * @param steps frame with some of the columns of {@link Schemas#STEPS}, at least run and step
     * @param byRun whether each run's digests are to come one after the other, by attempt and window, in one partition; else
     *     the windows of a run are assembled in parallel. For this the targets are ordered by attempt
     * @return digest rows with the schema {@link DigestRows#SCHEMA}
     */
    static Dataset<Row> digests(
            SparkSession spark, Dataset<Row> steps, List<ScanTarget> targets, boolean byRun, Settings.Scan settings) {
        InternalFrames.Cells cells = InternalFrames.cells(steps);
        StepColumns columns = StepColumns.of(cells.columns());
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Broadcast<List<ScanTarget>> shipped = context.broadcast(List.copyOf(targets));
        long budget = settings.scatterCells();
        JavaRDD<InternalRow> slices = cells.batches()
                .map(batches -> batches.<InternalRow>mapPartitions(
                        part -> new SliceScatter(StepReader.ofBatches(part, columns), shipped.value(), byRun, budget)))
                .orElseGet(() -> cells.rows()
                        .orElseThrow()
                        .mapPartitions(part ->
                                new SliceScatter(StepReader.ofRows(part, columns), shipped.value(), byRun, budget)));
        Dataset<Row> together = InternalFrames.frame(spark, slices, SliceScatter.SCHEMA)
                .repartition(col("meeting"))
                .sortWithinPartitions("range", "window");
        return InternalFrames.frame(
                spark,
                InternalFrames.rows(together).mapPartitions(rows -> new WindowAssembly(rows, shipped.value())),
                DigestRows.SCHEMA);
    }
}
