package io.tiltmeter.train;

import io.tiltmeter.config.ConfigException;
import io.tiltmeter.config.TrainConfig;
import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.TopologyRecord;
import io.tiltmeter.spark.InputException;
import io.tiltmeter.spark.Progress;
import io.tiltmeter.train.RunState.Checkpoint;
import io.tiltmeter.train.Segment.Result;
import io.tiltmeter.train.Segment.Sign;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
    /** How Spark quotes what a worker threw that no repetition would mend. */
    private static final Pattern REFUSAL = Pattern.compile(Pattern.quote(ConfigException.class.getName()) + ": (.*)|"
            + Pattern.quote(InputException.class.getName()) + ": (.*)");

    private final Inputs inputs;
    private final TrainConfig config;
    private final RunRecord run;
    private final RunLog log;
    private final Checkpoints checkpoints;
    private final Progress progress;

    // What a checkpoint's state holds.
    private RunState state;
    private Cursor cursor = Cursor.START;

    private long step;
    private long total;
    private int attempt;
    private int number;
    private int perEpoch;
    private @Nullable JavaRDD<byte[]> shards;
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
     * @param state how it stands: at its beginning, or as the newest checkpoint tells
     * @param metrics root of the metric tables
     */
    record Inputs(
            SparkSession spark,
            TrainConfig config,
            TrainingData data,
            RunRecord run,
            RunState state,
            RunLog log,
            Checkpoints checkpoints,
            Path metrics,
            Progress progress) {}

    SegmentedTraining(Inputs inputs) {
        this.inputs = inputs;
        config = inputs.config();
        run = inputs.run();
        state = inputs.state();
        log = inputs.log();
        checkpoints = inputs.checkpoints();
        progress = inputs.progress();
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
     * @param initial where there is no checkpoint to go on from
     */
    Ended train(Network initial) {
        // Numbers go on where an earlier training ended: what it recorded stays.
        attempt = log.attempts();
        byte[] current;
        if (state.checkpoints().isEmpty()) {
            deal(Cursor.START, 0);
            current = initial.write();
            keep(current);
        } else {
            attempt = Math.max(attempt, state.attempt() + 1);
            Checkpoint newest = checkpoints.newest();
            deal(newest.cursor(), newest.batchesPerEpoch());
            current = checkpoints.read(newest);
        }
        int failures = 0;
        begin(step == 0 ? null : checkpoints.newest().file());
        while (step < total) {
            progress.stage(String.format("Training step %,d of %,d on %d workers", step, total, workers()));
            List<Result> results;
            try {
                results = run(current, number++);
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                // Spark's own exceptions are checked, and undeclared.
                failures++;
                String why = reason(e);
                end("failed");
                refuse(e);
                if (failures >= MOST_FAILURES) {
                    throw new InputException("Training of run '" + run.runId() + "' broke " + failures
                            + " times at step " + step + ", the last time for: " + why);
                }
                progress.stage("A segment broke, going on from step " + step + ": " + why);
                event("restart", why);
                attempt++;
                begin(checkpoints.newest().file());
                continue;
            }
            failures = 0;
            Result first = results.get(0);
            boolean alike = results.stream().allMatch(r -> r.parameterHash() == first.parameterHash());
            if (!alike) {
                event("device_error", "Replicas differ after the segment that ended before step " + first.next());
            }
            log.topology(attempt, results.stream().map(this::place).toList());
            cursor = cursor.at(first.next(), perEpoch, globalBatch());
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
                    if (state.rollbacks() >= config.sentinel().maxRollbacks()) {
                        end("stopped by the sentinel");
                        event("intervention", "stopped after " + state.rollbacks() + " rollbacks");
                        return new Ended(current, step, attempt + 1, "failed", sign);
                    }
                    current = rollBack(sign == null ? step : sign.since());
                }
                case QUARANTINED -> {
                    leaveOut(Objects.requireNonNull(sign).worker(), results);
                    checkpoint(current);
                    begin(checkpoints.newest().file());
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

    /** How many workers there are. */
    int workers() {
        return state.workers().size();
    }

    /** Batches of a worker in an epoch. */
    int perEpoch() {
        return perEpoch;
    }

    /** The examples as they are dealt to the workers, by rank; a shard is computed only where a worker lacks it. */
    JavaRDD<byte[]> shards() {
        return Objects.requireNonNull(shards);
    }

    /** Names the dealing of examples to workers, so that a shard read once serves all segments of it. */
    String dealName() {
        return (state.soundOnly() ? "sound/" : "all/") + workers();
    }

    /** Steps from one checkpoint to the next. */
    long segmentSteps() {
        return config.training().segmentSteps();
    }

    private long globalBatch() {
        return (long) workers() * config.training().batch();
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
                state.workers(),
                cursor,
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
                config.detect(),
                inputs.metrics().toString(),
                config.capture().flushSeconds(),
                secret,
                SILENCE_MILLIS,
                past,
                config.training().interceptor(),
                config.training().interceptorArguments());
    }

    /** Steps of a whole training. */
    static long steps(TrainConfig config, TrainingData data) {
        int each = perEpoch(
                data.examples(), config.training().workers(), config.training().batch());
        return total(Cursor.START, each, config);
    }

    private static int perEpoch(long examples, int workers, int batch) {
        return Math.toIntExact(examples / workers / batch);
    }

    private static long total(Cursor from, int perEpoch, TrainConfig config) {
        long all = from.end(config.training().epochs(), perEpoch);
        Long most = config.training().maxSteps();
        return most == null ? all : Math.min(all, most);
    }

    /**
     * Trains the {@link #segment} whose turn it is.
     *
     * @param segment number of the segment in this training
     * @return one result a worker, in the order of their ranks; the first has the model
     * @throws Exception Spark's own, checked and undeclared, if the segment broke and is to be tried again
     */
    abstract List<Result> run(byte[] model, int segment) throws Exception;

    /** Keeps dealt examples at hand, where a way of training needs it; those of an earlier deal are let go. */
    JavaRDD<byte[]> kept(JavaRDD<byte[]> dealt) {
        return dealt;
    }

    /** Deals the examples to the workers there are, and goes on from a place in the data. */
    private void deal(Cursor from, int perEpochBefore) {
        TrainingData data = inputs.data();
        int batch = config.training().batch();
        long examples = state.soundOnly() ? data.soundExamples() : data.examples();
        perEpoch = perEpoch(examples, workers(), batch);
        if (perEpoch < 1) {
            throw new InputException("There are " + examples + " examples"
                    + (state.soundOnly() ? " without NaN and infinities" : "") + " to train on, expected at least "
                    + globalBatch() + " for " + workers() + " workers with batches of " + batch);
        }
        shards = LazyRdd.of(kept(state.soundOnly() ? data.soundShards(workers()) : data.shards(workers())));
        cursor = perEpochBefore == 0 ? from : from.redealt(perEpochBefore, perEpoch);
        step = cursor.step();
        total = total(cursor, perEpoch, config);
    }

    private void keep(byte[] model) {
        checkpoints.write(state, attempt, cursor, perEpoch, model);
    }

    private void checkpoint(byte[] model) {
        keep(model);
        event("checkpoint", checkpoints.newest().file());
    }

    /** Goes on without a worker. The others keep their numbers. */
    private void leaveOut(int worker, List<Result> results) {
        end("worker quarantined");
        event("intervention", "Worker " + worker + " is left out from here on");
        Places.release(inputs.spark(), worker, results).ifPresent(executor -> event("intervention", executor));
        state = state.without(worker);
        attempt++;
        deal(cursor, perEpoch);
    }

    /** Goes back to the newest checkpoint before the step that gave rise to it, with a lower learning rate. */
    private byte[] rollBack(long since) {
        end("rolled back");
        Checkpoint target = checkpoints.before(since);
        double factor = config.sentinel().rollbackLearningRateFactor();
        Network network = Network.read(checkpoints.read(target));
        network.scaleLearningRates(factor);
        byte[] model = network.write();
        past = past.stream().filter(report -> report.step() < target.step()).toList();
        state = state.rolledBack(factor);
        // The checkpoint may be of a time with more workers.
        deal(target.cursor(), target.batchesPerEpoch());
        attempt++;
        keep(model);
        event(
                "learning_rate_change",
                String.format(Locale.ROOT, "times %s after a rollback, now %s", factor, network.learningRate()));
        begin(checkpoints.newest().file());
        return model;
    }

    private void begin(@Nullable String checkpoint) {
        now = new AttemptRecord(run.runId(), attempt, micros(), step, checkpoint, workers(), globalBatch(), null);
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

    /** Ends the training where a worker refused what it was given: it would do so again. */
    private static void refuse(Exception e) {
        Matcher refusal = REFUSAL.matcher(String.valueOf(e.getMessage()));
        if (refusal.find()) {
            if (refusal.group(1) != null) {
                throw new ConfigException(refusal.group(1));
            }
            throw new InputException(refusal.group(2));
        }
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
