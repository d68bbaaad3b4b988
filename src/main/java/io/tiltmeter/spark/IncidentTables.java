package io.tiltmeter.spark;

import io.tiltmeter.model.DataTrail;
import io.tiltmeter.model.DrainList;
import io.tiltmeter.model.Incident;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.model.WorkerMap;
import io.tiltmeter.report.FleetReport;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** What is known of incidents beyond their findings, and the machines to drain, as Parquet tables; a table that would be empty is not there. */
final class IncidentTables {
    private static final DataType STRING = DataTypes.StringType;
    private static final DataType INT = DataTypes.IntegerType;
    private static final DataType LONG = DataTypes.LongType;
    private static final DataType DOUBLE = DataTypes.DoubleType;
    private static final DataType BOOLEAN = DataTypes.BooleanType;

    private static final StructType WORKER_MAPS = new StructType()
            .add("date", STRING, false)
            .add("run_id", STRING, false)
            .add("incident_id", STRING, false)
            .add("detector", STRING, false)
            .add("metric", STRING, false)
            .add("unit", STRING, false)
            .add("attempt", INT, false)
            .add("worker", INT, false)
            .add("named", BOOLEAN, false)
            .add("step_from", LONG, false)
            .add("step_to", LONG, false)
            .add("value", DOUBLE, false)
            .add("non_finite", BOOLEAN, false);

    private static final StructType DRAIN = new StructType()
            .add("date", STRING, false)
            .add("host", STRING, false)
            .add("device", STRING, true)
            .add("verdict", STRING, false)
            .add("seen", INT, false)
            .add("chances", INT, false)
            .add("expected", DOUBLE, false)
            .add("p_value", DOUBLE, false)
            .add("q_value", DOUBLE, false)
            .add("runs_here", INT, false)
            .add("worker_hours", DOUBLE, false)
            .add("worker_steps", DOUBLE, false)
            .add("reason", STRING, false)
            .add("runs", DataTypes.createArrayType(STRING, false), false)
            .add("evidence", DataTypes.createArrayType(STRING, false), false);

    private static final StructType RANGE = new StructType()
            .add("shard", STRING, false)
            .add("first_sample", LONG, true)
            .add("last_sample", LONG, true)
            .add("workers", INT, false);

    private static final StructType READER = new StructType()
            .add("run_id", STRING, false)
            .add("when", STRING, false)
            .add("step", LONG, false)
            .add("last_step", LONG, false)
            .add("troubled", BOOLEAN, false);

    private static final StructType DATA_TRAILS = new StructType()
            .add("date", STRING, false)
            .add("run_id", STRING, false)
            .add("incident_id", STRING, false)
            .add("step", LONG, false)
            .add("worker", INT, true)
            .add("ranges", DataTypes.createArrayType(RANGE, false), false)
            .add("ranges_in_all", INT, false)
            .add("checkpoint_attempt", INT, true)
            .add("checkpoint_step", LONG, true)
            .add("checkpoint_detail", STRING, true)
            .add("checkpoints_passed_over", INT, false)
            .add("readers", DataTypes.createArrayType(READER, false), false)
            .add("readers_in_all", INT, false)
            .add("unknown_order", DataTypes.createArrayType(STRING, false), false)
            .add("unknown_order_in_all", INT, false);

    private IncidentTables() {}

    /** Writes {@code worker_maps data_trails drain} below a folder, as far as they have rows. */
    static void write(SparkSession spark, Path folder, FleetReport report) {
        List<Row> maps = new ArrayList<>();
        List<Row> trails = new ArrayList<>();
        for (FleetReport.RunReport run : report.runs()) {
            for (Incident incident : run.incidents()) {
                run.map(incident).ifPresent(map -> add(maps, report.date(), incident, map));
                run.trail(incident).ifPresent(trail -> trails.add(trail(report.date(), incident, trail)));
            }
        }
        if (!maps.isEmpty()) {
            ReportTables.write(spark, maps, WORKER_MAPS, new Path(folder, "worker_maps"));
        }
        if (!trails.isEmpty()) {
            ReportTables.write(spark, trails, DATA_TRAILS, new Path(folder, "data_trails"));
        }
        List<Row> machines = new ArrayList<>();
        report.drain().entries().forEach(entry -> machines.add(machine(report.date(), entry)));
        if (!machines.isEmpty()) {
            ReportTables.write(spark, machines, DRAIN, new Path(folder, "drain"));
        }
    }

    private static Row trail(String date, Incident incident, DataTrail trail) {
        DataTrail.Checkpoint checkpoint = trail.checkpoint();
        return RowFactory.create(
                date,
                incident.runId(),
                incident.id(),
                trail.step(),
                trail.worker() == StepRecord.NO_WORKER ? null : trail.worker(),
                trail.ranges().stream()
                        .map(r -> RowFactory.create(r.shard(), r.first(), r.last(), r.workers()))
                        .toArray(Row[]::new),
                trail.rangesInAll(),
                checkpoint == null ? null : checkpoint.attempt(),
                checkpoint == null ? null : checkpoint.step(),
                checkpoint == null ? null : checkpoint.detail(),
                trail.passedOver(),
                trail.readers().stream()
                        .map(r -> RowFactory.create(r.runId(), r.when().text(), r.step(), r.at(), r.troubled()))
                        .toArray(Row[]::new),
                trail.readersInAll(),
                trail.unknown().toArray(String[]::new),
                trail.unknownInAll());
    }

    private static Row machine(String date, DrainList.Entry entry) {
        return RowFactory.create(
                date,
                entry.host(),
                entry.device(),
                entry.verdict().text(),
                entry.seen(),
                entry.chances(),
                entry.expected(),
                entry.pValue(),
                entry.qValue(),
                entry.runsHere(),
                entry.workerHours(),
                entry.workerSteps(),
                entry.reason(),
                entry.runs().toArray(String[]::new),
                entry.findings().stream()
                        .map(f -> f.runId() + " step " + f.stepFrom() + ": " + f.evidence())
                        .toArray(String[]::new));
    }

    private static void add(List<Row> rows, String date, Incident incident, WorkerMap map) {
        for (int r = 0; r < map.worker().length; r++) {
            for (int c = 0; c < map.columns(); c++) {
                rows.add(RowFactory.create(
                        date,
                        incident.runId(),
                        incident.id(),
                        map.detector(),
                        map.metric(),
                        map.unit().text(),
                        map.attempt(),
                        map.worker()[r],
                        map.isNamed()[r],
                        map.from()[c],
                        map.to()[c],
                        map.value(r, c),
                        map.isNonFinite(r, c)));
            }
        }
    }
}
