package io.tiltmeter.sources;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.EventRecord;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricRecord;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.Scope;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes runs and attempts of rows in the order of a log, and is the only place that does.
 *
 * <ul>
 *   <li>Neighbouring rows of one step become one.
 *   <li>A step that falls back to the beginning of training or from the planned last step, or a marker, begins a new run
 *       ({@code …/trial-2}).
 *   <li>A step that falls back elsewhere is a restart: the next attempt, with an event.
 *   <li>A step repeated with other values stays where it is; both rows are handed over.
 *   <li>Zeros that cannot be (see {@link MetricNames#zeroMeansMissing}) before a metric's first other value are a
 *       placeholder and dropped; so is a loss scale that is not positive.
 *   <li>A loss of exactly 0 beside a gradient norm that is not finite was replaced by the framework: it becomes NaN.
 *   <li>Cumulative times become step times, over the steps between two rows of an attempt; where the clock was set back
 *       there is none.
 * </ul>
 *
 * Memory: one row for each worker of each run, and a little for each run.
 */
final class RunAssembler {
    /** Where the logging interval is not known yet, a step this low is the beginning of training. */
    private static final int FIRST_STEPS = 10;
    /** How many logging intervals an evaluation may be logged late. */
    private static final int LATE_INTERVALS = 10;

    private static final int MAX_TRACKS = 200_000;

    /** All runs of one name. */
    private static final class Label {
        final String baseId;
        final List<RunState> runs = new ArrayList<>();

        Label(String baseId) {
            this.baseId = baseId;
        }
    }

    private static final class RunState {
        final String id;
        final Map<String, String> attributes = new HashMap<>();

        @Nullable
        Long seed;

        int attempts;
        int restarts;
        long lastStep = -1;
        boolean empty = true;

        @Nullable
        Long startMicros;

        @Nullable
        Long endMicros;
        /** Bit of each metric that had a value other than zero. */
        int seen;

        RunState(String id) {
            this.id = id;
        }
    }

    private record TrackKey(String label, int worker, String series) {}

    /** The rows of one worker (or one separately logged series) of one name. */
    private static final class Track {
        final Label label;
        final int worker;
        int run;
        int attempt;

        @Nullable
        Row pending;

        long previousGap;
        long cadence = Long.MAX_VALUE;
        boolean single = true;
        boolean trains;
        long cumulativeStep = -1;
        double cumulativeSeconds;

        Track(Label label, int worker, int run) {
            this.label = label;
            this.worker = worker;
            this.run = run;
        }

        void begin(int newRun, int newAttempt) {
            run = newRun;
            attempt = newAttempt;
            pending = null;
            previousGap = 0;
            single = true;
            cumulativeStep = -1;
            if (newAttempt == 0) {
                cadence = Long.MAX_VALUE;
                trains = false;
            }
        }
    }

    private final LogFile file;
    private final String project;
    private final RecordSink sink;
    private final Set<String> ids = new HashSet<>();
    private final Map<String, Label> labels = new LinkedHashMap<>();
    private final Map<TrackKey, Track> tracks = new LinkedHashMap<>();
    private @Nullable Long plannedSteps;
    private @Nullable TrackKey lastKey;
    private @Nullable Track lastTrack;

    /** Its runs are siblings of those in the other files of the folder. */
    RunAssembler(LogFile file, RecordSink sink) {
        this(file, file.project(), sink);
    }

    /** Its runs are of this project. */
    RunAssembler(LogFile file, String project, RecordSink sink) {
        this.file = file;
        this.project = project;
        this.sink = sink;
    }

    /** Says how many steps the runs of this file were meant to make. */
    void planned(long steps) {
        plannedSteps = steps > 0 ? (Long) steps : plannedSteps;
    }

    /** Adds what the log itself says about its (latest unlabelled) run. */
    void attribute(String key, String value) {
        RunState run = current(label(""));
        if (run.attributes.size() < ConfigFiles.MAX_KEYS) {
            run.attributes.put(Texts.clean(key, ConfigFiles.MAX_VALUE), Texts.clean(value, ConfigFiles.MAX_VALUE));
        }
    }

    /** A marker in the log: the rows that follow are of the trial with this number. */
    void trial(long number, @Nullable Long seed) throws UnreadableFileException {
        flushAll();
        Label label = label("");
        RunState run = new RunState(unique(label.baseId + "/trial-" + number));
        run.seed = seed;
        label.runs.add(run);
        for (Track track : tracks.values()) {
            if (track.label == label) {
                track.begin(label.runs.size() - 1, 0);
            }
        }
    }

    /** Sets the seed and attributes of a labelled run before its rows come. */
    void describe(String labelName, @Nullable Long seed, Map<String, String> attributes) {
        RunState run = current(label(labelName));
        run.seed = seed;
        run.attributes.putAll(attributes);
    }

    /** The next row of the file's only run, of the run as a whole. */
    void add(Row row) throws UnreadableFileException {
        add("", StepRecord.NO_WORKER, "", row);
    }

    /**
     * The next row.
     *
     * @param labelName name of the run within the file, empty for the only one
     * @param series distinguishes series that are logged one after the other and not step by step, else empty
     */
    void add(String labelName, int worker, String series, Row row) throws UnreadableFileException {
        Track track = track(labelName, worker, series);
        Row pending = track.pending;
        if (pending == null) {
            track.pending = row;
            return;
        }
        long gap = row.step - pending.step;
        if (gap == 0 && !pending.contradicts(row)) {
            pending.merge(row);
            return;
        }
        if (gap < 0 && isLateEvaluation(track, row, -gap)) {
            // The clock of the training has gone on: a difference to an earlier step would be of another one.
            row.cumulativeSeconds = null;
            emit(track, row, 1);
            return;
        }
        boolean fromScratch = gap <= 0 && isBeginning(track, row.step) || gap < 0 && reachedPlan(pending.step);
        if (gap > 0) {
            track.cadence = Math.min(track.cadence, gap);
            flush(track, gap);
            track.previousGap = gap;
            track.single = false;
        } else {
            boolean repeatedFirst = gap == 0 && track.single && fromScratch;
            flush(track, 0);
            if (gap < 0 && fromScratch || repeatedFirst) {
                if (track.run + 1 == track.label.runs.size()) {
                    int number = track.label.runs.size() + 1;
                    track.label.runs.add(new RunState(unique(track.label.baseId + "/trial-" + number)));
                }
                track.begin(track.run + 1, 0);
            } else if (gap < 0) {
                restart(track, pending.step, row);
            } else {
                track.previousGap = 0;
            }
        }
        track.pending = row;
    }

    /** Hands over what is left, and a row of {@code runs} for every run. */
    void finish() {
        flushAll();
        if (labels.isEmpty()) {
            label("");
        }
        if (!file.announcesRun()) {
            return;
        }
        for (Label label : labels.values()) {
            // Markers name their runs themselves; rows before the first marker are a run, nothing before it is none.
            boolean several = label.runs.size() > 1;
            for (RunState run : label.runs) {
                if (!(several && run.empty && run.id.equals(label.baseId))) {
                    announce(run);
                }
            }
        }
    }

    private void announce(RunState run) {
        Map<String, String> attributes = new HashMap<>(file.attributes());
        attributes.putAll(run.attributes);
        RunRecord record = Runs.record(run.id, project, attributes);
        record = record.withTimes(
                run.startMicros != null ? run.startMicros : record.startMicros(),
                run.endMicros != null ? run.endMicros : record.endMicros());
        if (run.seed != null) {
            record = record.withSeed(run.seed);
        }
        if (plannedSteps != null) {
            record = record.withPlannedSteps(plannedSteps);
        }
        if (run.empty) {
            record = Runs.emptied(record);
        } else if (plannedSteps != null && run.lastStep >= plannedSteps) {
            record = record.withStatus(Runs.FINISHED);
        }
        sink.run(record);
    }

    private void restart(Track track, long from, Row row) {
        RunState run = track.label.runs.get(track.run);
        track.begin(track.run, track.attempt + 1);
        if (track.attempt <= run.restarts) {
            return;
        }
        run.restarts = track.attempt;
        if (file.announcesRun()) {
            sink.event(new EventRecord(
                    run.id,
                    track.attempt,
                    track.worker,
                    row.step,
                    row.timeMicros,
                    "restart",
                    "Step falls back from " + from + " to " + row.step));
        }
    }

    private boolean reachedPlan(long step) {
        return plannedSteps != null && step >= plannedSteps;
    }

    private static boolean isBeginning(Track track, long step) {
        return step <= 1 || step <= (track.cadence == Long.MAX_VALUE ? FIRST_STEPS : track.cadence);
    }

    private static boolean isLateEvaluation(Track track, Row row, long back) {
        return track.trains
                && row.onlyEvaluates()
                && !isBeginning(track, row.step)
                && track.cadence != Long.MAX_VALUE
                && back / LATE_INTERVALS <= track.cadence;
    }

    private void flushAll() {
        for (Track track : tracks.values()) {
            flush(track, 0);
        }
    }

    private void flush(Track track, long nextGap) {
        Row row = track.pending;
        if (row == null) {
            return;
        }
        track.pending = null;
        emit(track, row, row.mean ? span(row.step, track.previousGap, nextGap, track.cadence) : 1);
    }

    /**
     * Over how many steps a logged mean goes: the distance of neighbours where it is regular. Excerpts have gaps, so
     * elsewhere it is the smallest distance so far if a neighbour is that near; and otherwise at most that, and a divisor
     * of the step, as loggers write every n-th step.
     */
    static long span(long step, long previousGap, long nextGap, long cadence) {
        if (previousGap == 0 && nextGap == 0) {
            return 1;
        }
        if (previousGap == nextGap) {
            return previousGap;
        }
        if ((previousGap == cadence || nextGap == cadence) && step % cadence == 0) {
            return cadence;
        }
        return Math.max(1, Math.min(gcd(gcd(previousGap, nextGap), step), cadence));
    }

    private static long gcd(long a, long b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    private void emit(Track track, Row row, long meanSpan) {
        RunState run = track.label.runs.get(track.run);
        long span = Math.max(meanSpan, differenceTimes(track, row));
        clean(run, row.values);
        track.trains |= !row.onlyEvaluates() && !row.values.isEmpty();
        if (row.values.isEmpty() && row.extras.isEmpty()) {
            return;
        }
        run.empty = false;
        run.lastStep = Math.max(run.lastStep, row.step);
        Long time = row.timeMicros;
        if (time != null) {
            run.startMicros = run.startMicros == null ? time : (Long) Math.min(run.startMicros, time);
            run.endMicros = run.endMicros == null ? time : (Long) Math.max(run.endMicros, time);
        }
        if (track.attempt >= run.attempts) {
            run.attempts = track.attempt + 1;
            if (file.announcesRun()) {
                Long batch = row.values.has(Metric.EXAMPLES) ? (Long) (long) row.values.get(Metric.EXAMPLES) : null;
                sink.attempt(new AttemptRecord(run.id, track.attempt, time, row.step, null, null, batch, null));
            }
        }
        if (!row.values.isEmpty()) {
            sink.step(new StepRecord(
                    run.id,
                    track.attempt,
                    track.worker,
                    row.step,
                    time,
                    track.worker == StepRecord.NO_WORKER ? Scope.GLOBAL : Scope.LOCAL,
                    (int) Math.min(Integer.MAX_VALUE, span),
                    row.values,
                    null,
                    null,
                    null));
        }
        for (Row.Extra extra : row.extras) {
            sink.metric(
                    new MetricRecord(run.id, track.attempt, track.worker, row.step, time, extra.name(), extra.value()));
        }
    }

    /** Sets the step time from cumulative times; over how many steps it is a mean. */
    private static long differenceTimes(Track track, Row row) {
        Double now = row.cumulativeSeconds;
        if (now == null) {
            return 1;
        }
        long steps = row.step - track.cumulativeStep;
        double seconds = now - track.cumulativeSeconds;
        boolean known = track.cumulativeStep >= 0 && steps > 0 && seconds > 0 && !row.values.has(Metric.STEP_SECONDS);
        track.cumulativeStep = row.step;
        track.cumulativeSeconds = now;
        if (!known) {
            return 1;
        }
        row.values.set(Metric.STEP_SECONDS, seconds / steps);
        return steps;
    }

    private static void clean(RunState run, MetricValues values) {
        if (values.has(Metric.LOSS)
                && values.get(Metric.LOSS) == 0
                && values.has(Metric.GRAD_NORM)
                && !Double.isFinite(values.get(Metric.GRAD_NORM))) {
            values.set(Metric.LOSS, Double.NaN);
        }
        if (values.has(Metric.LOSS_SCALE) && values.get(Metric.LOSS_SCALE) <= 0) {
            values.remove(Metric.LOSS_SCALE);
        }
        for (int i = 0; i < Metric.count(); i++) {
            Metric metric = Metric.of(i);
            if (values.has(metric)) {
                if (values.get(metric) != 0) {
                    run.seen |= 1 << i;
                } else if ((run.seen & (1 << i)) == 0 && MetricNames.zeroMeansMissing(metric)) {
                    values.remove(metric);
                }
            }
        }
    }

    private Label label(String name) {
        return labels.computeIfAbsent(name, key -> {
            Label label = new Label(unique(key.isEmpty() ? file.runId() : file.runId() + '/' + Texts.clean(key, 500)));
            label.runs.add(new RunState(label.baseId));
            return label;
        });
    }

    /** The id, or where a run of this file has it already, with a number behind it. */
    private String unique(String id) {
        String free = id;
        for (int n = 2; !ids.add(free); n++) {
            free = id + '~' + n;
        }
        return free;
    }

    private static RunState current(Label label) {
        return label.runs.get(label.runs.size() - 1);
    }

    private Track track(String labelName, int worker, String series) throws UnreadableFileException {
        TrackKey last = lastKey;
        if (last != null
                && lastTrack != null
                && last.worker() == worker
                && last.label().equals(labelName)
                && last.series().equals(series)) {
            return lastTrack;
        }
        TrackKey key = new TrackKey(labelName, worker, series);
        Track track = tracks.get(key);
        if (track == null) {
            if (tracks.size() >= MAX_TRACKS) {
                throw new UnreadableFileException("Log '" + file.path() + "' holds more than " + MAX_TRACKS
                        + " runs and workers; split it into smaller files");
            }
            Label label = label(labelName);
            track = new Track(label, worker, label.runs.size() - 1);
            tracks.put(key, track);
        }
        lastKey = key;
        lastTrack = track;
        return track;
    }
}
