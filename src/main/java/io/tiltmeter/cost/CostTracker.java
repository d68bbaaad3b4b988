package io.tiltmeter.cost;

import io.tiltmeter.cost.StepLedger.Entry;
import io.tiltmeter.cost.StepLedger.Sum;
import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunCost;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepPoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Follows the time of one run, step by step, in bounded memory. What makes up the goodput is what Google's ML Goodput
 * Measurement (2024) counts: steps that are part of the result, at the time a healthy step takes, over all the time from
 * the start to the end, restarts included; MegaScale (Jiang et al., 2024) and Llama 3 (Dubey et al., 2024, section 3.3.4)
 * report the same share as effective training time. What is lost is split further than theirs.
 *
 * <p>A step takes what {@link Metric#STEP_SECONDS} says; where it was not logged, the time since the step before. Noise
 * cancels: what is compared with the healthy time is the sum over the steps, not each one.
 */
public final class CostTracker {
    /** Detectors whose errors, if they last to the end, make the training since then worthless. */
    private static final Set<String> RUINOUS = Set.of("divergence", "non-finite", "no-learning", "loss-scale-collapse");

    private static final String STRAGGLER = "straggler";
    /** A worker leads from a tenth on, as in the straggler detector. */
    private static final double LEAD = 1.1;

    private static final int ENTRIES = 4096;
    private static final int NO_PHASE = 0;
    private static final double MICROS = 1e6;
    private static final long NO_TIME = Long.MIN_VALUE;

    private final RunRecord run;
    private final long[] events;
    private final long planned;
    private final StepLedger ledger = new StepLedger(ENTRIES);
    private final StepSample sample = new StepSample();
    private final List<Entry> overwritten = new ArrayList<>();
    private final long[] lastLogged = new long[Metric.count()];
    private double replayed;
    private int attempt = Integer.MIN_VALUE;
    private int workers;
    private int mostWorkers;
    private int loggedWorkers;
    private long startMicros;
    private long previousTime;
    private long previousStep;
    private long firstStep = Long.MAX_VALUE;
    private boolean first;
    private boolean timed;
    private boolean measured;
    private boolean knownWorkers = true;

    /**
     * Begins a run.
     *
     * @param events steps at which a checkpoint was written or the model evaluated, ascending
     */
    public CostTracker(RunRecord run, long[] events) {
        this.run = run;
        this.events = events.clone();
        Long steps = run.plannedSteps();
        planned = steps == null || steps <= 0 ? Long.MAX_VALUE : steps;
        startMicros = known(run.startMicros());
        previousTime = NO_TIME;
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
        attempt = number;
        first = true;
        Integer size = record.map(AttemptRecord::worldSize).orElse(null);
        workers = size != null && size > 0 ? size : placed;
        mostWorkers = Math.max(mostWorkers, workers);
        knownWorkers &= workers > 0;
        long began =
                record.map(AttemptRecord::startMicros).map(CostTracker::known).orElse(NO_TIME);
        if (previousTime == NO_TIME && began != NO_TIME) {
            startMicros = began;
        }
    }

    /** Takes the next point; attempts in order, steps ascending within an attempt. */
    public void observe(StepPoint point) {
        if (point.attempt() != attempt) {
            attempt(point.attempt(), Optional.empty(), 0);
        }
        look(point);
        long step = point.step();
        boolean anew = false;
        if (first && ledger.size() > 0) {
            anew = previousStep >= planned && step <= firstStep;
            overwrite(step, anew);
        }
        firstStep = Math.min(firstStep, step);
        long time = point.timeMicros();
        long since = first && previousTime == NO_TIME ? startMicros : previousTime;
        // Whoever logs runs one after the other into one file did not pay for the time between them.
        since = anew ? NO_TIME : since;
        double passed = time == NO_TIME || since == NO_TIME || time < since ? Double.NaN : (time - since) / MICROS;
        long steps = first ? point.stepSpan() : Math.max(1, step - previousStep);
        take(point, steps, passed);
        first = false;
        previousStep = step;
        previousTime = time == NO_TIME ? previousTime : time;
    }

    /** Which metrics are logged when, and by how many workers. */
    private void look(StepPoint point) {
        for (int i = 0; i < Metric.count(); i++) {
            Metric metric = Metric.of(i);
            if (point.has(metric)) {
                lastLogged[i] = point.step();
                loggedWorkers = Math.max(loggedWorkers, point.workers(metric));
            }
        }
    }

    private void overwrite(long from, boolean anew) {
        if (anew) {
            ledger.close();
            return;
        }
        for (Entry entry : ledger.cut(from)) {
            replayed += entry.allSteps();
            overwritten.add(entry);
        }
        // Only sums matter of these, so that thousands of restarts take no more room than one.
        if (overwritten.size() > ENTRIES) {
            StepLedger joined = new StepLedger(ENTRIES / 2);
            overwritten.forEach(joined::add);
            overwritten.clear();
            for (int i = 0; i < joined.size(); i++) {
                overwritten.add(joined.entry(i));
            }
        }
    }

    private void take(StepPoint point, long steps, double passed) {
        double own = point.has(Metric.STEP_SECONDS) ? point.value(Metric.STEP_SECONDS) : Double.NaN;
        boolean hasOwn = own >= 0 && own < Double.POSITIVE_INFINITY;
        boolean hasPassed = !Double.isNaN(passed);
        if (!hasOwn && !hasPassed) {
            return;
        }
        measured |= hasOwn;
        timed |= hasPassed;
        double each = hasOwn ? own : passed / steps;
        boolean beginning = first && hasPassed;
        boolean event = !beginning && hasEvent(point.step() - steps, point.step());
        int phase = phase(point);
        double wait = straggling(point, each);
        if (!beginning && !event) {
            sample.add(attempt, point.step(), phase, each, wait);
        }
        double[] sums = new double[Sum.values().length];
        double all = hasPassed ? Math.max(passed, hasOwn ? own * steps : 0) : own * steps;
        if (beginning) {
            sums[Sum.START_STEPS.ordinal()] = steps;
            sums[Sum.START_SECONDS.ordinal()] = all;
        } else if (event) {
            sums[Sum.EVENT_STEPS.ordinal()] = steps;
            sums[Sum.EVENT_SECONDS.ordinal()] = all;
        } else {
            sums[Sum.STEPS.ordinal()] = steps;
            sums[Sum.SECONDS.ordinal()] = each * steps;
            sums[Sum.STRAGGLING.ordinal()] = wait * steps;
            sums[Sum.BETWEEN.ordinal()] = hasPassed ? passed - each * steps : 0;
        }
        ledger.add(new Entry(attempt, point.step() - steps + 1, point.step(), workers, phase, sums));
    }

    /** Whether the time after a step, up to the end of another, may hold an event: it is logged before or after its step. */
    private boolean hasEvent(long after, long last) {
        int at = Arrays.binarySearch(events, after);
        int next = at >= 0 ? at : -at - 1;
        return next < events.length && events[next] <= last;
    }

    /** Steps with about as much work, to within a factor of √2, are of one phase. */
    private static int phase(StepPoint point) {
        for (Metric metric : List.of(Metric.TOKENS, Metric.EXAMPLES)) {
            if (point.has(metric) && point.value(metric) > 0 && point.value(metric) < Double.POSITIVE_INFINITY) {
                return (int) Math.round(2 * Math.log(point.value(metric)) / Math.log(2)) + 1;
            }
        }
        return NO_PHASE;
    }

    /** How long the slowest worker kept the others waiting in a step; 0 where it was not slower by a tenth. */
    private static double straggling(StepPoint point, double seconds) {
        int computing = point.has(Metric.COMPUTE_SECONDS) ? point.workers(Metric.COMPUTE_SECONDS) : 0;
        if (computing > 1) {
            double slowest = point.value(Metric.COMPUTE_SECONDS);
            double median = point.median(Metric.COMPUTE_SECONDS);
            // Of two workers the other one is the peer.
            double peers = computing == 2 ? 2 * median - slowest : median;
            return slowest >= LEAD * peers ? Math.min(seconds, slowest - peers) : 0;
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
     * What the time so far was spent on.
     *
     * @param findings of this run, which say where it had a straggler and where it was beyond hope
     */
    public RunCost cost(List<Finding> findings) {
        if (sample.size() == 0) {
            return RunCost.notObservable(
                    run.runId(), "neither step_seconds nor the times of two steps of one start were logged");
        }
        StepRanges stragglers = StepRanges.of(findings.stream()
                .filter(finding -> finding.detector().equals(STRAGGLER))
                .toList());
        Accounts accounts = new Accounts(
                sample.healthyByPhase(stragglers),
                sample.healthy(stragglers),
                stragglers,
                Math.max(1, Math.max(mostWorkers, loggedWorkers)));
        overwritten.forEach(accounts::overwritten);
        int ruinedAttempt = attempt;
        long ruined = ruinedFrom(findings);
        double steps = 0;
        for (int i = 0; i < ledger.size(); i++) {
            Entry entry = ledger.entry(i);
            steps += entry.allSteps();
            accounts.survived(entry, entry.attempt() == ruinedAttempt ? ruined : Long.MAX_VALUE);
        }
        Long end = run.endMicros();
        if (end != null && previousTime != NO_TIME && end > previousTime && !"running".equals(run.status())) {
            accounts.after((end - previousTime) / MICROS, workers);
        }
        return new RunCost(
                run.runId(),
                "",
                basis(),
                Math.max(1, Math.max(mostWorkers, loggedWorkers)),
                Math.round(steps),
                Math.round(replayed),
                sample.healthy(stragglers),
                accounts.workerSeconds());
    }

    /** First step of the last start from which on there was an error to the end. */
    private long ruinedFrom(List<Finding> findings) {
        return findings.stream()
                .filter(finding -> finding.severity() == Severity.ERROR
                        && RUINOUS.contains(finding.detector())
                        && finding.attempt() == attempt
                        && finding.stepTo() >= lastLogged(finding.metric()))
                .mapToLong(Finding::stepFrom)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private long lastLogged(String metric) {
        return Metric.byColumn(metric).map(m -> lastLogged[m.ordinal()]).orElse(previousStep);
    }

    private String basis() {
        String times = measured
                ? timed
                        ? "step_seconds and logged times"
                        : "step_seconds alone: nothing is known of the time between steps"
                : "logged times alone: what passes between steps counts as theirs";
        String counted = knownWorkers
                ? "workers from attempts or topology"
                : loggedWorkers > 0 ? "as many workers as logged" : "number of workers not logged, counted as one";
        return times + "; " + counted
                + (events.length == 0 ? "; no checkpoints or evaluations in the table events" : "");
    }
}
