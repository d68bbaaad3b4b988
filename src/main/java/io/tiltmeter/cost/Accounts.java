package io.tiltmeter.cost;

import io.tiltmeter.cost.StepLedger.Entry;
import io.tiltmeter.cost.StepLedger.Sum;
import io.tiltmeter.cost.StepSample.Healthy;
import io.tiltmeter.model.TimeUse;
import java.util.Map;
import java.util.TreeMap;

/**
 * Books the time of ledger entries to its uses, each second of it once. Steps of one phase are booked together: what they
 * took beyond so many healthy steps is lost, so that noise cancels.
 */
final class Accounts {
    private final Healthy healthy;
    private final double clock;
    private final StepRanges stragglers;
    private final int unknownWorkers;
    private final double[] seconds = new double[TimeUse.values().length];
    /** By phase: steps, their time and what stragglers added to it, all times workers. */
    private final Map<Integer, double[]> phases = new TreeMap<>();
    /** By phase: steps with an event, and their time. */
    private final Map<Integer, double[]> events = new TreeMap<>();

    private double betweenReplayed;
    private double betweenLost;
    private double betweenKept;

    /**
     * @param clock what measured step times are multiplied by
     * @param unknownWorkers how many workers a start has of which that is not known
     */
    Accounts(Healthy healthy, double clock, StepRanges stragglers, int unknownWorkers) {
        this.healthy = healthy.times(clock);
        this.clock = clock;
        this.stragglers = stragglers;
        this.unknownWorkers = unknownWorkers;
    }

    /** Of a log in which steps took more time than passed: what measured times are multiplied by to agree. */
    static double clock(Iterable<Entry> entries, int unknownWorkers) {
        double measured = 0;
        double between = 0;
        for (Entry entry : entries) {
            int workers = entry.workers() > 0 ? entry.workers() : unknownWorkers;
            measured += workers * (entry.sum(Sum.SECONDS) + entry.sum(Sum.START_MEASURED));
            between += workers * entry.sum(Sum.BETWEEN);
        }
        // No time at all passed: then the times are not those of the steps.
        return between < 0 && measured + between > 0 ? (measured + between) / measured : 1;
    }

    /**
     * Steps that a later start overwrote. What it took to start is no step.
     *
     * @param ruined first step from which on their start led nowhere
     */
    void overwritten(Entry entry, long ruined) {
        double lost = entry.share(ruined, Long.MAX_VALUE);
        double time = steps(entry);
        book(TimeUse.REPLAY, (1 - lost) * time);
        book(TimeUse.DIVERGENCE, lost * time);
        book(TimeUse.RESTART, start(entry) - starting(entry));
        double between = workers(entry) * entry.sum(Sum.BETWEEN);
        betweenReplayed += (1 - lost) * between;
        betweenLost += lost * between;
    }

    /**
     * Steps that are part of the result.
     *
     * @param ruined first step from which on training led nowhere
     */
    void survived(Entry entry, long ruined) {
        double lost = entry.share(ruined, Long.MAX_VALUE);
        double kept = workers(entry) * (1 - lost);
        book(TimeUse.RESTART, start(entry) - starting(entry));
        book(TimeUse.PRODUCTIVE, (1 - lost) * starting(entry));
        book(TimeUse.DIVERGENCE, lost * steps(entry));
        double between = entry.sum(Sum.BETWEEN);
        betweenLost += workers(entry) * lost * between;
        betweenKept += kept * between;
        double[] phase = phases.computeIfAbsent(entry.phase(), p -> new double[3]);
        phase[0] += kept * entry.sum(Sum.STEPS);
        phase[1] += kept * clock * entry.sum(Sum.SECONDS);
        phase[2] += kept * clock * entry.sum(Sum.STRAGGLING) * stragglers.share(entry);
        double[] event = events.computeIfAbsent(entry.phase(), p -> new double[2]);
        event[0] += kept * entry.sum(Sum.EVENT_STEPS);
        event[1] += kept * entry.sum(Sum.EVENT_SECONDS);
    }

    /** Time of all steps of an entry, those of a start at the healthy step time; times workers. */
    private double steps(Entry entry) {
        return workers(entry) * (clock * entry.sum(Sum.SECONDS) + entry.sum(Sum.EVENT_SECONDS)) + starting(entry);
    }

    /** What the steps of a start would have taken at the healthy step time, at most all of it; times workers. */
    private double starting(Entry entry) {
        return Math.min(start(entry), workers(entry) * entry.sum(Sum.START_STEPS) * healthy.of(entry.phase()));
    }

    /** Time of a start up to its first logged step, times workers. */
    private double start(Entry entry) {
        return workers(entry) * (entry.sum(Sum.START_SECONDS) + clock * entry.sum(Sum.START_MEASURED));
    }

    /** Time after the last step. */
    void after(double time, int workers) {
        book(TimeUse.UNACCOUNTED, time * (workers > 0 ? workers : unknownWorkers));
    }

    /** All of it, by use; once. */
    double[] workerSeconds() {
        phases.forEach((phase, sums) -> {
            double straggling = Math.min(sums[1], sums[2]);
            double productive = Math.min(sums[1] - straggling, sums[0] * healthy.of(phase));
            book(TimeUse.PRODUCTIVE, productive);
            book(TimeUse.STRAGGLER, straggling);
            book(TimeUse.STALL, sums[1] - straggling - productive);
        });
        events.forEach((phase, sums) -> {
            double productive = Math.min(sums[1], sums[0] * healthy.of(phase));
            book(TimeUse.PRODUCTIVE, productive);
            // Where most steps have an event, what one takes longer is not known to be for it.
            book(healthy.withEvents() ? TimeUse.STALL : TimeUse.CHECKPOINT, sums[1] - productive);
        });
        // Clocks that disagree by fractions of a second cancel over the steps: no use has less than nothing.
        double all = Math.max(0, betweenReplayed + betweenLost + betweenKept);
        double positive = Math.max(0, betweenReplayed) + Math.max(0, betweenLost) + Math.max(0, betweenKept);
        if (positive > 0) {
            book(TimeUse.REPLAY, all * Math.max(0, betweenReplayed) / positive);
            book(TimeUse.DIVERGENCE, all * Math.max(0, betweenLost) / positive);
            book(TimeUse.UNACCOUNTED, all * Math.max(0, betweenKept) / positive);
        }
        return seconds.clone();
    }

    private void book(TimeUse use, double time) {
        // Differences of sums may be a rounding error below 0.
        seconds[use.ordinal()] += Math.max(0, time);
    }

    private double workers(Entry entry) {
        return entry.workers() > 0 ? entry.workers() : unknownWorkers;
    }
}
