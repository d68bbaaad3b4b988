package io.tiltmeter.train;

import io.tiltmeter.config.ConfigException;
import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.config.TrainConfig.Action;
import io.tiltmeter.config.TrainConfig.Way;
import io.tiltmeter.model.GateStatus;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.spark.InputException;
import io.tiltmeter.spark.Outcome;
import io.tiltmeter.spark.Progress;
import io.tiltmeter.spark.VerdictFile;
import io.tiltmeter.spark.WholeFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.network.util.JavaUtils;
import org.apache.spark.sql.SparkSession;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** The job that trains a network on the workers of a Spark application, and records and watches it. */
public final class TrainJob {
    private TrainJob() {}

    /** Batches that the pre-flight looks at, of all workers together. */
    private static final int CHECKED_BATCHES = 40;
    /** Parameters of the largest network, with two numbers of updater state each below 2 GiB. */
    private static final long MOST_PARAMETERS = 170_000_000;
    /** Settings of the examples that a resumed run may change: where they lie, which their fingerprint makes no matter. */
    private static final Set<String> MOVABLE = Set.of("data.train", "data.format", "data.evaluation");
    /** Settings beside those of the examples that it may not. */
    private static final Set<String> DEALING = Set.of(
            "seed",
            "training.way",
            "training.workers",
            "training.batch",
            "training.shuffle",
            "training.averaging-frequency");

    /**
     * What to train and where to write.
     *
     * @param output folder that gets {@code <run-id>/} with model and checkpoints, and {@code metrics/}, shared by runs
     * @param check whether only the pre-flight is wanted
     * @param resume whether to go on from the run's last checkpoint
     * @param width columns of the terminal
     * @param verdict what the gate said of the data
     */
    public record Request(
            TrainConfig config,
            String output,
            boolean check,
            boolean resume,
            boolean dryRun,
            int width,
            Optional<GateVerdict> verdict) {
        /** Without a verdict of the gate. */
        public Request(TrainConfig config, String output, boolean check, boolean resume, boolean dryRun, int width) {
            this(config, output, check, resume, dryRun, width, Optional.empty());
        }
    }

    /**
     * A verdict to train under.
     *
     * @param path the gate's output, or its {@code verdict.json}
     * @param required whether data that has not passed, or has changed since, is refused; else it is only noted
     */
    public record GateVerdict(String path, boolean required) {}

    /**
     * Runs the job.
     *
     * @throws InputException if model or data cannot be used
     * @throws ConfigException if the application has too few places for the workers
     */
    public static Outcome run(SparkSession spark, Request request, Progress progress) {
        TrainConfig config = request.config();
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        Path folder = new Path(request.output(), config.runId());
        Checkpoints checkpoints = new Checkpoints(new Path(folder, "checkpoints"), hadoop);
        if (!request.resume() && !checkpoints.isEmpty() && !request.check() && !request.dryRun()) {
            throw new ConfigException("Run '" + config.runId() + "' has been trained into '" + folder
                    + "' before; add --resume to go on, or choose another run-id");
        }
        if (request.resume() && checkpoints.state().isEmpty() && !checkpoints.isEmpty()) {
            throw new ConfigException("The checkpoints of run '" + config.runId() + "' below '" + folder
                    + "' have no state.json, expected one: nothing says which data and settings they belong to."
                    + " Train anew with one of them as model.file, under another run-id");
        }
        if (request.resume() && checkpoints.isEmpty()) {
            throw new ConfigException(
                    "There is no checkpoint of run '" + config.runId() + "' below '" + folder + "' to resume from");
        }
        checkPolicies(config);
        progress.stage("Loading the network");
        Backend.load();
        Network initial = NetworkSource.load(config.model(), config.seed(), hadoop);
        checkUpdates(config, initial);
        checkNetwork(spark, config, initial);
        Interceptors.of(config.training().interceptor(), config.training().interceptorArguments());
        Optional<Noted> noted = request.verdict().map(verdict -> verdict(spark, verdict, config));
        if (!request.dryRun()) {
            Places.check(spark, config, progress);
        }
        progress.stage("Reading " + config.data().train());
        TrainingData data = TrainingData.open(
                spark, config.data(), config.seed(), config.training().workers());
        if (request.dryRun()) {
            return dryRun(request, initial, data, folder);
        }
        if (request.check()) {
            return check(request, initial, data, folder, hadoop, progress);
        }
        return train(spark, request, noted, initial, data, checkpoints, folder, progress);
    }

    /** What goes into the run's row. */
    private record Noted(String id, GateStatus status) {}

    private static Noted verdict(SparkSession spark, GateVerdict wanted, TrainConfig config) {
        VerdictFile verdict = VerdictFile.read(spark, wanted.path());
        String data = config.data().train();
        if (wanted.required()) {
            verdict.require(spark, data);
        }
        return new Noted(verdict.id(), verdict.status(spark, data));
    }

    private static Outcome dryRun(Request request, Network initial, TrainingData data, Path folder) {
        TrainConfig config = request.config();
        String text = String.format(
                "Dry run: nothing is written.%n"
                        + "Network  %,d parameters in %d layers%n"
                        + "Data     %,d examples of %s, fingerprint %s%n"
                        + "Plan     %,d steps on %d workers, %d examples each, %s%n"
                        + "Output   %s",
                initial.parameters(),
                initial.spans().size(),
                data.examples(),
                config.data().train(),
                data.fingerprint(),
                SegmentedTraining.steps(config, data),
                config.training().workers(),
                config.training().batch(),
                config.training().way().name().toLowerCase(Locale.ROOT),
                folder);
        return new Outcome(text, Optional.empty(), List.of(), Optional.empty());
    }

    /** The pre-flight: some batches of every shard, in the driver. */
    private static Outcome check(
            Request request, Network initial, TrainingData data, Path folder, Configuration hadoop, Progress progress) {
        TrainConfig config = request.config();
        progress.stage("Checking network, data and settings");
        int workers = config.training().workers();
        int batch = config.training().batch();
        List<MultiDataSet> batches = new ArrayList<>();
        List<Map<Integer, Long>> classes = new ArrayList<>();
        List<List<byte[]>> samples = data.shards(workers)
                .mapPartitions(examples -> {
                    List<byte[]> first = new ArrayList<>();
                    while (examples.hasNext() && first.size() < Math.max(1, CHECKED_BATCHES / workers) * batch) {
                        first.add(examples.next());
                    }
                    return List.of(first).iterator();
                })
                .collect();
        for (int w = 0; w < samples.size(); w++) {
            try (Shard shard = Shard.load(samples.get(w).iterator(), data.layout(), w)) {
                int most = shard.batchesPerEpoch(batch);
                Map<Integer, Long> counts = new TreeMap<>();
                for (int b = 0; b < most; b++) {
                    MultiDataSet one = shard.batch(
                                    0,
                                    b,
                                    batch,
                                    config.seed(),
                                    config.training().shuffle())
                            .data();
                    int[] labels = Labels.of(one, 0).classes();
                    for (int label : labels == null ? new int[0] : labels) {
                        counts.merge(label, 1L, Long::sum);
                    }
                    batches.add(one);
                }
                classes.add(counts);
            }
        }
        byte[] model = initial.write();
        boolean classify = classes.stream().noneMatch(Map::isEmpty);
        PreflightReport report = classify
                ? Preflight.check(() -> Network.read(model), batches, config.seed(), classes)
                : Preflight.check(() -> Network.read(model), batches, config.seed());
        write(new Path(folder, "preflight.json"), report.json().getBytes(StandardCharsets.UTF_8), hadoop);
        Optional<String> failed = report.failed()
                ? Optional.of("The pre-flight of run '" + config.runId() + "' failed")
                : Optional.empty();
        return new Outcome(
                report.render(request.width()), Optional.empty(), List.of(), Optional.of(folder.toString()), failed);
    }

    private static Outcome train(
            SparkSession spark,
            Request request,
            Optional<Noted> noted,
            Network initial,
            TrainingData data,
            Checkpoints checkpoints,
            Path folder,
            Progress progress) {
        TrainConfig config = request.config();
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        // Workers have working folders of their own: what is relative here is elsewhere there.
        Path metrics = qualified(new Path(request.output(), "metrics"), hadoop);
        long steps = SegmentedTraining.steps(config, data);
        if (steps < 1) {
            throw new InputException("There are " + data.examples() + " examples to train on, expected at least "
                    + (long) config.training().batch() * config.training().workers() + " for "
                    + config.training().workers() + " workers with batches of "
                    + config.training().batch());
        }
        RunState beginning = RunState.beginning(
                identity(config, data, initial),
                SegmentedTraining.micros(),
                IntStream.range(0, config.training().workers()).boxed().toList());
        RunState state = checkpoints.state().orElse(beginning);
        List<String> changes = state.changes(beginning.identity());
        if (!changes.isEmpty()) {
            throw new ConfigException("Cannot resume run '" + config.runId() + "': " + String.join("; ", changes)
                    + "; expected all as when the run began, or another run-id");
        }
        RunRecord plain = record(config, data, steps, state.startMicros());
        RunRecord run =
                noted.map(each -> plain.withVerdict(each.id(), each.status())).orElse(plain);
        RunLog log = new RunLog(metrics, hadoop, run);
        SegmentedTraining.Ended ended;
        Map<String, Double> scores;
        try (SegmentedTraining training = SegmentedTraining.of(
                new SegmentedTraining.Inputs(spark, config, data, run, state, log, checkpoints, metrics, progress))) {
            ended = training.train(initial);
            write(new Path(folder, "model.zip"), ended.model(), hadoop);
            progress.stage("Evaluating");
            scores = Evaluations.of(
                    JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(ended.model()),
                    data.evaluation(),
                    data.layout(),
                    config.training().batch());
            log.evaluation(ended.attempts() - 1, ended.steps() - 1, SegmentedTraining.micros(), scores);
            log.event(ended.attempts() - 1, ended.steps(), SegmentedTraining.micros(), "evaluation", scores.toString());
            log.end(ended.status(), SegmentedTraining.micros());
        } catch (Exception | Error e) {
            // Spark's own exceptions are checked, and undeclared.
            log.end("failed", SegmentedTraining.micros());
            throw e;
        } finally {
            ShardCache.drop(config.runId());
            AveragingWorker.forget(config.runId());
        }
        String numbers = scores.entrySet().stream()
                .map(e -> e.getKey() + " " + String.format("%.4g", e.getValue()))
                .collect(Collectors.joining(", "));
        String text = "Run " + config.runId() + " " + ended.status() + " after " + String.format("%,d", ended.steps())
                + " steps" + (numbers.isEmpty() ? "" : ": " + numbers) + "\nModel: " + new Path(folder, "model.zip")
                + "\nMetrics: " + new Path(request.output(), "metrics");
        Optional<String> failed = Optional.ofNullable(ended.trouble())
                .map(sign -> "The sentinel stopped run '" + config.runId() + "' at step " + sign.step() + ": "
                        + sign.kind()
                        + (sign.worker() >= 0 ? " on worker " + sign.worker() : "") + " (" + sign.evidence() + ")");
        return new Outcome(text, Optional.empty(), List.of(), Optional.of(folder.toString()), failed);
    }

    private static RunRecord record(TrainConfig config, TrainingData data, long steps, long startMicros) {
        return new RunRecord(
                config.runId(),
                config.project(),
                config.owner(),
                startMicros,
                null,
                "running",
                null,
                config.seed(),
                steps,
                config.data().train(),
                null,
                data.fingerprint(),
                null,
                null,
                RunLog.framework(),
                "Tiltmeter " + version(),
                RunLog.hardware(),
                config.entries());
    }

    /**
     * What has to be the same when a run goes on: the examples and how they are read, dealt and ordered, and the network.
     * Its learning rate and the like are in the checkpoint, so that a change here would change nothing there.
     */
    private static Map<String, String> identity(TrainConfig config, TrainingData data, Network initial) {
        Map<String, String> identity = new TreeMap<>();
        config.entries().forEach((key, value) -> {
            if (key.startsWith("data.") && !MOVABLE.contains(key) || DEALING.contains(key)) {
                identity.put(key, value);
            }
        });
        identity.put("fingerprint of data.train", data.fingerprint());
        identity.put("network", initial.fingerprint());
        return identity;
    }

    private static String version() {
        String version = TrainJob.class.getPackage().getImplementationVersion();
        return version == null ? "of a build folder" : version;
    }

    private static Path qualified(Path path, Configuration hadoop) {
        try {
            return path.getFileSystem(hadoop).makeQualified(path);
        } catch (IOException e) {
            throw new InputException("Cannot write to '" + path + "': " + e.getMessage());
        }
    }

    /**
     * Not every detector can speak while training; and workers that average parameters see each other's gradients never,
     * and the driver only what a whole round left.
     */
    private static void checkPolicies(TrainConfig config) {
        Set<String> able = Sentinel.kinds();
        for (String kind : config.sentinel().policies().keySet()) {
            if (!able.contains(kind)) {
                throw new ConfigException("Setting 'sentinel.policies." + kind + "' is set, but '" + kind
                        + "' cannot show while training; expected one of " + String.join(", ", able));
            }
        }
        if (config.training().way() != Way.AVERAGING) {
            return;
        }
        config.sentinel().policies().forEach((kind, actions) -> {
            for (Action action : actions) {
                boolean possible = switch (action) {
                    case WARN, STOP, ROLLBACK -> true;
                    case SKIP -> kind.equals(Policies.NON_FINITE);
                    case CLIP, QUARANTINE -> false;
                };
                if (!possible) {
                    throw new ConfigException("Setting 'sentinel.policies." + kind + "' is "
                            + action.name().toLowerCase(Locale.ROOT)
                            + ", which training.way = averaging cannot do; expected warn, stop or rollback"
                            + (kind.equals(Policies.NON_FINITE) ? " or skip" : "")
                            + ", or training.way = synchronous");
                }
            }
        });
    }

    /** What travels between driver and workers, and how: 32-bit numbers, in one array and in one task's result. */
    private static void checkNetwork(SparkSession spark, TrainConfig config, Network network) {
        DataType type = network.params().dataType();
        if (type != DataType.FLOAT) {
            throw new InputException("The network's numbers are " + type + ", expected FLOAT: set its dataType so");
        }
        if (network.parameters() > MOST_PARAMETERS) {
            throw new InputException(String.format(
                    "The network has %,d parameters, expected at most %,d: a checkpoint has to fit into one array",
                    network.parameters(), MOST_PARAMETERS));
        }
        INDArray state = network.updaterState();
        long bytes = Float.BYTES * (network.parameters() + (state == null ? 0 : state.length()));
        long most = JavaUtils.byteStringAsBytes(spark.sparkContext().conf().get("spark.driver.maxResultSize", "1g"));
        if (most > 0 && bytes > most) {
            throw new ConfigException(String.format(
                    "The network and its updater take %,d bytes, but spark.driver.maxResultSize is %,d; set it higher,"
                            + " with --conf spark.driver.maxResultSize=SIZE",
                    bytes, most));
        }
        boolean gradientDescent = Arrays.stream(network.layers())
                .allMatch(layer ->
                        layer.conf().getOptimizationAlgo() == OptimizationAlgorithm.STOCHASTIC_GRADIENT_DESCENT);
        if (config.training().way() == Way.SYNCHRONOUS && !gradientDescent) {
            throw new ConfigException("Setting 'training.way' is synchronous, but the network's optimizationAlgo takes"
                    + " several looks at a batch; expected STOCHASTIC_GRADIENT_DESCENT");
        }
    }

    /** A batch of several updates would have each but the first begin from a network that other workers do not share. */
    private static void checkUpdates(TrainConfig config, Network network) {
        if (config.training().way() == Way.SYNCHRONOUS && network.truncatesSequences()) {
            throw new ConfigException("Setting 'training.way' is synchronous, but the network trains by truncated"
                    + " backpropagation through time, with several updates a batch; expected training.way = averaging,"
                    + " or a network with standard backpropagation");
        }
    }

    private static void write(Path file, byte[] bytes, Configuration hadoop) {
        try {
            WholeFile.write(file, bytes, hadoop);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write '" + file + "'", e);
        }
    }
}
