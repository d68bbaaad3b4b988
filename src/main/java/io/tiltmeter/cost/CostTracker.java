package io.tiltmeter.cost;

import io.tiltmeter.cost.StepLedger.Entry;
import io.tiltmeter.cost.StepLedger.Sum;
import io.tiltmeter.cost.StepSample.Healthy;
import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunCost;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.StepPoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Follows the time of one run, step by step, in bounded memory. What makes up the goodput is what Google's ML Goodput
 * Measurement (2024) counts: steps that are part of the result, at the time a healthy step takes, over all the time from
 * the start to the end, restarts included; MegaScale (Jiang et al., 2024) and Llama 3 (Dubey et al., 2024, section 3.3.4)
 * report the same share as effective training time. What is lost is split further than theirs.
 *
 * <p>A step takes what {@link Metric#STEP_SECONDS} says; where it was not logged, the time since the step before. A row
 * stands for all steps since the one before. Noise cancels: what is compared with the healthy time is the sum over the
 * steps, not each one. Where times were logged, the uses of a run add up to the time that passed.
 */
public final class CostTracker {
    static final String STRAGGLER = "straggler";
    /** A worker leads from a tenth on, as in the straggler detector. */
    private static final double LEAD = 1.1;

    private static final int ENTRIES = 4096;
    /** Below this the measured step times are far enough from the logged ones to say so. */
    private static final double CLOCK_TOLD = 0.95;

    private static final int NO_PHASE = 0;
    private static final double MICROS = 1e6;
    private static final long NO_TIME = Long.MIN_VALUE;
    /** What tells how much work a step is, and what adds up over the steps to as much. */
    private static final List<Metric> SIZES = List.of(Metric.TOKENS, Metric.EXAMPLES);

    private static final List<Metric> CONSUMED = List.of(Metric.CONSUMED_TOKENS, Metric.CONSUMED_EXAMPLES);

    private final RunRecord run;
    private final long[] events;
    private final double heldSeconds;
    private final long planned;
    private final StepLedger ledger = new StepLedger(ENTRIES);
    private final StepSample sample = new StepSample();
    private final Ruin ruin = new Ruin();
    private final List<Entry> overwritten = new ArrayList<>();

    private double replayed;
    private double idleSeconds;
    private int mostWorkers;
    private int loggedWorkers;
    private long firstStep = Long.MAX_VALUE;

    // The present start, and its first point as long as the next one has not told how many steps it stands for.
    private int attempt = Integer.MIN_VALUE;
    private int workers;
    private long began;
    private long resumed = -1;
    private boolean first = true;
    private @Nullable Reading opening;

    // The last step that was booked, when the last step with a time was logged, and what was booked since.
    private long previousStep;
    private long previousTime = NO_TIME;
    private double booked;
    private boolean evaluated;
    /** Of each metric of data consumed the last value of this start, and its step; NaN without any. */
    private final double[] consumed = {Double.NaN, Double.NaN};

    private final long[] consumedAt = new long[CONSUMED.size()];

    private boolean timed;
    private boolean measured;
    private boolean knownWorkers = true;
    private boolean lateLog;

    /** What counts of a point. */
    private record Reading(
            long step, int span, long time, double seconds, double waiting, int phase, boolean evaluated) {
        boolean isMeasured() {
            return !Double.isNaN(seconds);
        }
    }

    /**
     * Begins a run.
     *
     * @param events steps at which a checkpoint was written or the model evaluated, ascending
     * @param heldSeconds how long after the last step of a start the workers still count as held, if there is another one
     */
    public CostTracker(RunRecord run, long[] events, double heldSeconds) {
        this.run = run;
        this.events = events.clone();
        this.heldSeconds = heldSeconds;
        Long steps = run.plannedSteps();
        planned = steps == null || steps <= 0 ? Long.MAX_VALUE : steps;
        began = known(run.startMicros());
    }

    private static long known(@Nullable Long micros) {
        return micros == null ? NO_TIME : micros;
    }

    /**
     * A new start of the run.
     *
     * @param placed number of workers whose place is known, 0 if none
     */
    public void attempt(int number, Optional<AttemptRecord> record, int placed) {
        open(1);
        attempt = number;
        first = true;
        evaluated = false;
        Arrays.fill(consumed, Double.NaN);
        Integer size = record.map(AttemptRecord::worldSize).orElse(null);
        workers = size != null && size > 0 ? size : placed;
        mostWorkers = Math.max(mostWorkers, workers);
        knownWorkers &= workers > 0;
        resumed = record.map(AttemptRecord::resumeStep).orElse(-1L);
        long start =
                record.map(AttemptRecord::startMicros).map(CostTracker::known).orElse(NO_TIME);
        began = start == NO_TIME && ledger.size() == 0 ? known(run.startMicros()) : start;
    }

    /** Takes the next point; attempts in order, steps ascending within an attempt. */
    public void observe(StepPoint point) {
        if (point.attempt() != attempt) {
            attempt(point.attempt(), Optional.empty(), 0);
        }
        ruin.observe(point);
        for (int i = 0; i < Metric.count(); i++) {
            if (point.has(Metric.of(i))) {
                loggedWorkers = Math.max(loggedWorkers, point.workers(Metric.of(i)));
            }
        }
        Reading reading = read(point);
        if (first) {
            first = false;
            opening = reading;
            return;
        }
        if (opening != null) {
            open(reading.step - opening.step);
        }
        take(reading);
    }

    private Reading read(StepPoint point) {
        double own = point.has(Metric.STEP_SECONDS) ? point.value(Metric.STEP_SECONDS) : Double.NaN;
        own = own >= 0 && own < Double.POSITIVE_INFINITY ? own : Double.NaN;
        // An evaluation takes its time before the row that tells of it, or after.
        boolean here = point.has(Metric.EVAL_LOSS);
        boolean beside = here || evaluated;
        evaluated = here;
        return new Reading(
                point.step(), point.stepSpan(), point.timeMicros(), own, straggling(point, own), phase(point), beside);
    }

    /**
     * Books the first point of a start, if there is one that is not yet.
     *
     * @param stride steps from it to the next point
     */
    private void open(long stride) {
        Reading point = opening;
        if (point == null) {
            return;
        }
        opening = null;
        long usual = Math.max(point.span, stride);
        // A start that says where it resumed, and whose log begins far above, left out more than that.
        boolean told = resumed >= 0 && resumed <= point.step && point.step - resumed < 2 * usual;
        long from = told ? resumed : Math.max(0, point.step - usual + 1);
        boolean again = ledger.size() > 0;
        boolean anew = again && previousStep >= planned && point.step <= firstStep;
        if (again && !anew) {
            from = told || point.step <= previousStep ? Math.min(from, previousStep + 1) : previousStep + 1;
            overwrite(from);
        } else if (!told && point.step >= 2 * usual) {
            // Steps are numbered from 0 or 1. A log that begins later says nothing of the time before it.
            lateLog = true;
            began = NO_TIME;
        }
        if (anew) {
            // Whoever logs runs one after the other into one file did not pay for the time between them.
            ledger.close();
            previousTime = NO_TIME;
        }
        firstStep = Math.min(firstStep, point.step);
        double passed = sinceBefore(point.time);
        if (!Double.isNaN(passed) || point.isMeasured()) {
            measured |= point.isMeasured();
            timed |= !Double.isNaN(passed);
            double[] sums = new double[Sum.values().length];
            sums[Sum.START_STEPS.ordinal()] = point.step - from + 1;
            if (Double.isNaN(passed)) {
                sums[Sum.START_MEASURED.ordinal()] = point.seconds * (point.step - from + 1);
            } else {
                sums[Sum.START_SECONDS.ordinal()] = passed;
            }
            ledger.add(new Entry(attempt, from, point.step, workers, point.phase, sums));
        }
        remember(point, point.step - from + 1);
    }

    /** Time from the last step before a start, or else from its begin, to its first point, as far as workers were held. */
    private double sinceBefore(long time) {
        if (time == NO_TIME || (previousTime == NO_TIME ? began == NO_TIME || began > time : previousTime > time)) {
            return Double.NaN;
        }
        if (previousTime == NO_TIME) {
            return (time - began) / MICROS;
        }
        double all = Math.max(0, (time - previousTime) / MICROS - booked);
        double starting = began >= previousTime && began <= time ? (time - began) / MICROS : 0;
        double idle = Math.max(0, all - starting - heldSeconds);
        idleSeconds += idle;
        return all - idle;
    }

    private void overwrite(long from) {
        for (Entry entry : ledger.cut(from)) {
            replayed += entry.allSteps();
            overwritten.add(entry);
        }
        // Only sums matter of these, so that thousands of restarts take no more room than one.
        if (overwritten.size() > ENTRIES) {
            StepLedger joined = new StepLedger(ENTRIES / 2);
            overwritten.forEach(joined::add);
            overwritten.clear();
            overwritten.addAll(joined.entries());
        }
    }

    /** A point that is not the first of its start. */
    private void take(Reading point) {
        boolean known = point.time != NO_TIME && previousTime != NO_TIME && point.time >= previousTime;
        double passed = known ? (point.time - previousTime) / MICROS - booked : Double.NaN;
        if (known || point.isMeasured()) {
            book(point, previousStep + 1, passed);
            remember(point, point.step - previousStep);
        } else if (point.time != NO_TIME) {
            // The clock begins here, or was set back.
            remember(point, 0);
        }
        // Otherwise the next point stands for this one too.
    }

    /** @param passed logged time since the step before; NaN if that is not known, below 0 where clocks disagree */
    private void book(Reading point, long from, double passed) {
        boolean hasPassed = !Double.isNaN(passed);
        if (!hasPassed && !point.isMeasured()) {
            return;
        }
        measured |= point.isMeasured();
        timed |= hasPassed;
        long steps = point.step - from + 1;
        double each = point.isMeasured() ? point.seconds : Math.max(0, passed) / steps;
        double waiting = Math.min(each, point.waiting);
        boolean event = point.evaluated || hasEvent(from - 1, point.step);
        sample.add(point.step, point.phase, each, waiting, event);
        double[] sums = new double[Sum.values().length];
        if (event) {
            double all = hasPassed ? Math.max(0, passed) : each * steps;
            sums[Sum.EVENT_STEPS.ordinal()] = steps;
            sums[Sum.EVENT_SECONDS.ordinal()] = all;
            sums[Sum.BETWEEN.ordinal()] = hasPassed ? passed - all : 0;
        } else {
            sums[Sum.STEPS.ordinal()] = steps;
            sums[Sum.SECONDS.ordinal()] = each * steps;
            sums[Sum.STRAGGLING.ordinal()] = waiting * steps;
            sums[Sum.BETWEEN.ordinal()] = hasPassed ? passed - each * steps : 0;
        }
        ledger.add(new Entry(attempt, from, point.step, workers, point.phase, sums));
    }

    private void remember(Reading point, long steps) {
        previousStep = point.step;
        if (point.time != NO_TIME) {
            previousTime = point.time;
            booked = 0;
        } else if (point.isMeasured()) {
            booked += point.seconds * steps;
        }
    }

    /** Whether the time after a step, up to the end of another, may hold an event: it is logged before or after its step. */
    private boolean hasEvent(long after, long last) {
        int at = Arrays.binarySearch(events, after);
        int next = at >= 0 ? at : -at - 1;
        return next < events.length && events[next] <= last;
    }

    /** Steps with about as much work, to within a factor of √2, are of one phase. */
    private int phase(StepPoint point) {
        double size = Double.NaN;
        for (int i = CONSUMED.size() - 1; i >= 0; i--) {
            if (point.has(CONSUMED.get(i))) {
                double now = point.value(CONSUMED.get(i));
                double each = (now - consumed[i]) / (point.step() - consumedAt[i]);
                size = isSize(each) ? each : size;
                consumed[i] = now;
                consumedAt[i] = point.step();
            }
        }
        for (int i = SIZES.size() - 1; i >= 0; i--) {
            boolean known = point.has(SIZES.get(i)) && isSize(point.value(SIZES.get(i)));
            size = known ? point.value(SIZES.get(i)) : size;
        }
        return Double.isNaN(size) ? NO_PHASE : (int) Math.round(2 * Math.log(size) / Math.log(2)) + 1;
    }

    private static boolean isSize(double size) {
        return size > 0 && size < Double.POSITIVE_INFINITY;
    }

    /**
     * How long the slowest worker kept the others waiting in a step; 0 where it was not slower by a tenth.
     *
     * @param seconds measured time of the step, NaN if it was not logged
     */
    private static double straggling(StepPoint point, double seconds) {
        int computing = point.has(Metric.COMPUTE_SECONDS) ? point.workers(Metric.COMPUTE_SECONDS) : 0;
        if (computing > 1) {
            double slowest = point.value(Metric.COMPUTE_SECONDS);
            double median = point.median(Metric.COMPUTE_SECONDS);
            // Of two workers the other one is the peer.
            double peers = computing == 2 ? 2 * median - slowest : median;
            return slowest >= LEAD * peers ? slowest - peers : 0;
        }
        int waiting = point.has(Metric.COLLECTIVE_WAIT_SECONDS) ? point.workers(Metric.COLLECTIVE_WAIT_SECONDS) : 0;
        if (waiting > 1) {
            // The slowest worker is the one that waits least.
            double wait = point.median(Metric.COLLECTIVE_WAIT_SECONDS) - point.value(Metric.COLLECTIVE_WAIT_SECONDS);
            double others = seconds - wait;
            return others > 0 && seconds >= LEAD * others ? wait : 0;
        }
        return 0;
    }

    /**
     * What the time so far was spent on. No finding but those of single runs' detectors counts: what is found in other
     * metrics, or against other runs, says neither how long somebody waited nor since when training led nowhere.
     *
     * @param findings of this run, which say where it had a straggler and where it was beyond hope
     */
    public RunCost cost(List<Finding> findings) {
        open(1);
        if (sample.isEmpty()) {
            return RunCost.notObservable(
                    run.runId(), "neither step_seconds nor the times of two steps of one start were logged");
        }
        StepRanges stragglers = StepRanges.of(findings.stream()
                .filter(finding -> finding.detector().equals(STRAGGLER))
                .toList());
        Healthy healthy = sample.healthy(stragglers);
        int most = Math.max(1, Math.max(mostWorkers, loggedWorkers));
        List<Entry> all = new ArrayList<>(overwritten);
        all.addAll(ledger.entries());
        double clock = Accounts.clock(all, most);
        Accounts accounts = new Accounts(healthy, clock, stragglers, most);
        Map<Integer, Long> ruined = new HashMap<>();
        overwritten.forEach(entry -> accounts.overwritten(
                entry, ruined.computeIfAbsent(entry.attempt(), number -> ruin.from(findings, number))));
        double steps = 0;
        for (int i = 0; i < ledger.size(); i++) {
            Entry entry = ledger.entry(i);
            steps += entry.allSteps();
            // What earlier starts left is the way to the last one's end, wherever the error began.
            int decisive = ledger.isClosed(i) ? entry.attempt() : attempt;
            accounts.survived(entry, ruined.computeIfAbsent(decisive, number -> ruin.from(findings, number)));
        }
        Long end = run.endMicros();
        if (end != null && previousTime != NO_TIME && !"running".equals(run.status())) {
            accounts.after(Math.max(0, (end - previousTime) / MICROS - booked), workers);
        }
        return new RunCost(
                run.runId(),
                "",
                basis(clock),
                most,
                Math.round(steps),
                Math.round(replayed),
                clock * healthy.all(),
                idleSeconds,
                accounts.workerSeconds());
    }

    private String basis(double clock) {
        List<String> parts = new ArrayList<>();
        parts.add(
                measured
                        ? timed
                                ? "step_seconds and logged times"
                                : "step_seconds alone: nothing is known of the time between steps"
                        : "logged times alone: what passes between steps counts as theirs");
        parts.add(
                knownWorkers
                        ? "workers from attempts or topology"
                        : loggedWorkers > 0
                                ? "as many workers as logged"
                                : "number of workers not logged, counted as one");
        if (events.length == 0) {
            parts.add("no checkpoints or evaluations in the table events");
        }
        if (lateLog) {
            parts.add("the log begins late: the time before it is not counted");
        }
        if (clock < CLOCK_TOLD) {
            parts.add(String.format(
                    Locale.ROOT,
                    "step_seconds add up to more than the logged times: taken for %.0f %% of what they say",
                    100 * clock));
        }
        return String.join("; ", parts);
    }
}
