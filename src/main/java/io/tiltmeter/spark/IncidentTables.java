package io.tiltmeter.spark;

import io.tiltmeter.model.DrainList;
import io.tiltmeter.model.Incident;
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

    private IncidentTables() {}

    /** Writes {@code worker_maps drain} below a folder, as far as they have rows. */
    static void write(SparkSession spark, Path folder, FleetReport report) {
        List<Row> maps = new ArrayList<>();
        for (FleetReport.RunReport run : report.runs()) {
            for (Incident incident : run.incidents()) {
                run.map(incident).ifPresent(map -> add(maps, report.date(), incident, map));
            }
        }
        if (!maps.isEmpty()) {
            ReportTables.write(spark, maps, WORKER_MAPS, new Path(folder, "worker_maps"));
        }
        List<Row> machines = new ArrayList<>();
        report.drain().entries().forEach(entry -> machines.add(machine(report.date(), entry)));
        if (!machines.isEmpty()) {
            ReportTables.write(spark, machines, DRAIN, new Path(folder, "drain"));
        }
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
