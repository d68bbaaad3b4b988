import com.amazon.deequ.analyzers.Analyzer;
import com.amazon.deequ.analyzers.AnalyzerOptions;
import com.amazon.deequ.analyzers.ApproxCountDistinct;
import com.amazon.deequ.analyzers.ApproxQuantiles;
import com.amazon.deequ.analyzers.Completeness;
import com.amazon.deequ.analyzers.Histogram;
import com.amazon.deequ.analyzers.Maximum;
import com.amazon.deequ.analyzers.Mean;
import com.amazon.deequ.analyzers.Minimum;
import com.amazon.deequ.analyzers.Size;
import com.amazon.deequ.analyzers.StandardDeviation;
import com.amazon.deequ.analyzers.Uniqueness;
import com.amazon.deequ.analyzers.runners.AnalysisRunBuilder;
import com.amazon.deequ.analyzers.runners.AnalysisRunner;
import com.amazon.deequ.analyzers.runners.AnalyzerContext;
import com.amazon.deequ.metrics.Distribution;
import com.amazon.deequ.metrics.DistributionValue;
import com.amazon.deequ.metrics.Metric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import scala.Option;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.collection.immutable.Map;

/**
 * The suite of {@code io.tiltmeter.bench.GateBenchmark} done by Deequ: completeness, uniqueness, distinct values, quantiles,
 * histograms and moments. Leaves a line a value ({@code metric column key value}, tabs between) and what it cost.
 */
public final class DeequSuite {
    private DeequSuite() {}

    private static final Option<String> EVERYWHERE = Option.empty();
    private static final Option<AnalyzerOptions> NO_OPTIONS = Option.empty();
    /** As accurate as the gate's quantiles are. */
    private static final double QUANTILE_ERROR = 0.005;

    private static final List<Object> SHARES = List.of(0.01, 0.25, 0.5, 0.75, 0.99);

    /** Arguments: folder of the data, file for the values, rounds. */
    public static void main(String[] arguments) throws IOException, TimeoutException {
        Path values = Path.of(arguments[1]);
        int rounds = Integer.parseInt(arguments[2]);
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .appName("deequ")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "2")
                .getOrCreate()) {
            Costs costs = new Costs();
            spark.sparkContext().addSparkListener(costs);
            List<String> lines = new ArrayList<>();
            List<String> spent = new ArrayList<>();
            for (int round = 0; round < rounds; round++) {
                costs.reset();
                long begin = System.nanoTime();
                lines = run(spark.read().parquet(arguments[0]));
                double seconds = (System.nanoTime() - begin) * 1e-9;
                spark.sparkContext().listenerBus().waitUntilEmpty();
                spent.add(String.format(
                        Locale.ROOT,
                        "cost\t\t\t%d %d %d %.3f %.3f",
                        costs.jobs.get(),
                        costs.recordsRead.get(),
                        costs.shuffled.get(),
                        costs.cpuNanos.get() * 1e-9,
                        seconds));
                System.out.println("Deequ: " + spent.get(round).strip());
            }
            lines.addAll(spent);
            Files.write(values, lines);
        }
    }

    private static List<String> run(Dataset<Row> data) {
        AnalysisRunBuilder suite = AnalysisRunner.onData(data).addAnalyzer(analyzer(new Size(EVERYWHERE)));
        for (String column : List.of("id", "user", "country", "label", "length", "weight", "score")) {
            suite = suite.addAnalyzer(analyzer(new Completeness(column, EVERYWHERE, NO_OPTIONS)))
                    .addAnalyzer(analyzer(new ApproxCountDistinct(column, EVERYWHERE)));
        }
        for (String column : List.of("length", "weight", "score")) {
            suite = suite.addAnalyzer(analyzer(new Mean(column, EVERYWHERE)))
                    .addAnalyzer(analyzer(new StandardDeviation(column, EVERYWHERE)))
                    .addAnalyzer(analyzer(new Minimum(column, EVERYWHERE, NO_OPTIONS)))
                    .addAnalyzer(analyzer(new Maximum(column, EVERYWHERE, NO_OPTIONS)))
                    .addAnalyzer(analyzer(new ApproxQuantiles(column, seq(SHARES), QUANTILE_ERROR)));
        }
        for (String column : List.of("label", "country")) {
            suite = suite.addAnalyzer(analyzer(new Histogram(
                    column,
                    Option.empty(),
                    Histogram.MaximumAllowedDetailBins(),
                    EVERYWHERE,
                    false,
                    Histogram.Count$.MODULE$)));
        }
        suite = suite.addAnalyzer(analyzer(new Uniqueness(seq(List.of("id")), EVERYWHERE, NO_OPTIONS)));
        return lines(suite.run());
    }

    private static List<String> lines(AnalyzerContext context) {
        List<String> lines = new ArrayList<>();
        for (Metric<?> metric : JavaConverters.seqAsJavaList(context.allMetrics())) {
            Object value = metric.value().get();
            if (value instanceof Distribution distribution) {
                JavaConverters.mapAsJavaMap(distribution.values())
                        .forEach((key, count) -> lines.add(line(metric, key, ((DistributionValue) count).absolute())));
            } else if (value instanceof Map<?, ?> keyed) {
                JavaConverters.mapAsJavaMap(keyed).forEach((key, each) -> lines.add(line(metric, key, each)));
            } else {
                lines.add(line(metric, "", value));
            }
        }
        return lines;
    }

    private static String line(Metric<?> metric, Object key, Object value) {
        return metric.name() + "\t" + metric.instance() + "\t" + key + "\t" + value;
    }

    @SuppressWarnings("unchecked")
    private static Analyzer<?, Metric<?>> analyzer(Object one) {
        return (Analyzer<?, Metric<?>>) one;
    }

    private static <T> Seq<T> seq(List<T> list) {
        return JavaConverters.asScalaBuffer(list).toSeq();
    }

    /** What tasks read, shuffled and computed. */
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
