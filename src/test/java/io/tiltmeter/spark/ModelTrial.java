package io.tiltmeter.spark;

import io.tiltmeter.config.MetricNamesFile;
import io.tiltmeter.config.Settings;
import io.tiltmeter.correlate.mining.MadeUpRuns;
import io.tiltmeter.correlate.mining.MinedRun;
import io.tiltmeter.model.CommonTraits;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/** Mines and models fleets outside a night, for tests and studies. */
public final class ModelTrial {
    private final SparkSession spark;
    private final Path folder;
    private final Settings settings;
    private final MetricTables tables;

    /** Trials that write below this folder. */
    public ModelTrial(SparkSession spark, Path folder, Settings settings) {
        this.spark = spark;
        this.folder = folder;
        this.settings = settings;
        Path none = folder.resolve("no-topology");
        spark.sql("select 'r' as run_id")
                .write()
                .mode("overwrite")
                .parquet(none.resolve("runs").toString());
        tables = MetricTables.open(spark, none.toString(), new ColumnMapping(Map.of()));
    }

    /** What made-up runs have in common. */
    public CommonTraits traits(List<MinedRun> fleet) {
        return traits(spark, "trial", "2026-11-24", fleet, settings.models());
    }

    CommonTraits traits(
            SparkSession session, String output, String date, List<MinedRun> fleet, Settings.Models models) {
        return FleetModels.add(
                        session,
                        MadeUpRuns.report(date, fleet),
                        tables,
                        new org.apache.hadoop.fs.Path(folder.resolve(output).toString()),
                        models)
                .common();
    }

    /** The terminal's summary of a night over a folder of logs. */
    public String night(Path logs) {
        String metrics = folder.resolve("metrics-" + logs.getFileName()).toString();
        Map<String, String> names = MetricNamesFile.load(Optional.empty());
        IngestJob.run(
                spark,
                new IngestJob.Request(List.of(logs.toString()), "auto", metrics, names, false),
                settings,
                message -> {});
        return NightlyJob.run(
                        spark,
                        new NightlyJob.Request(
                                metrics,
                                folder.resolve("reports-" + logs.getFileName()).toString(),
                                Optional.empty(),
                                names,
                                false,
                                200,
                                false),
                        settings,
                        message -> {})
                .text();
    }
}
