package io.tiltmeter.spark;

import io.tiltmeter.compare.Comparison;
import io.tiltmeter.compare.Comparison.SetReport;
import io.tiltmeter.compare.Departure;
import io.tiltmeter.compare.Ladder;
import io.tiltmeter.compare.Parting;
import io.tiltmeter.model.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/** A comparison's content as Parquet tables: {@code runs findings partings departures ladders}. */
final class CompareTables {
    private static final DataType STRING = DataTypes.StringType;
    private static final DataType INT = DataTypes.IntegerType;
    private static final DataType LONG = DataTypes.LongType;
    private static final DataType DOUBLE = DataTypes.DoubleType;

    private static final StructType RUNS = new StructType()
            .add("set", STRING, false)
            .add("run_id", STRING, false)
            .add("points", LONG, false)
            .add("last_step", LONG, false)
            .add("final_loss", DOUBLE, false)
            .add("final_eval_loss", DOUBLE, false);

    private static final StructType FINDINGS = new StructType()
            .add("set", STRING, true)
            .add("run_id", STRING, false)
            .add("detector", STRING, false)
            .add("metric", STRING, false)
            .add("worker", INT, false)
            .add("layer", STRING, true)
            .add("step_from", LONG, false)
            .add("step_to", LONG, false)
            .add("peak_step", LONG, false)
            .add("score", DOUBLE, false)
            .add("threshold", DOUBLE, false)
            .add("severity", STRING, false)
            .add("cause", STRING, false)
            .add("evidence", STRING, false);

    private static final StructType PARTINGS = new StructType()
            .add("set", STRING, false)
            .add("leaving", DataTypes.createArrayType(STRING, false), false)
            .add("staying", DataTypes.createArrayType(STRING, false), false)
            .add("step", LONG, false)
            .add("last_equal", LONG, true)
            .add("metric", STRING, false)
            .add("worker", INT, false)
            .add("layer", STRING, false)
            .add("value_staying", DOUBLE, false)
            .add("value_leaving", DOUBLE, false);

    private static final StructType DEPARTURES = new StructType()
            .add("set", STRING, false)
            .add("run_id", STRING, false)
            .add("metric", STRING, false)
            .add("worker", INT, false)
            .add("layer", STRING, false)
            .add("step_from", LONG, false)
            .add("step_to", LONG, false)
            .add("gap", DOUBLE, false)
            .add("end_gap", DOUBLE, false)
            .add("score", DOUBLE, false)
            .add("threshold", DOUBLE, false)
            .add("p_value", DOUBLE, false);

    private static final StructType LADDERS = new StructType()
            .add("project", STRING, false)
            .add("setting", STRING, false)
            .add("from", STRING, false)
            .add("to", STRING, false)
            .add("recipe", STRING, false)
            .add("transfer", STRING, false)
            .add("size", STRING, false)
            .add("runs_from", INT, false)
            .add("runs_to", INT, false)
            .add("loss_from", DOUBLE, false)
            .add("loss_to", DOUBLE, false)
            .add("effect", DOUBLE, false)
            .add("low", DOUBLE, false)
            .add("high", DOUBLE, false);

    private CompareTables() {}

    static void write(SparkSession spark, Path folder, Comparison comparison) {
        List<Row> runs = new ArrayList<>();
        List<Row> findings = new ArrayList<>();
        List<Row> partings = new ArrayList<>();
        List<Row> departures = new ArrayList<>();
        List<Row> ladders = new ArrayList<>();
        for (SetReport report : comparison.sets()) {
            String set = report.set().name();
            for (int run = 0; run < report.set().runs().size(); run++) {
                var end = report.compared().ends().get(run);
                runs.add(RowFactory.create(
                        set, id(report, run), end.points(), end.lastStep(), end.loss(), end.evalLoss()));
            }
            report.findings().forEach(finding -> findings.add(finding(set, finding)));
            report.compared().partings().forEach(each -> partings.addAll(partings(report, each)));
            report.compared().departures().forEach(each -> departures.add(departure(report, each)));
        }
        comparison.ladderFindings().forEach(finding -> findings.add(finding(null, finding)));
        comparison.ladders().forEach(ladder -> ladder.rungs().forEach(rung -> ladders.add(rung(ladder, rung))));
        Stream.of(
                        Background.run(() -> write(spark, runs, RUNS, new Path(folder, "runs"))),
                        Background.run(() -> write(spark, findings, FINDINGS, new Path(folder, "findings"))),
                        Background.run(() -> write(spark, partings, PARTINGS, new Path(folder, "partings"))),
                        Background.run(() -> write(spark, departures, DEPARTURES, new Path(folder, "departures"))),
                        Background.run(() -> write(spark, ladders, LADDERS, new Path(folder, "ladders"))))
                .toList()
                .forEach(table -> table.join());
    }

    private static String id(SetReport report, int run) {
        return report.set().runs().get(run).runId();
    }

    private static String[] ids(SetReport report, List<Integer> runs) {
        return runs.stream().map(run -> id(report, run)).toArray(String[]::new);
    }

    private static Row finding(@Nullable String set, Finding f) {
        return RowFactory.create(
                set,
                f.runId(),
                f.detector(),
                f.metric(),
                f.worker(),
                f.layer(),
                f.stepFrom(),
                f.stepTo(),
                f.peakStep(),
                f.score(),
                f.threshold(),
                f.severity().text(),
                f.cause().text(),
                f.evidence());
    }

    private static List<Row> partings(SetReport report, Parting parting) {
        return parting.differences().stream()
                .map(each -> RowFactory.create(
                        report.set().name(),
                        ids(report, parting.leaving()),
                        ids(report, parting.staying()),
                        parting.step(),
                        parting.hadBeenEqual() ? parting.lastEqual() : null,
                        each.quantity().name(),
                        each.worker(),
                        each.layer(),
                        each.staying(),
                        each.leaving()))
                .toList();
    }

    private static Row departure(SetReport report, Departure each) {
        return RowFactory.create(
                report.set().name(),
                id(report, each.run()),
                each.quantity().name(),
                each.worker(),
                each.layer(),
                each.from(),
                each.to(),
                each.gap(),
                each.end(),
                each.score(),
                each.threshold(),
                each.pValue());
    }

    private static Row rung(Ladder ladder, Ladder.Rung rung) {
        return RowFactory.create(
                ladder.project(),
                ladder.setting(),
                ladder.from(),
                ladder.to(),
                ladder.recipe(),
                ladder.transfer().name().toLowerCase(Locale.ROOT),
                rung.size(),
                rung.runsFrom(),
                rung.runsTo(),
                rung.lossFrom(),
                rung.lossTo(),
                rung.effect(),
                rung.low(),
                rung.high());
    }

    private static void write(SparkSession spark, List<Row> rows, StructType schema, Path folder) {
        spark.createDataFrame(rows, schema).coalesce(1).write().parquet(folder.toString());
    }
}
