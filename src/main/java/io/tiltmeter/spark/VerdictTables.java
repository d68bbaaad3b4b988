package io.tiltmeter.spark;

import io.tiltmeter.validate.DataSpec;
import io.tiltmeter.validate.Gate.CheckVerdict;
import io.tiltmeter.validate.Judgement;
import io.tiltmeter.validate.Offender;
import io.tiltmeter.validate.ShardProfile;
import io.tiltmeter.validate.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Writes what the checks said, and the rows that break hard rules, as Parquet beside the verdict. */
final class VerdictTables {
    static final StructType JUDGEMENTS = new StructType()
            .add("verdict_id", DataTypes.StringType, false)
            .add("check", DataTypes.StringType, false)
            .add("level", DataTypes.StringType, false)
            .add("column", DataTypes.StringType, false)
            .add("shard", DataTypes.StringType, false)
            .add("status", DataTypes.StringType, false)
            .add("effect", DataTypes.DoubleType, false)
            .add("bound", DataTypes.DoubleType, false)
            .add("detectable", DataTypes.DoubleType, false)
            .add("unit", DataTypes.StringType, false)
            .add("p_value", DataTypes.DoubleType, false)
            .add("evidence", DataTypes.StringType, false);

    static final StructType OFFENDERS = new StructType()
            .add("shard", DataTypes.StringType, false)
            .add("check", DataTypes.StringType, false)
            .add("column", DataTypes.StringType, false)
            .add("row", DataTypes.LongType, false)
            .add("position", DataTypes.IntegerType, true)
            .add("value", DataTypes.StringType, false);

    private VerdictTables() {}

    static void write(SparkSession spark, AttemptFolder attempt, Verdict verdict, GateScan scan) {
        List<Row> rows = new ArrayList<>();
        for (CheckVerdict check : verdict.checks()) {
            for (Judgement judgement : check.judgements()) {
                rows.add(RowFactory.create(
                        verdict.id(),
                        judgement.check(),
                        check.settings().level().text(),
                        judgement.column(),
                        judgement.shard(),
                        judgement.status().name(),
                        judgement.effect(),
                        judgement.bound(),
                        judgement.detectable(),
                        judgement.unit(),
                        judgement.p(),
                        judgement.text()));
            }
        }
        spark.createDataFrame(rows, JUDGEMENTS)
                .coalesce(1)
                .write()
                .parquet(attempt.file("judgements").toString());
        DataSpec data = scan.profile().data();
        JavaRDD<Row> offenders = scan.shards().flatMap(bytes -> {
            ShardProfile shard = ShardProfile.decode(bytes, data);
            List<Row> of = new ArrayList<>();
            for (Offender offender : shard.offenders()) {
                of.add(RowFactory.create(
                        shard.name(),
                        offender.check(),
                        offender.column(),
                        offender.row(),
                        offender.position() < 0 ? null : offender.position(),
                        offender.value()));
            }
            return of.iterator();
        });
        spark.createDataFrame(offenders, OFFENDERS)
                .write()
                .parquet(attempt.file("offenders").toString());
    }
}
