package io.tiltmeter.spark;

import io.tiltmeter.blocks.DigestCodec;
import io.tiltmeter.blocks.Slice;
import io.tiltmeter.config.Settings;
import io.tiltmeter.correlate.PatternFinder;
import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.Layout;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.WorkerMap;
import io.tiltmeter.report.FindingsJson;
import io.tiltmeter.report.FleetReport;
import io.tiltmeter.report.Formats;
import io.tiltmeter.report.HtmlReport;
import io.tiltmeter.report.TerminalSummary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/** The night's job: metric tables to digests, findings, incidents, patterns and the report. */
public final class NightlyJob {
    private NightlyJob() {}

    /**
     * What to analyse and where to write.
     *
     * @param metrics path of the metric tables, or a table or schema of the catalog
     * @param output folder for the digests and a folder of each date
     * @param date the data's date, ISO; without it the date of the last logged step
     * @param names foreign column names, see {@code conf/metric-names.conf}
     * @param width columns of the terminal
     */
    public record Request(
            String metrics,
            String output,
            Optional<String> date,
            Map<String, String> names,
            boolean dryRun,
            int width,
            boolean colour) {
        public Request {
            names = Map.copyOf(names);
        }
    }

    /**
     * Runs the job.
     *
     * @throws InputException if there is nothing readable to analyse
     */
    public static Outcome run(SparkSession spark, Request request, Settings settings, Progress progress) {
        request.date().ifPresent(NightlyJob::checkDate);
        progress.stage("Looking at " + request.metrics());
        MetricTables tables = MetricTables.open(spark, request.metrics(), new ColumnMapping(request.names()));
        Path output = new Path(request.output());
        DigestStore store =
                DigestStore.open(spark, new Path(output, "digests"), fingerprint(settings, request.names()));
        StepsScan scan = new StepsScan(spark, tables, StepsView.STEPS, store, settings.scan());
        if (request.dryRun()) {
            return dryRun(request, tables, scan, output);
        }
        // They are read while the scan runs, all in one thread: files that turn out damaged are noted on the way.
        CompletableFuture<SmallTables> small = Background.supply(() -> new SmallTables(
                RunTables.runs(tables),
                RunTables.attempts(tables),
                RunTables.layouts(tables),
                RunTables.pauses(tables),
                RunTables.quarantine(tables)));
        StepsScan.Result result = scan.update(progress);
        DigestPlan plan = result.plan();
        Map<String, RunRecord> runs = small.join().runs();
        Set<String> runsWithSteps =
                plan.attempts().keySet().stream().map(AttemptId::runId).collect(Collectors.toSet());
        MetricsOnly metricsOnly = MetricsOnly.find(tables, runsWithSteps, runs.keySet());
        // A run may have steps or metrics and no row of its own.
        Stream.concat(runsWithSteps.stream(), metricsOnly.runs().stream())
                .forEach(id -> runs.computeIfAbsent(id, i -> RunRecord.of(i, null, Map.of())));
        if (runs.isEmpty()) {
            throw new InputException(
                    "Cannot analyse '" + request.metrics() + "': it holds no run, no step and no metric");
        }
        RunJudging.Known known = new RunJudging.Known(
                runs,
                small.join().attempts(),
                small.join().layouts(),
                small.join().pauses());
        WorkerMetrics workerMetrics = WorkerMetrics.judge(
                spark,
                tables,
                DigestStore.open(spark, new Path(output, "digests-of-metrics"), fingerprint(settings, request.names())),
                small.join().layouts(),
                settings,
                progress);
        List<Rejection> rejected = Stream.of(
                        tables.rejected(),
                        scan.rejected(plan),
                        workerMetrics.rejected(),
                        metricsOnly.rejected(),
                        small.join().quarantine())
                .flatMap(List::stream)
                .sorted(Comparator.comparing(Rejection::level)
                        .thenComparing(Rejection::file)
                        .thenComparingLong(Rejection::line)
                        .thenComparing(Rejection::reason))
                .toList();
        progress.stage(String.format("Judging %,d runs", runs.size()));
        FleetAnalysis analysis = new FleetAnalysis(runs, settings);
        Optional<JavaRDD<RunJudging.Judged>> judged = result.digests()
                .map(digests -> RunJudging.judge(spark, digests, result.byRun(), known, settings)
                        .persist(StorageLevel.MEMORY_AND_DISK()));
        try {
            List<RunJudging.Judged> withSteps = judged.map(
                            rdd -> rdd.map(RunJudging.Judged::withoutCharts).collect())
                    .orElse(List.of());
            String date = request.date().orElseGet(() -> lastDate(withSteps, tables));
            progress.stage("Correlating");
            analysis.judge(
                    withSteps,
                    workerMetrics.judged(),
                    metricsOnly.runs(),
                    new WorkerHosts(tables),
                    new FleetExposures(spark, tables, PatternFinder.FEWEST_RUNS));
            Set<String> drawn = Set.copyOf(analysis.runsToDraw());
            List<RunJudging.Judged> charts = judged.map(rdd ->
                            rdd.filter(run -> drawn.contains(run.runId())).collect())
                    .orElse(List.of());
            Map<String, WorkerMap> maps = WorkerMaps.draw(
                    spark,
                    result.digests(),
                    workerMetrics.digests(),
                    analysis.mapsToDraw(drawn),
                    small.join().layouts());
            FleetReport judgedFleet = analysis.report(
                    date,
                    request.metrics(),
                    charts,
                    maps,
                    analysis.trails(spark, tables, known.attempts(), drawn),
                    rejected);
            FleetReport report = FleetModels.add(spark, judgedFleet, tables, output, settings.models());
            progress.stage("Writing the report of " + date);
            Path day = new Path(output, date);
            write(spark, day, report);
            return outcome(request, report, rejected, day);
        } finally {
            judged.ifPresent(JavaRDD::unpersist);
            // Also when something failed: what was read is kept for the next night.
            result.kept().join();
        }
    }

    private static Outcome outcome(Request request, FleetReport report, List<Rejection> rejected, Path day) {
        String text = TerminalSummary.render(report, request.width(), request.colour());
        Optional<Severity> worst = Stream.concat(
                        report.runs().stream().flatMap(run -> run.worst().stream()),
                        report.patterns().stream().map(pattern -> pattern.severity()))
                .max(Severity::compareTo);
        return new Outcome(text, worst, rejected, Optional.of(new Path(day, "report.html").toString()));
    }

    private record SmallTables(
            Map<String, RunRecord> runs,
            Map<AttemptId, AttemptRecord> attempts,
            Map<AttemptId, Layout> layouts,
            Map<String, long[]> pauses,
            List<Rejection> quarantine) {}

    /** Everything but the files that digests depend on; another value makes them anew. */
    private static String fingerprint(Settings settings, Map<String, String> names) {
        return String.format(
                "schema-%d/digest-%08x/window-%d/cells-%d/names-%08x",
                Schemas.VERSION,
                DigestCodec.fingerprint(),
                settings.scan().windowSteps(),
                settings.scan().blockCells(),
                new TreeMap<>(names).hashCode());
    }

    private static void checkDate(String date) {
        try {
            LocalDate.parse(date);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException("Date '" + date + "' is no ISO date; expected one like 2026-03-31", e);
        }
    }

    /** Date (UTC) of the last logged step; where no times were logged, of the newest file. */
    private static String lastDate(List<RunJudging.Judged> judged, MetricTables tables) {
        long micros =
                judged.stream().mapToLong(RunJudging.Judged::lastTime).max().orElse(Slice.NO_TIME);
        long millis = micros != Slice.NO_TIME
                ? Math.floorDiv(micros, 1000L)
                : Stream.of("steps", "metrics", "runs")
                        .flatMap(table -> tables.files(table).stream())
                        .mapToLong(ParquetInput.DataFile::modified)
                        .max()
                        .orElse(0);
        return LocalDate.ofInstant(Instant.ofEpochMilli(millis), ZoneOffset.UTC).toString();
    }

    private static void write(SparkSession spark, Path day, FleetReport report) {
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        AttemptFolder attempt = AttemptFolder.begin(day, configuration);
        CompletableFuture<Void> tables = Background.run(() -> ReportTables.write(spark, attempt.folder(), report));
        StringBuilder json = new StringBuilder();
        try {
            FindingsJson.write(report, json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String html = HtmlReport.render(report);
        AttemptFolder.write(attempt.file("findings.json"), json.toString(), configuration);
        AttemptFolder.write(attempt.file("report.html"), html, configuration);
        tables.join();
        attempt.publish();
        // The same beside the manifest, under names that stay.
        AttemptFolder.write(new Path(day, "findings.json"), json.toString(), configuration);
        AttemptFolder.write(new Path(day, "report.html"), html, configuration);
    }

    private static Outcome dryRun(Request request, MetricTables tables, StepsScan scan, Path output) {
        DigestPlan plan = scan.plan();
        List<String> lines = new ArrayList<>();
        lines.add("Dry run: nothing is written.");
        lines.add("Metrics  " + request.metrics());
        for (String table : tables.names()) {
            List<ParquetInput.DataFile> files = tables.files(table);
            lines.add(tables.catalogName(table)
                    .map(name -> String.format("  %-10s catalog table %s", table, name))
                    .orElseGet(() -> String.format(
                            "  %-10s %,d files, %,d rows, %s",
                            table,
                            files.size(),
                            files.stream()
                                    .mapToLong(ParquetInput.DataFile::rows)
                                    .sum(),
                            bytes(files.stream()
                                    .mapToLong(ParquetInput.DataFile::length)
                                    .sum()))));
        }
        long read =
                plan.files().stream().mapToLong(ParquetInput.DataFile::length).sum();
        lines.add(String.format(
                "Plan     digest new windows of %,d of %,d attempts, reading %,d files (%s); the rest is kept from earlier nights",
                plan.attemptsRead(), plan.attempts().size(), plan.files().size(), bytes(read)));
        if (!plan.windows().isEmpty()) {
            lines.add(String.format(
                    "         windows of %,d to %,d steps",
                    plan.windows().stream().mapToLong(WindowRange::width).min().orElse(0),
                    plan.windows().stream().mapToLong(WindowRange::width).max().orElse(0)));
        }
        lines.add("Output   " + output + "/" + request.date().orElse("<date of the last step>")
                + " (report.html, findings.json, tables), digests in "
                + new Path(output, "digests"));
        List<Rejection> rejected = new ArrayList<>(tables.rejected());
        rejected.addAll(scan.rejected(plan));
        for (Rejection rejection : rejected) {
            lines.add("Rejected " + Formats.text(rejection.file() + ": " + rejection.reason()));
        }
        return new Outcome(String.join("\n", lines), Optional.empty(), rejected, Optional.empty());
    }

    private static String bytes(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        int exponent = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
        return String.format("%.1f %siB", bytes / (double) (1L << (10 * exponent)), "KMGTPE".charAt(exponent - 1));
    }
}
