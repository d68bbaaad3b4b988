package io.tiltmeter.train;

import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.detect.DetectorSettings;
import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.TopologyRecord;
import io.tiltmeter.spark.InputException;
import io.tiltmeter.spark.Progress;
import io.tiltmeter.train.Segment.Result;
import io.tiltmeter.train.Segment.Sign;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * What all ways of training have in common: segments of some hundred steps each, and after each a checkpoint. A segment
 * that breaks, as when an executor dies, is done again from there; what its workers had recorded stays, under the number
 * of the broken attempt.
 */
abstract class SegmentedTraining implements AutoCloseable {
    /** Segments in a row that may break without a step gained. */
    private static final int MOST_FAILURES = 4;

    private static final long SILENCE_MILLIS = 600_000;

    private final Inputs inputs;
    private final TrainConfig config;
    private final RunRecord run;
    private final RunLog log;
    private final Checkpoints checkpoints;
    private final Progress progress;

    private int workers;
    private long step;
    private long total;
    private int attempt;
    private int number;
    private boolean soundOnly;
    private List<StepReport> past = List.of();
    private @Nullable AttemptRecord now;

    /**
     * How a training ended.
     *
     * @param status {@code finished} or {@code failed}
     * @param trouble what the sentinel stopped it for
     */
    record Ended(
            byte[] model,
            long steps,
            int attempts,
            String status,
            @Nullable Sign trouble) {}

    /**
     * What a training works on.
     *
     * @param metrics root of the metric tables
     */
    record Inputs(
            SparkSession spark,
            TrainConfig config,
            TrainingData data,
            RunRecord run,
            RunLog log,
            Checkpoints checkpoints,
            Path metrics,
            Progress progress) {}

    SegmentedTraining(Inputs inputs) {
        this.inputs = inputs;
        config = inputs.config();
        run = inputs.run();
        log = inputs.log();
        checkpoints = inputs.checkpoints();
        progress = inputs.progress();
        workers = config.training().workers();
    }

    /** The training that a configuration asks for. */
    static SegmentedTraining of(Inputs inputs) {
        return switch (inputs.config().training().way()) {
            case SYNCHRONOUS -> new SynchronousTraining(inputs);
            case AVERAGING -> new AveragingTraining(inputs);
        };
    }

    /**
     * Trains to the end, or until the sentinel stops it.
     *
     * @param model initial, or as a checkpoint left it
     * @param from step before which that was
     */
    Ended train(byte[] model, long from, int firstAttempt) {
        step = from;
        attempt = firstAttempt;
        deal();
        total = steps(config, inputs.data(), workers);
        byte[] current = model;
        if (checkpoints.isEmpty()) {
            checkpoints.write(step, current);
        }
        int failures = 0;
        int rollbacks = 0;
        begin(null);
        while (step < total) {
            progress.stage(String.format("Training step %,d of %,d on %d workers", step, total, workers));
            List<Result> results;
            try {
                results = run(current, number++);
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                // Spark's own exceptions are checked, and undeclared.
                failures++;
                String why = reason(e);
                if (failures >= MOST_FAILURES) {
                    end("failed");
                    throw new InputException("Training of run '" + run.runId() + "' broke " + failures
                            + " times at step " + step + ", the last time for: " + why);
                }
                progress.stage("A segment broke, going on from step " + step + ": " + why);
                end("failed");
                event("restart", why);
                attempt++;
                begin(checkpoints.path(step).getName());
                continue;
            }
            failures = 0;
            Result first = results.get(0);
            boolean alike = results.stream().allMatch(r -> r.parameterHash() == first.parameterHash());
            if (!alike) {
                event("device_error", "Replicas differ after the segment that ended before step " + first.next());
            }
            log.topology(attempt, results.stream().map(this::place).toList());
            step = first.next();
            past = first.reports();
            current = first.model();
            Sign sign = first.trouble();
            switch (first.ending()) {
                case DONE -> checkpoint(current);
                case STOPPED -> {
                    end("stopped by the sentinel");
                    return new Ended(current, step, attempt + 1, "failed", sign);
                }
                case ROLLED_BACK -> {
                    rollbacks++;
                    if (rollbacks > config.sentinel().maxRollbacks()) {
                        end("stopped by the sentinel");
                        event("intervention", "stopped after " + (rollbacks - 1) + " rollbacks");
                        return new Ended(current, step, attempt + 1, "failed", sign);
                    }
                    current = rollBack(sign == null ? step : sign.since());
                }
                case QUARANTINED -> {
                    end("worker quarantined");
                    long examplesLeft = (total - step) * workers;
                    workers--;
                    attempt++;
                    soundOnly = true;
                    deal();
                    Long most = config.training().maxSteps();
                    total = step + (examplesLeft + workers - 1) / workers;
                    total = most == null ? total : Math.min(total, most);
                    checkpoint(current);
                    begin(checkpoints.path(step).getName());
                }
            }
        }
        end("finished");
        return new Ended(current, step, attempt + 1, "finished", null);
    }

    /** Lets go of what the training kept in the application. */
    @Override
    public void close() {}

    Inputs inputs() {
        return inputs;
    }

    int workers() {
        return workers;
    }

    /** The examples, dealt to the workers there are; after a quarantine without those that hold what is no number. */
    JavaRDD<byte[]> shards() {
        return soundOnly ? inputs.data().soundShards(workers) : inputs.data().shards(workers);
    }

    /** Names the dealing of examples to workers, so that a shard read once serves all segments of it. */
    String dealName() {
        return attempt + "/" + workers;
    }

    /** Steps from one checkpoint to the next. */
    long segmentSteps() {
        return config.training().segmentSteps();
    }

    /**
     * The segment whose turn it is.
     *
     * @param secret known to its workers only
     */
    Segment segment(int segmentNumber, long secret) {
        return new Segment(
                run,
                attempt,
                segmentNumber,
                step,
                Math.min(total, step + segmentSteps()),
                config.training().batch(),
                config.seed(),
                config.training().shuffle(),
                new CaptureSettings(
                        config.capture().layers(),
                        config.capture().budget(),
                        config.capture().everySteps()),
                Policies.of(config.sentinel()),
                Map.<String, DetectorSettings>of(),
                inputs.metrics().toString(),
                config.capture().flushSeconds(),
                secret,
                SILENCE_MILLIS,
                past,
                config.training().interceptor(),
                config.training().interceptorArguments());
    }

    /** Steps of a whole training. */
    static long steps(TrainConfig config, TrainingData data, int workers) {
        long perEpoch = data.examples() / workers / config.training().batch();
        long all = perEpoch * config.training().epochs();
        Long most = config.training().maxSteps();
        return most == null ? all : Math.min(all, most);
    }

    /**
     * Trains the {@link #segment} whose turn it is.
     *
     * @param segment number of the segment in this training
     * @return one result a worker, in their order; the first has the model
     * @throws Exception Spark's own, checked and undeclared, if the segment broke and is to be tried again
     */
    abstract List<Result> run(byte[] model, int segment) throws Exception;

    /** Tells that examples are to be dealt anew: the number of workers has changed. */
    abstract void deal();

    private void checkpoint(byte[] model) {
        checkpoints.write(step, model);
        event("checkpoint", checkpoints.path(step).getName());
    }

    /** Goes back to the newest checkpoint before the step that gave rise to it, with a lower learning rate. */
    private byte[] rollBack(long since) {
        end("rolled back");
        long target = checkpoints.before(since);
        double factor = config.sentinel().rollbackLearningRateFactor();
        Network network = Network.read(checkpoints.read(target));
        network.scaleLearningRates(factor);
        byte[] model = network.write();
        past = past.stream().filter(report -> report.step() < target).toList();
        step = target;
        attempt++;
        checkpoints.dropAfter(target);
        checkpoints.write(target, model);
        event(
                "learning_rate_change",
                String.format(Locale.ROOT, "times %s after a rollback, now %s", factor, network.learningRate()));
        begin(checkpoints.path(target).getName());
        return model;
    }

    private void begin(@Nullable String checkpoint) {
        now = new AttemptRecord(
                run.runId(),
                attempt,
                micros(),
                step,
                checkpoint,
                workers,
                (long) workers * config.training().batch(),
                null);
        log.attempt(now);
    }

    private void end(String reason) {
        if (now != null) {
            log.attempt(new AttemptRecord(
                    now.runId(),
                    now.attempt(),
                    now.startMicros(),
                    now.resumeStep(),
                    now.checkpoint(),
                    now.worldSize(),
                    now.globalBatch(),
                    reason));
        }
    }

    private void event(String kind, String detail) {
        log.event(attempt, step, micros(), kind, detail);
    }

    private TopologyRecord place(Result result) {
        return new TopologyRecord(
                run.runId(),
                attempt,
                result.worker(),
                result.host(),
                result.device(),
                result.worker(),
                null,
                null,
                null,
                null);
    }

    static long micros() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }

    /** What broke a segment, in one line; of a stage Spark tells it in its second one. */
    static String reason(Throwable e) {
        List<String> lines = String.valueOf(e.getMessage())
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("at "))
                .toList();
        String line = lines.stream()
                .filter(l -> !l.contains("failed barrier ResultStage") && !l.startsWith("Job aborted"))
                .findFirst()
                .orElse(lines.isEmpty() ? e.toString() : lines.get(0));
        return line.length() > 300 ? line.substring(0, 300) + "…" : line;
    }
}
