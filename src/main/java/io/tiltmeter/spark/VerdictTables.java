package io.tiltmeter.spark;

import io.tiltmeter.validate.DataSpec;
import io.tiltmeter.validate.Gate.CheckVerdict;
import io.tiltmeter.validate.Judgement;
import io.tiltmeter.validate.LabelProbe;
import io.tiltmeter.validate.Offender;
import io.tiltmeter.validate.RowPair;
import io.tiltmeter.validate.RowPlace;
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

/** Writes what the checks said, rows that break hard rules, and offending pairs, as Parquet beside the verdict. */
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

    static final StructType PAIRS = new StructType()
            .add("verdict_id", DataTypes.StringType, false)
            .add("check", DataTypes.StringType, false)
            .add("first_data", DataTypes.StringType, false)
            .add("first_shard", DataTypes.StringType, false)
            .add("first_row", DataTypes.LongType, false)
            .add("second_data", DataTypes.StringType, false)
            .add("second_shard", DataTypes.StringType, false)
            .add("second_row", DataTypes.LongType, false)
            .add("similarity", DataTypes.DoubleType, false)
            .add("note", DataTypes.StringType, false);

    static final StructType SUSPECTS = new StructType()
            .add("verdict_id", DataTypes.StringType, false)
            .add("shard", DataTypes.StringType, false)
            .add("row", DataTypes.LongType, false)
            .add("label", DataTypes.StringType, false)
            .add("likely", DataTypes.StringType, false)
            .add("probability_of_label", DataTypes.DoubleType, false)
            .add("probability_of_likely", DataTypes.DoubleType, false);

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
        List<Row> pairs = new ArrayList<>();
        for (RowPair pair : verdict.pairs()) {
            pairs.add(RowFactory.create(
                    verdict.id(),
                    pair.check(),
                    data(pair.first()),
                    pair.first().shard(),
                    pair.first().row(),
                    data(pair.second()),
                    pair.second().shard(),
                    pair.second().row(),
                    pair.similarity(),
                    pair.note()));
        }
        spark.createDataFrame(pairs, PAIRS)
                .coalesce(1)
                .write()
                .parquet(attempt.file("pairs").toString());
        List<Row> suspects = new ArrayList<>();
        for (LabelProbe.Suspect suspect : verdict.suspects()) {
            suspects.add(RowFactory.create(
                    verdict.id(),
                    suspect.place().shard(),
                    suspect.place().row(),
                    suspect.label(),
                    suspect.likely(),
                    suspect.ofLabel(),
                    suspect.ofLikely()));
        }
        spark.createDataFrame(suspects, SUSPECTS)
                .coalesce(1)
                .write()
                .parquet(attempt.file("suspects").toString());
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

    private static String data(RowPlace place) {
        return place.eval() ? "eval" : "train";
    }
}
