package io.tiltmeter.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.config.Settings;
import io.tiltmeter.model.Metric;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Digests of a table of chance, by whichever reader, hold what a plain computation over the collected rows gives. */
class BlockScanTest {
    private static final String COLUMNS =
            "optional binary run_id (STRING); optional int32 attempt; optional int32 worker;"
                    + " optional int64 step; optional int64 time (TIMESTAMP(MICROS,true)); optional binary scope (STRING);"
                    + " optional int32 step_span; optional double loss; optional double grad_norm; optional double tokens;"
                    + " optional double loss_scale; optional double step_seconds; optional double eval_loss;";
    private static final String FLOATS = COLUMNS.replace("double loss;", "float loss;");
    private static final List<Metric> METRICS = List.of(
            Metric.LOSS, Metric.GRAD_NORM, Metric.TOKENS, Metric.LOSS_SCALE, Metric.STEP_SECONDS, Metric.EVAL_LOSS);
    private static final Settings.Scan SCAN = new Settings.Scan(40, 100_000, 10_000);

    @TempDir
    static Path folder = Path.of("");

    private static TreeMap<String, String> expected = new TreeMap<>();

    @BeforeAll
    static void write() {
        write("table", COLUMNS, 0, true).write(folder.resolve("table/a.parquet"));
        write("table", COLUMNS, 1, false).write(folder.resolve("table/b.parquet"));
        expected = plain(
                LocalSpark.session().read().parquet(folder.resolve("table").toString()));
    }

    /** Half of a table; the two halves share steps, cells that are equal and cells that are not. */
    private static StepFile write(String name, String columns, int half, boolean dictionary) {
        Random random = new Random(name.hashCode() + half);
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (int run = 0; run < 3; run++) {
            for (int attempt = 0; attempt < 2; attempt++) {
                for (long step = half * 60L; step < 130 + half * 40L; step++) {
                    for (int worker = -1; worker < 5 + run; worker++) {
                        if (random.nextInt(10) > 0) {
                            rows.add(row(random, columns.equals(FLOATS), run, attempt, worker, step));
                        }
                        if (random.nextInt(40) == 0 && !rows.isEmpty()) {
                            rows.add(rows.get(rows.size() - 1).clone());
                        }
                    }
                }
            }
        }
        if (half == 1) {
            java.util.Collections.shuffle(rows, random);
        }
        StepFile file = dictionary ? StepFile.of(columns) : StepFile.of(columns).plain();
        rows.forEach(file::row);
        return file;
    }

    private static @Nullable Object[] row(Random random, boolean floats, int run, int attempt, int worker, long step) {
        @Nullable String[] scopes = {"local", "local", "local", "global", "shard", null};
        double loss = value(random);
        return new @Nullable Object[] {
            "run \"" + run + "\" ü",
            attempt == 0 && random.nextBoolean() ? null : Integer.valueOf(attempt),
            worker < 0 ? null : Integer.valueOf(worker),
            step,
            // Few and equal times: of conflicting cells the last logged wins, then the larger.
            random.nextInt(8) == 0 ? null : Long.valueOf(StepFile.START_MICROS + random.nextInt(3)),
            scopes[random.nextInt(scopes.length)],
            random.nextInt(5) == 0 ? null : Integer.valueOf(random.nextInt(3)),
            random.nextInt(5) == 0 ? null : floats ? (Object) (float) loss : (Object) loss,
            // Runs of equal values, so that the file keeps a dictionary.
            random.nextInt(5) == 0 ? null : Double.valueOf(random.nextInt(4)),
            random.nextInt(3) == 0 ? null : Double.valueOf(100 + random.nextInt(50)),
            run == 1 ? null : Double.valueOf(1 << random.nextInt(10)),
            random.nextInt(50) > 0 ? null : Double.valueOf(random.nextDouble()),
            null
        };
    }

    private static double value(Random random) {
        return switch (random.nextInt(25)) {
            case 0 -> Double.NaN;
            case 1 -> Double.POSITIVE_INFINITY;
            case 2 -> Double.NEGATIVE_INFINITY;
            case 3 -> -0.0;
            default -> random.nextInt(200) / 64.0;
        };
    }

    private static void assertScan(SparkSession spark, boolean columnar, TreeMap<String, String> wanted) {
        Dataset<Row> steps = MetricTables.open(spark, folder.resolve("table").toString(), new ColumnMapping(Map.of()))
                .read("steps")
                .orElseThrow();
        assertThat(InternalFrames.cells(steps).batches().isPresent()).isEqualTo(columnar);
        TreeMap<String, String> points = Nights.scan(
                        spark, folder.resolve("table"), folder.resolve("store-" + columnar + System.nanoTime()), SCAN)
                .points();
        assertThat(points).hasSizeGreaterThan(2000).isEqualTo(wanted);
    }

    @Test
    void columnBatches() {
        assertScan(LocalSpark.session(), true, expected);
    }

    @Test
    void smallColumnBatchesOfManyTasks() {
        SparkSession spark = LocalSpark.session().newSession();
        spark.conf().set("spark.sql.parquet.columnarReaderBatchSize", "7");
        spark.conf().set("spark.sql.files.maxPartitionBytes", "20000");
        assertScan(spark, true, expected);
    }

    @Test
    void columnBatchesOffTheHeap() {
        SparkSession spark = LocalSpark.session().newSession();
        spark.conf().set("spark.sql.columnVector.offheap.enabled", "true");
        assertScan(spark, true, expected);
    }

    @Test
    void rows() {
        SparkSession spark = LocalSpark.session().newSession();
        spark.conf().set("spark.sql.parquet.enableVectorizedReader", "false");
        assertScan(spark, false, expected);
    }

    @Test
    void unionOfTwoSchemasOfWhichOneHasToBeCast() {
        Path union = folder.resolve("union");
        write("table", COLUMNS, 0, true).write(union.resolve("a.parquet"));
        write("table", FLOATS, 1, true).write(union.resolve("b.parquet"));
        TreeMap<String, String> points = Nights.scan(LocalSpark.session(), union, folder.resolve("store-union"), SCAN)
                .points();
        // The losses are small fractions of two, which a float holds exactly.
        assertThat(points).isEqualTo(expected);
    }

    private record Cell(long time, double value) {}

    /** What the documentation of the block says, in the plainest way. */
    private static TreeMap<String, String> plain(Dataset<Row> table) {
        TreeMap<String, TreeMap<Integer, List<Cell>>> local = new TreeMap<>();
        TreeMap<String, TreeMap<Integer, List<Cell>>> reduced = new TreeMap<>();
        for (Row row : table.selectExpr("*", "unix_micros(time) as micros").collectAsList()) {
            Integer attempt = row.getAs("attempt");
            Integer worker = row.getAs("worker");
            String scope = row.getAs("scope");
            Long micros = row.getAs("micros");
            boolean own = worker != null && (scope == null || scope.equals("local"));
            for (Metric metric : METRICS) {
                Double value = row.getAs(metric.column());
                if (value != null) {
                    String key = Nights.key(
                            row.getAs("run_id"), attempt == null ? 0 : attempt, row.<Long>getAs("step"), metric);
                    (own ? local : reduced)
                            .computeIfAbsent(key, k -> new TreeMap<>())
                            .computeIfAbsent(worker == null ? -1 : worker, w -> new ArrayList<>())
                            .add(new Cell(micros == null ? Long.MIN_VALUE : micros, value));
                }
            }
        }
        TreeMap<String, String> points = new TreeMap<>();
        local.keySet().forEach(key -> points.put(key, ""));
        reduced.keySet().forEach(key -> points.put(key, ""));
        points.replaceAll((key, none) -> text(
                Metric.byColumn(key.substring(key.lastIndexOf('/') + 1)).orElseThrow(),
                settled(local.getOrDefault(key, new TreeMap<>())),
                settled(reduced.getOrDefault(key, new TreeMap<>()))));
        return points;
    }

    /** The one value of every worker: of several the last, then the largest. */
    private static TreeMap<Integer, Double> settled(TreeMap<Integer, List<Cell>> cells) {
        TreeMap<Integer, Double> settled = new TreeMap<>();
        cells.forEach((worker, all) -> settled.put(
                worker,
                all.stream()
                        .max(Comparator.comparingLong(Cell::time).thenComparingDouble(Cell::value))
                        .orElseThrow()
                        .value()));
        return settled;
    }

    private static String text(Metric metric, TreeMap<Integer, Double> local, TreeMap<Integer, Double> reduced) {
        double[] finite = local.values().stream()
                .mapToDouble(value -> value)
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        double median = median(finite);
        double[] distances = java.util.Arrays.stream(finite)
                .map(value -> Math.abs(value - median))
                .sorted()
                .toArray();
        int outlier = -1;
        double farthest = 0;
        int bad = 0;
        int firstBad = -1;
        for (Map.Entry<Integer, Double> cell : local.entrySet()) {
            if (!Double.isFinite(cell.getValue())) {
                firstBad = bad++ == 0 ? cell.getKey() : firstBad;
            } else if (finite.length > 1 && Math.abs(cell.getValue() - median) > farthest) {
                farthest = Math.abs(cell.getValue() - median);
                outlier = cell.getKey();
            }
        }
        if (!reduced.isEmpty() && !Double.isFinite(reduced.firstEntry().getValue())) {
            bad++;
        }
        return String.format(
                "%s of %d median %s mad %s outlier %d %s non-finite %d first %d",
                reduced.isEmpty()
                        ? value(metric, local, finite, median)
                        : reduced.firstEntry().getValue(),
                local.size(),
                median,
                median(distances),
                outlier,
                outlier < 0 ? Double.NaN : local.getOrDefault(outlier, Double.NaN),
                bad,
                firstBad);
    }

    private static double median(double[] sorted) {
        int n = sorted.length;
        return n == 0 ? Double.NaN : n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    }

    private static double value(Metric metric, TreeMap<Integer, Double> local, double[] finite, double median) {
        // All values here are sums of few halves, so that no order of summing rounds.
        double sum = local.values().stream().reduce(0.0, Double::sum);
        if (finite.length == 0) {
            return sum;
        }
        return switch (metric.reduction()) {
            case MEAN -> sum / local.size();
            case SUM -> sum;
            case MEDIAN -> median;
            case MIN -> finite[0];
            case MAX -> finite[finite.length - 1];
        };
    }
}
