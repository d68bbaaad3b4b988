package io.tiltmeter.spark;

import static org.apache.spark.sql.functions.col;

import io.tiltmeter.config.Settings;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.report.Formats;
import io.tiltmeter.sources.FormatRegistry;
import io.tiltmeter.sources.IngestPlan;
import io.tiltmeter.sources.InputFile;
import io.tiltmeter.sources.MetricNames;
import io.tiltmeter.sources.Recognised;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.functions;
import org.apache.spark.util.SerializableConfiguration;

/** Turns foreign logs into metric tables. The formats read; Spark only deals the files out. */
public final class IngestJob {
    private IngestJob() {}

    private static final long BYTES_PER_TASK = 16L << 20;
    private static final long ROWS_PER_FILE = 4_000_000;
    private static final String STAGING = "staging";
    private static final int MOST_REJECTIONS_SHOWN = 10_000;

    /**
     * What to read and where to write.
     *
     * @param inputs files or folders
     * @param format id of a format, or {@code auto} to recognise each file by its content
     * @param output folder for the metric tables; an earlier import there is replaced
     * @param names foreign names of metrics, see {@code conf/metric-names.conf}
     */
    public record Request(
            List<String> inputs, String format, String output, Map<String, String> names, boolean dryRun) {
        public Request {
            inputs = List.copyOf(inputs);
            names = Map.copyOf(names);
        }
    }

    /**
     * Runs the job.
     *
     * @throws InputException if an input is missing or nothing in them is readable
     * @throws IllegalArgumentException if there is no format of the id asked for
     */
    public static Outcome run(SparkSession spark, Request request, Settings settings, Progress progress) {
        FormatRegistry formats = FormatRegistry.load().select(request.format());
        MetricNames names = new MetricNames(request.names());
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        SerializableConfiguration shipped = new SerializableConfiguration(configuration);
        List<InputFile> listed = list(request.inputs(), configuration);
        progress.stage(String.format("Recognising %,d files", listed.size()));
        String format = request.format();
        List<Recognised> recognised = listed.isEmpty()
                ? List.of()
                : context.parallelize(listed, slices(listed.size(), 0, context))
                        .mapPartitions(files -> recognise(files, format, names, shipped.value()))
                        .collect();
        IngestPlan plan = IngestPlan.of(recognised, formats);
        if (plan.logs().isEmpty()) {
            throw new InputException(nothing(request, listed.size(), plan));
        }
        if (request.dryRun()) {
            return new Outcome(describe(request, plan), Optional.empty(), List.of(), Optional.empty());
        }
        progress.stage(String.format("Reading %,d logs", plan.logs().size()));
        AttemptFolder attempt = AttemptFolder.begin(new Path(request.output()), configuration);
        Map<String, Long> rows = write(spark, context, plan, names, settings, attempt, shipped, progress);
        List<Rejection> rejected = rejected(spark, attempt, rows);
        if (rows.getOrDefault("steps", 0L)
                        + rows.getOrDefault("metrics", 0L)
                        + plan.emptyRuns().size()
                == 0) {
            attempt.abandon();
            String first = rejected.isEmpty()
                    ? ""
                    : "; e.g. " + rejected.get(0).file() + ": "
                            + rejected.get(0).reason();
            throw new InputException("Nothing readable in " + String.join(", ", request.inputs()) + ": "
                    + plan.logs().size() + " logs, none with a single point" + first);
        }
        attempt.publish();
        return new Outcome(
                summary(request, plan, rows, rejected), Optional.empty(), rejected, Optional.of(request.output()));
    }

    private static List<InputFile> list(List<String> inputs, Configuration configuration) {
        List<InputFile> files = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            String input = inputs.get(i);
            Path root = new Path(input);
            try {
                FileSystem system = root.getFileSystem(configuration);
                FileStatus status = system.getFileStatus(root);
                String base = status.getPath().toUri().getPath();
                String name = status.getPath().getName();
                if (status.isFile()) {
                    files.add(new InputFile(i, name, input, "", status.getLen()));
                    continue;
                }
                RemoteIterator<LocatedFileStatus> all = system.listFiles(root, true);
                while (all.hasNext()) {
                    LocatedFileStatus file = all.next();
                    String below =
                            file.getPath().toUri().getPath().substring(base.length() + (base.endsWith("/") ? 0 : 1));
                    if (!below.startsWith(".") && !below.contains("/.")) {
                        // The dot keeps a name with a colon from being taken for a scheme.
                        String location = new Path(root, "./" + below).toString();
                        files.add(new InputFile(i, name, location, below, file.getLen()));
                    }
                }
            } catch (FileNotFoundException e) {
                throw new InputException("Cannot read '" + input + "': no such file or folder");
            } catch (IOException e) {
                throw new InputException("Cannot read '" + input + "': " + e.getMessage());
            }
        }
        return files;
    }

    private static Iterator<Recognised> recognise(
            Iterator<InputFile> files, String format, MetricNames names, Configuration configuration) {
        FormatRegistry formats = FormatRegistry.load().select(format);
        Iterable<InputFile> all = () -> files;
        return StreamSupport.stream(all.spliterator(), false)
                .map(file -> Recognised.of(file, () -> open(file.location(), configuration), formats, names))
                .iterator();
    }

    /** Opens a log. On local disks without looking for checksums, which fails where its name has a colon. */
    static InputStream open(String location, Configuration configuration) throws IOException {
        Path path = new Path(location);
        FileSystem files = path.getFileSystem(configuration);
        return (files instanceof LocalFileSystem local ? local.getRawFileSystem() : files).open(path);
    }

    private static int slices(int files, long bytes, JavaSparkContext context) {
        long wanted = Math.max(context.defaultParallelism() * 4L, bytes / BYTES_PER_TASK);
        return (int) Math.max(1, Math.min(files, wanted));
    }

    /** Reads every log once into a staging folder, and from there writes each table that has rows. */
    private static Map<String, Long> write(
            SparkSession spark,
            JavaSparkContext context,
            IngestPlan plan,
            MetricNames names,
            Settings settings,
            AttemptFolder attempt,
            SerializableConfiguration shipped,
            Progress progress) {
        // The longest first and dealt out in turn, so that no task gets all the long ones.
        List<IngestPlan.Log> logs = plan.logs().stream()
                .sorted(Comparator.comparingLong(IngestPlan.Log::length)
                        .reversed()
                        .thenComparing(IngestPlan.Log::location))
                .toList();
        int slices = slices(
                logs.size(), logs.stream().mapToLong(IngestPlan.Log::length).sum(), context);
        List<IngestPlan.Log> dealt = new ArrayList<>();
        for (int slice = 0; slice < slices; slice++) {
            for (int i = slice; i < logs.size(); i += slices) {
                dealt.add(logs.get(i));
            }
        }
        int maxRejections = settings.ingest().maxRejectionsPerFile();
        JavaRDD<InternalRow> records = context.parallelize(dealt, slices)
                .mapPartitions(part -> new LogReading(part, names, shipped.value(), maxRejections));
        if (!plan.emptyRuns().isEmpty()) {
            records = records.union(context.parallelize(plan.emptyRuns(), 1)
                    .map(run -> LogReading.wrap("runs", RecordRows.row(run.toRecord()))));
        }
        List<Rejection> skipped = plan.skipped().stream()
                .flatMap(file -> file.toRejection().stream())
                .toList();
        if (!skipped.isEmpty()) {
            records = records.union(
                    context.parallelize(skipped, 1).map(file -> LogReading.wrap("quarantine", RecordRows.row(file))));
        }
        Path staging = attempt.file(STAGING);
        InternalFrames.frame(spark, records, LogReading.SCHEMA).write().parquet(staging.toString());
        progress.stage("Writing metric tables");
        Dataset<Row> staged = spark.read().schema(LogReading.SCHEMA).parquet(staging.toString());
        Map<String, Long> rows = rowsByTable(staged);
        rows.forEach((table, n) -> {
            Dataset<Row> frame = staged.where(col(table).isNotNull()).select(table + ".*");
            int files = (int) Math.max(1, n / ROWS_PER_FILE);
            frame.to(Schemas.asRead(table))
                    .coalesce(files)
                    .write()
                    .parquet(attempt.file(table).toString());
        });
        attempt.remove(STAGING);
        return rows;
    }

    /** Number of rows of every table that has any. */
    private static Map<String, Long> rowsByTable(Dataset<Row> staged) {
        List<String> tables = List.copyOf(Schemas.ALL.keySet());
        Column[] counts =
                tables.stream().map(table -> functions.count(col(table))).toArray(Column[]::new);
        Row row = staged.select(counts).first();
        Map<String, Long> rows = new TreeMap<>();
        for (int t = 0; t < tables.size(); t++) {
            if (row.getLong(t) > 0) {
                rows.put(tables.get(t), row.getLong(t));
            }
        }
        return rows;
    }

    private static List<Rejection> rejected(SparkSession spark, AttemptFolder attempt, Map<String, Long> rows) {
        if (!rows.containsKey("quarantine")) {
            return List.of();
        }
        return spark
                .read()
                .parquet(attempt.file("quarantine").toString())
                .limit(MOST_REJECTIONS_SHOWN)
                .collectAsList()
                .stream()
                .map(row -> new Rejection(
                        row.getString(0),
                        row.getLong(1),
                        row.getString(2),
                        row.getLong(3),
                        row.getString(4).equals("warning") ? Rejection.Level.WARNING : Rejection.Level.REJECTED))
                .sorted(Comparator.comparing(Rejection::file).thenComparingLong(Rejection::line))
                .toList();
    }

    private static String nothing(Request request, int files, IngestPlan plan) {
        String inputs = String.join(", ", request.inputs());
        if (files == 0) {
            return "Nothing readable in " + inputs + ": no file";
        }
        String first = plan.skipped().isEmpty()
                ? ""
                : "; e.g. " + plan.skipped().get(0).location() + ": "
                        + plan.skipped().get(0).reason();
        return String.format("Nothing readable in %s: %,d files, none of them a log%s", inputs, files, first);
    }

    private static String describe(Request request, IngestPlan plan) {
        List<String> lines = new ArrayList<>();
        lines.add("Dry run: nothing is written.");
        request.inputs().forEach(input -> lines.add("Input    " + input));
        plan.logs().stream()
                .collect(Collectors.groupingBy(IngestPlan.Log::formatId, TreeMap::new, Collectors.toList()))
                .forEach((format, logs) -> lines.add(String.format(
                        "  %-24s %,6d files, %,d bytes, e.g. run %s",
                        format,
                        logs.size(),
                        logs.stream().mapToLong(IngestPlan.Log::length).sum(),
                        Formats.text(logs.get(0).runId()))));
        lines.add(String.format(
                "Also     %,d runs without a point, %,d settings files, %,d files passed over",
                plan.emptyRuns().size(), plan.settings().size(), plan.skipped().size()));
        lines.add("Output   " + request.output());
        return String.join("\n", lines);
    }

    private static String summary(Request request, IngestPlan plan, Map<String, Long> rows, List<Rejection> rejected) {
        List<String> lines = new ArrayList<>();
        lines.add(String.format("Read %,d logs into %s", plan.logs().size(), request.output()));
        for (String table : Schemas.ALL.keySet()) {
            if (rows.containsKey(table)) {
                lines.add(String.format("  %-10s %,d rows", table, rows.get(table)));
            }
        }
        lines.add(String.format(
                "Formats: %s",
                plan.logs().stream()
                        .collect(Collectors.groupingBy(IngestPlan.Log::formatId, TreeMap::new, Collectors.counting()))
                        .entrySet()
                        .stream()
                        .map(format -> String.format("%s %,d", format.getKey(), format.getValue()))
                        .collect(Collectors.joining(", "))));
        if (!plan.emptyRuns().isEmpty()) {
            lines.add(String.format(
                    "Runs without a point: %,d (status 'empty', unless their tracker says otherwise)",
                    plan.emptyRuns().size()));
        }
        if (!plan.skipped().isEmpty()) {
            lines.add(String.format(
                    "Passed over %,d files that are no logs, e.g. %s",
                    plan.skipped().size(), Formats.text(plan.skipped().get(0).location())));
        }
        counted(rejected, Rejection.Level.REJECTED, "Rejected %,d lines or files, e.g. %s: %s", lines);
        counted(rejected, Rejection.Level.WARNING, "Doubtful are %,d lines or files, e.g. %s: %s", lines);
        return String.join("\n", lines);
    }

    private static void counted(List<Rejection> rejected, Rejection.Level level, String message, List<String> lines) {
        List<Rejection> these =
                rejected.stream().filter(entry -> entry.level() == level).toList();
        if (!these.isEmpty()) {
            String line = these.get(0).line() > 0 ? ", line " + these.get(0).line() : "";
            lines.add(String.format(
                    message,
                    these.stream().mapToLong(Rejection::count).sum(),
                    Formats.text(these.get(0).file()) + line,
                    Formats.text(these.get(0).reason())));
        }
    }
}
