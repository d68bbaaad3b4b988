package io.tiltmeter.spark;

import io.tiltmeter.cost.FleetCost;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.RunCost;
import io.tiltmeter.model.TimeUse;
import io.tiltmeter.report.FleetReport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/** The report's content as Parquet tables, for those who would rather query than read. */
final class ReportTables {
    private ReportTables() {}

    private static final DataType STRING = DataTypes.StringType;
    private static final DataType INT = DataTypes.IntegerType;
    private static final DataType LONG = DataTypes.LongType;
    private static final DataType DOUBLE = DataTypes.DoubleType;

    private static final StructType VERDICTS = new StructType()
            .add("date", STRING, false)
            .add("run_id", STRING, false)
            .add("project", STRING, true)
            .add("verdict", STRING, false)
            .add("attempts", INT, false)
            .add("workers", INT, false)
            .add("points", LONG, false)
            .add("first_step", LONG, false)
            .add("last_step", LONG, false)
            .add("start_loss", DOUBLE, false)
            .add("final_loss", DOUBLE, false)
            .add("best_loss", DOUBLE, false)
            .add("final_eval_loss", DOUBLE, false);

    private static final StructType FINDINGS = new StructType()
            .add("date", STRING, false)
            .add("run_id", STRING, false)
            .add("incident_id", STRING, false)
            .add("detector", STRING, false)
            .add("metric", STRING, false)
            .add("attempt", INT, false)
            .add("worker", INT, false)
            .add("host", STRING, true)
            .add("layer", STRING, true)
            .add("group", STRING, true)
            .add("step_from", LONG, false)
            .add("step_to", LONG, false)
            .add("peak_step", LONG, false)
            .add("score", DOUBLE, false)
            .add("threshold", DOUBLE, false)
            .add("parameter", STRING, true)
            .add("severity", STRING, false)
            .add("cause", STRING, false)
            .add("evidence", STRING, false);

    private static final StructType INCIDENTS = new StructType()
            .add("date", STRING, false)
            .add("incident_id", STRING, false)
            .add("run_id", STRING, false)
            .add("cause", STRING, false)
            .add("why", STRING, false)
            .add("severity", STRING, false)
            .add("attempt", INT, false)
            .add("first_step", LONG, false)
            .add("last_step", LONG, false)
            .add("advice", STRING, false);

    private static final StructType PATTERNS = new StructType()
            .add("date", STRING, false)
            .add("axis", STRING, false)
            .add("value", STRING, false)
            .add("project", STRING, false)
            .add("kind", STRING, false)
            .add("metric", STRING, false)
            .add("severity", STRING, false)
            .add("step_from", LONG, false)
            .add("step_to", LONG, false)
            .add("runs", DataTypes.createArrayType(STRING, false), false)
            .add("exposed", INT, false)
            .add("lift", DOUBLE, false)
            .add("lift_low", DOUBLE, false)
            .add("lift_high", DOUBLE, false)
            .add("q_value", DOUBLE, false)
            .add("median_score", DOUBLE, false)
            .add("explanation", STRING, false)
            .add("evidence", STRING, false);

    private static final StructType COVERAGE = new StructType()
            .add("date", STRING, false)
            .add("run_id", STRING, false)
            .add("detector", STRING, false)
            .add("status", STRING, false)
            .add("reason", STRING, false);

    /** A row a run; without any time all hours are 0, and the goodput is NaN. */
    private static final StructType COST = cost();

    private static StructType cost() {
        StructType schema = new StructType()
                .add("date", STRING, false)
                .add("run_id", STRING, false)
                .add("project", STRING, true)
                .add("owner", STRING, true)
                .add("reason", STRING, false)
                .add("basis", STRING, false)
                .add("workers", INT, false)
                .add("steps", LONG, false)
                .add("replayed_steps", LONG, false)
                .add("healthy_step_seconds", DOUBLE, false)
                .add("idle_hours", DOUBLE, false)
                .add("goodput", DOUBLE, false)
                .add("allocated_worker_hours", DOUBLE, false)
                .add("lost_worker_hours", DOUBLE, false);
        for (TimeUse use : TimeUse.values()) {
            schema = schema.add(use.text() + "_worker_hours", DOUBLE, false);
        }
        return schema.add("allocated_money", DOUBLE, true)
                .add("lost_money", DOUBLE, true)
                .add("currency", STRING, true);
    }

    private static List<Row> cost(FleetReport report) {
        List<Row> rows = new ArrayList<>();
        FleetCost fleet = report.cost();
        for (FleetReport.RunReport run : report.runs()) {
            RunCost cost = fleet.runs().get(run.run().runId());
            if (cost == null) {
                continue;
            }
            List<@Nullable Object> cells = new ArrayList<>(Arrays.asList(
                    report.date(),
                    run.run().runId(),
                    run.run().project(),
                    run.run().owner(),
                    cost.reason(),
                    cost.basis(),
                    cost.workers(),
                    cost.steps(),
                    cost.replayedSteps(),
                    cost.healthyStepSeconds(),
                    cost.idleSeconds() / FleetCost.HOUR,
                    cost.goodput(),
                    FleetCost.allocated(cost),
                    FleetCost.lost(cost)));
            for (TimeUse use : TimeUse.values()) {
                cells.add(FleetCost.hours(cost, use));
            }
            cells.add(fleet.hasPrice() ? fleet.money(FleetCost.allocated(cost)) : null);
            cells.add(fleet.hasPrice() ? fleet.money(FleetCost.lost(cost)) : null);
            cells.add(fleet.hasPrice() ? fleet.currency() : null);
            rows.add(RowFactory.create(cells.toArray()));
        }
        return rows;
    }

    /** Writes {@code verdicts findings incidents patterns coverage cost} below a folder. */
    static void write(SparkSession spark, Path folder, FleetReport report) {
        List<Row> verdicts = new ArrayList<>();
        List<Row> findings = new ArrayList<>();
        List<Row> incidents = new ArrayList<>();
        List<Row> patterns = new ArrayList<>();
        List<Row> coverage = new ArrayList<>();
        String date = report.date();
        for (FleetReport.RunReport run : report.runs()) {
            String id = run.run().runId();
            verdicts.add(RowFactory.create(
                    date,
                    id,
                    run.run().project(),
                    run.verdict(),
                    run.summary().attempts(),
                    run.summary().workers(),
                    run.summary().points(),
                    run.summary().firstStep(),
                    run.summary().lastStep(),
                    run.summary().startLoss(),
                    run.summary().finalLoss(),
                    run.summary().bestLoss(),
                    run.summary().finalEvalLoss()));
            for (Incident incident : run.incidents()) {
                incidents.add(RowFactory.create(
                        date,
                        incident.id(),
                        id,
                        incident.cause().text(),
                        incident.why(),
                        incident.severity().text(),
                        incident.attempt(),
                        incident.firstStep(),
                        incident.lastStep(),
                        incident.advice()));
                for (Finding f : incident.findings()) {
                    findings.add(RowFactory.create(
                            date,
                            id,
                            incident.id(),
                            f.detector(),
                            f.metric(),
                            f.attempt(),
                            f.worker(),
                            f.host(),
                            f.layer(),
                            f.group(),
                            f.stepFrom(),
                            f.stepTo(),
                            f.peakStep(),
                            f.score(),
                            f.threshold(),
                            report.parameter(f).orElse(null),
                            f.severity().text(),
                            f.cause().text(),
                            f.evidence()));
                }
            }
            run.coverage()
                    .forEach(c -> coverage.add(RowFactory.create(
                            date, id, c.detector(), c.status().name().toLowerCase(Locale.ROOT), c.reason())));
        }
        report.patterns()
                .forEach(p -> patterns.add(RowFactory.create(
                        date,
                        p.axis(),
                        p.value(),
                        p.project(),
                        p.kind(),
                        p.metric(),
                        p.severity().text(),
                        p.stepFrom(),
                        p.stepTo(),
                        p.runs().toArray(String[]::new),
                        p.exposed(),
                        p.lift(),
                        p.liftLow(),
                        p.liftHigh(),
                        p.qValue(),
                        p.medianScore(),
                        p.explanation(),
                        p.evidence())));
        // Small tables: what each costs is mostly Spark's overhead of a job, so they go side by side.
        CompletableFuture.allOf(Stream.<Runnable>of(
                                () -> write(spark, verdicts, VERDICTS, new Path(folder, "verdicts")),
                                () -> write(spark, findings, FINDINGS, new Path(folder, "findings")),
                                () -> write(spark, incidents, INCIDENTS, new Path(folder, "incidents")),
                                () -> write(spark, patterns, PATTERNS, new Path(folder, "patterns")),
                                () -> write(spark, coverage, COVERAGE, new Path(folder, "coverage")),
                                () -> write(spark, cost(report), COST, new Path(folder, "cost")),
                                () -> IncidentTables.write(spark, folder, report),
                                () -> CommonTables.write(spark, folder, report))
                        .map(Background::run)
                        .toArray(CompletableFuture[]::new))
                .join();
    }

    static void write(SparkSession spark, List<Row> rows, StructType schema, Path folder) {
        spark.createDataFrame(rows, schema).coalesce(1).write().parquet(folder.toString());
    }
}
