package io.tiltmeter.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.blocks.Digest;
import io.tiltmeter.blocks.DigestCodec;
import io.tiltmeter.config.Settings;
import io.tiltmeter.config.SettingsLoader;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.Rejection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Runs nights, or only their scan, and shows what came of them. */
final class Nights {
    private Nights() {}

    static final Settings.Scan SMALL_WINDOWS = new Settings.Scan(50, 10_000, 10_000);

    /** The default settings with another scan. */
    static Settings settings(Settings.Scan scan) {
        Settings defaults = SettingsLoader.defaults();
        return new Settings(
                scan,
                defaults.report(),
                defaults.cost(),
                defaults.ingest(),
                defaults.models(),
                defaults.drain(),
                defaults.validate(),
                defaults.detectors(),
                defaults.checks());
    }

    static NightlyJob.Request request(Object metrics, Path output, Map<String, String> names, boolean dryRun) {
        return new NightlyJob.Request(
                metrics.toString(), output.toString(), Optional.empty(), names, dryRun, 100, false);
    }

    /** A night with default settings. */
    static Night night(Object metrics, Path output) {
        return night(LocalSpark.session(), metrics, output, SettingsLoader.defaults());
    }

    static Night night(SparkSession spark, Object metrics, Path output, Settings settings) {
        Outcome outcome = NightlyJob.run(spark, request(metrics, output, Map.of(), false), settings, message -> {});
        Path report = Path.of(outcome.location().orElseThrow());
        try {
            return new Night(
                    outcome, Files.readString(report.resolveSibling("findings.json")), Files.readString(report));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a night left. */
    record Night(Outcome outcome, String json, String html) {
        JsonNode report() {
            try {
                return new ObjectMapper().readTree(json);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        List<String> runIds() {
            return Stream.of(report().path("runs"))
                    .flatMap(runs -> {
                        Stream.Builder<String> ids = Stream.builder();
                        runs.forEach(run -> ids.add(run.path("run_id").asText()));
                        return ids.build();
                    })
                    .toList();
        }
    }

    /** Only the scan of a night: opens the tables and brings the digests below a folder up to date. */
    static Scanned scan(SparkSession spark, Object metrics, Path store, Settings.Scan settings) {
        return scan(spark, metrics, store, Map.of(), settings);
    }

    static Scanned scan(
            SparkSession spark, Object metrics, Path store, Map<String, String> names, Settings.Scan settings) {
        MetricTables tables = MetricTables.open(spark, metrics.toString(), new ColumnMapping(names));
        DigestStore digests = DigestStore.open(spark, new org.apache.hadoop.fs.Path(store.toString()), "of a test");
        StepsScan scan = new StepsScan(spark, tables, StepsView.STEPS, digests, settings);
        StepsScan.Result result = scan.update(message -> {});
        result.kept().join();
        return new Scanned(
                result.plan(),
                Stream.concat(tables.rejected().stream(), scan.rejected(result.plan()).stream())
                        .sorted(Comparator.comparing(Rejection::file))
                        .toList(),
                result.digests().map(Nights::texts).orElse(new TreeMap<>()));
    }

    /** Brings the digests below a folder up to date, and does not look at them. Returns the names of the files read. */
    static List<String> update(Object metrics, Path store, Settings.Scan settings) {
        StepsScan.Result result = stepsScan(metrics, store, settings).update(message -> {});
        result.kept().join();
        return names(result.plan());
    }

    /** What a night would read. */
    static DigestPlan plan(Object metrics, Path store, Settings.Scan settings) {
        return stepsScan(metrics, store, settings).plan();
    }

    private static StepsScan stepsScan(Object metrics, Path store, Settings.Scan settings) {
        MetricTables tables = MetricTables.open(LocalSpark.session(), metrics.toString(), new ColumnMapping(Map.of()));
        DigestStore digests =
                DigestStore.open(LocalSpark.session(), new org.apache.hadoop.fs.Path(store.toString()), "of a test");
        return new StepsScan(LocalSpark.session(), tables, StepsView.STEPS, digests, settings);
    }

    /**
     * What a scan left.
     *
     * @param points all that the digests say of each run, attempt, step and metric, whatever the windows
     */
    record Scanned(DigestPlan plan, List<Rejection> rejected, TreeMap<String, String> points) {
        /** Names of the files read. */
        List<String> filesRead() {
            return names(plan);
        }

        String point(String run, int attempt, long step, Metric metric) {
            return points.getOrDefault(key(run, attempt, step, metric), "nothing");
        }

        /** The value of the run at a step. */
        double value(String run, int attempt, long step, Metric metric) {
            String point = point(run, attempt, step, metric);
            return point.equals("nothing") ? Double.NaN : Double.parseDouble(point.substring(0, point.indexOf(' ')));
        }
    }

    /** Names of the files that a plan reads. */
    static List<String> names(DigestPlan plan) {
        return plan.files().stream()
                .map(file -> file.path().substring(file.path().lastIndexOf('/') + 1))
                .toList();
    }

    static String key(String run, int attempt, long step, Metric metric) {
        return String.format("%s/%d/%012d/%s", run, attempt, step, metric.column());
    }

    /** The contents of digest rows, point by point. */
    static TreeMap<String, String> texts(Dataset<Row> digests) {
        TreeMap<String, String> points = new TreeMap<>();
        for (Row row : digests.collectAsList()) {
            Digest digest = DigestCodec.decode(row.getAs("digest"));
            String run = row.getAs("run_id");
            int attempt = row.<Integer>getAs("attempt");
            for (Digest.Series series : digest.series()) {
                for (int i = 0; i < series.steps().length; i++) {
                    String before = points.put(
                            key(run, attempt, series.steps()[i], Metric.of(series.metric())), text(series, i));
                    if (before != null) {
                        throw new IllegalStateException(
                                "Two digests hold step " + series.steps()[i] + " of run " + run);
                    }
                }
            }
        }
        return points;
    }

    private static String text(Digest.Series series, int i) {
        return String.format(
                "%s of %d median %s mad %s outlier %d %s non-finite %d first %d",
                series.value()[i],
                series.count()[i],
                series.median()[i],
                series.mad()[i],
                series.outlier()[i],
                series.outlierValue()[i],
                series.nonFinite()[i],
                series.firstNonFinite()[i]);
    }
}
