package io.tiltmeter.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tiltmeter.config.Settings;
import io.tiltmeter.validate.ColumnProfile;
import io.tiltmeter.validate.DatasetProfile;
import io.tiltmeter.validate.Distinct;
import io.tiltmeter.validate.ShardProfile;
import io.tiltmeter.validate.checks.UniqueKeysCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.SparkSession;

/** The gate over one dataset, with what it measured and what it cost; see {@code io.tiltmeter.bench.GateBenchmark}. */
public final class GateSuite {
    private static final List<Double> SHARES = List.of(0.01, 0.25, 0.5, 0.75, 0.99);

    private final SparkSession spark;
    private final Costs costs = new Costs();

    /** Measures in a session. */
    public GateSuite(SparkSession spark) {
        this.spark = spark;
        spark.sparkContext().addSparkListener(costs);
    }

    /**
     * What a run cost.
     *
     * @param recordsRead rows that tasks read from files
     * @param shuffled records that tasks wrote for others
     * @param cpuSeconds of all tasks
     */
    public record Cost(long jobs, long recordsRead, long shuffled, double cpuSeconds, double seconds) {}

    /** Validates a dataset. */
    public Cost validate(String data, String output, Settings settings) throws TimeoutException {
        costs.reset();
        long begin = System.nanoTime();
        ValidateJob.run(
                spark,
                new ValidateJob.Request(data, List.of(), Optional.empty(), output, false, 100, false),
                settings,
                stage -> {});
        double seconds = (System.nanoTime() - begin) * 1e-9;
        spark.sparkContext().listenerBus().waitUntilEmpty();
        return new Cost(
                costs.jobs.get(), costs.recordsRead.get(), costs.shuffled.get(), costs.cpuNanos.get() * 1e-9, seconds);
    }

    /** What the profile says, by Deequ's names: metric, column and key with tabs between. */
    public Map<String, Double> values(String output) throws IOException {
        DatasetProfile profile = ProfileStore.read(
                spark,
                ProfileStore.find(output, spark.sparkContext().hadoopConfiguration())
                        .map(path -> new org.apache.hadoop.fs.Path(path.toString()))
                        .orElseThrow());
        ShardProfile all = profile.all();
        Map<String, Double> values = new TreeMap<>();
        for (JsonNode check : new ObjectMapper()
                .readTree(Files.readString(Path.of(output, "verdict.json")))
                .path("checks")) {
            if (check.path("id").asText().equals(UniqueKeysCheck.ID)) {
                check.path("judgements")
                        .forEach(judgement -> values.put(
                                "Uniqueness\t" + judgement.path("column").asText() + "\t",
                                1 - judgement.path("effect").asDouble()));
            }
        }
        values.put("Size\t*\t", (double) all.rows());
        for (ColumnProfile column : all.columns()) {
            String name = "\t" + column.spec().name() + "\t";
            values.put("Completeness" + name, 1 - (double) column.missing() / column.rows());
            column.distinct().map(Distinct::estimate).ifPresent(n -> values.put("ApproxCountDistinct" + name, n));
            if (column.moments().count() > 0) {
                values.put("Mean" + name, column.moments().mean());
                values.put("StandardDeviation" + name, column.moments().deviation());
                values.put("Minimum" + name, column.moments().least());
                values.put("Maximum" + name, column.moments().greatest());
                SHARES.forEach(share -> values.put(
                        "ApproxQuantiles" + name + share, column.quantiles().at(share)));
            }
            column.classes().counts().forEach((key, count) -> values.put("Histogram" + name + key, (double) count));
        }
        return values;
    }

    private static final class Costs extends SparkListener {
        private final AtomicLong jobs = new AtomicLong();
        private final AtomicLong recordsRead = new AtomicLong();
        private final AtomicLong shuffled = new AtomicLong();
        private final AtomicLong cpuNanos = new AtomicLong();

        void reset() {
            jobs.set(0);
            recordsRead.set(0);
            shuffled.set(0);
            cpuNanos.set(0);
        }

        @Override
        public void onJobStart(SparkListenerJobStart start) {
            jobs.incrementAndGet();
        }

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
            recordsRead.addAndGet(end.taskMetrics().inputMetrics().recordsRead());
            shuffled.addAndGet(end.taskMetrics().shuffleWriteMetrics().recordsWritten());
            cpuNanos.addAndGet(end.taskMetrics().executorCpuTime());
        }
    }
}
