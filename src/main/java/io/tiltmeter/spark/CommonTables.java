package io.tiltmeter.spark;

import io.tiltmeter.model.CommonTraits;
import io.tiltmeter.model.RiskScore;
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

/** What incidents have in common, as Parquet tables; a table that would be empty is not there. */
final class CommonTables {
    private static final DataType STRING = DataTypes.StringType;
    private static final DataType STRINGS = DataTypes.createArrayType(STRING, false);
    private static final DataType INT = DataTypes.IntegerType;
    private static final DataType DOUBLE = DataTypes.DoubleType;

    private static final StructType COMBINATIONS = new StructType()
            .add("date", STRING, false)
            .add("kind", STRING, false)
            .add("items", STRINGS, false)
            .add("cases", INT, false)
            .add("runs", INT, false)
            .add("expected", DOUBLE, false)
            .add("low", DOUBLE, false)
            .add("high", DOUBLE, false)
            .add("lift", DOUBLE, false)
            .add("q_value", DOUBLE, false)
            .add("case_runs", STRINGS, false)
            .add("evidence", STRING, false);

    private static final StructType ARCHETYPES = new StructType()
            .add("date", STRING, false)
            .add("name", STRING, false)
            .add("exemplar", STRING, false)
            .add("traits", STRINGS, false)
            .add("runs", STRINGS, false);

    private static final StructType SEQUENCES = new StructType()
            .add("date", STRING, false)
            .add("first", STRING, false)
            .add("then", STRING, false)
            .add("before", INT, false)
            .add("after", INT, false)
            .add("together", INT, false)
            .add("median_lead", DOUBLE, false)
            .add("q_value", DOUBLE, false);

    static final StructType RISK = new StructType()
            .add("date", STRING, false)
            .add("run_id", STRING, false)
            .add("risk", DOUBLE, false)
            .add("low", DOUBLE, false)
            .add("high", DOUBLE, false)
            .add("archetype", STRING, false)
            .add("model_date", STRING, false);

    private CommonTables() {}

    /** Writes {@code combinations archetypes sequences risk} below a folder, as far as they have rows. */
    static void write(SparkSession spark, Path folder, FleetReport report) {
        CommonTraits common = report.common();
        String date = report.date();
        List<Row> combinations = new ArrayList<>();
        common.combinations()
                .forEach(c -> combinations.add(RowFactory.create(
                        date,
                        c.kind(),
                        strings(c.items()),
                        c.cases(),
                        c.runs(),
                        c.expected(),
                        c.low(),
                        c.high(),
                        c.lift(),
                        c.qValue(),
                        strings(c.caseRuns()),
                        c.evidence())));
        List<Row> archetypes = new ArrayList<>();
        common.archetypes()
                .forEach(a -> archetypes.add(
                        RowFactory.create(date, a.name(), a.exemplar(), strings(a.traits()), strings(a.runs()))));
        List<Row> sequences = new ArrayList<>();
        common.orders()
                .forEach(o -> sequences.add(RowFactory.create(
                        date, o.first(), o.then(), o.before(), o.after(), o.together(), o.medianLead(), o.qValue())));
        write(spark, combinations, COMBINATIONS, new Path(folder, "combinations"));
        write(spark, archetypes, ARCHETYPES, new Path(folder, "archetypes"));
        write(spark, sequences, SEQUENCES, new Path(folder, "sequences"));
        write(spark, scores(date, common.scores()), RISK, new Path(folder, "risk"));
    }

    static List<Row> scores(String date, List<RiskScore> scores) {
        return scores.stream()
                .map(s -> RowFactory.create(date, s.runId(), s.risk(), s.low(), s.high(), s.archetype(), s.modelDate()))
                .toList();
    }

    private static String[] strings(List<String> values) {
        return values.toArray(String[]::new);
    }

    private static void write(SparkSession spark, List<Row> rows, StructType schema, Path folder) {
        if (!rows.isEmpty()) {
            ReportTables.write(spark, rows, schema, folder);
        }
    }
}
