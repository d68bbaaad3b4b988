package io.tiltmeter.cost;

import io.tiltmeter.cost.StepLedger.Entry;
import io.tiltmeter.cost.StepLedger.Sum;
import io.tiltmeter.model.TimeUse;
import java.util.Map;
import java.util.TreeMap;

/** Books the time of ledger entries to its uses. */
final class Accounts {
    private final Map<Integer, Double> healthyByPhase;
    private final double healthy;
    private final StepRanges stragglers;
    private final int unknownWorkers;
    private final double[] seconds = new double[TimeUse.values().length];
    /** By phase: steps, their time and what stragglers added to it, all times workers. */
    private final Map<Integer, double[]> phases = new TreeMap<>();
    /** By phase: steps with an event, and their time. */
    private final Map<Integer, double[]> events = new TreeMap<>();

    private double between;

    /** @param unknownWorkers how many workers a start has of which that is not known */
    Accounts(Map<Integer, Double> healthyByPhase, double healthy, StepRanges stragglers, int unknownWorkers) {
        this.healthyByPhase = healthyByPhase;
        this.healthy = healthy;
        this.stragglers = stragglers;
        this.unknownWorkers = unknownWorkers;
    }

    /** Steps whose effect is gone. What it took to start is no step. */
    void overwritten(Entry entry) {
        double workers = workers(entry.workers());
        double steps = Math.min(entry.sum(Sum.START_SECONDS), entry.sum(Sum.START_STEPS) * healthy(entry.phase()));
        book(
                TimeUse.REPLAY,
                workers
                        * (entry.sum(Sum.SECONDS)
                                + Math.max(0, entry.sum(Sum.BETWEEN))
                                + entry.sum(Sum.EVENT_SECONDS)
                                + steps));
        book(TimeUse.RESTART, workers * (entry.sum(Sum.START_SECONDS) - steps));
    }

    /**
     * Steps that are part of the result.
     *
     * @param ruined first step from which on training led nowhere
     */
    void survived(Entry entry, long ruined) {
        double workers = workers(entry.workers());
        double lost = entry.share(ruined, Long.MAX_VALUE);
        double kept = workers * (1 - lost);
        double healthyStart =
                Math.min(entry.sum(Sum.START_SECONDS), entry.sum(Sum.START_STEPS) * healthy(entry.phase()));
        book(TimeUse.RESTART, workers * (entry.sum(Sum.START_SECONDS) - healthyStart));
        book(TimeUse.PRODUCTIVE, kept * healthyStart);
        book(
                TimeUse.DIVERGENCE,
                workers
                        * lost
                        * (healthyStart
                                + entry.sum(Sum.SECONDS)
                                + Math.max(0, entry.sum(Sum.BETWEEN))
                                + entry.sum(Sum.EVENT_SECONDS)));
        between += kept * entry.sum(Sum.BETWEEN);
        double[] phase = phases.computeIfAbsent(entry.phase(), p -> new double[3]);
        phase[0] += kept * entry.sum(Sum.STEPS);
        phase[1] += kept * entry.sum(Sum.SECONDS);
        phase[2] += kept * entry.sum(Sum.STRAGGLING) * stragglers.share(entry);
        double[] event = events.computeIfAbsent(entry.phase(), p -> new double[2]);
        event[0] += kept * entry.sum(Sum.EVENT_STEPS);
        event[1] += kept * entry.sum(Sum.EVENT_SECONDS);
    }

    /** Time after the last step. */
    void after(double time, int workers) {
        book(TimeUse.UNACCOUNTED, time * workers(workers));
    }

    /** All of it, by use. */
    double[] workerSeconds() {
        phases.forEach((phase, sums) -> {
            double productive = Math.min(sums[1] - sums[2], sums[0] * healthy(phase));
            book(TimeUse.PRODUCTIVE, productive);
            book(TimeUse.STRAGGLER, sums[2]);
            book(TimeUse.STALL, sums[1] - sums[2] - productive);
        });
        events.forEach((phase, sums) -> {
            double productive = Math.min(sums[1], sums[0] * healthy(phase));
            book(TimeUse.PRODUCTIVE, productive);
            book(TimeUse.CHECKPOINT, sums[1] - productive);
        });
        phases.clear();
        events.clear();
        // Clocks that disagree by fractions of a second cancel over the steps; a run cannot gain time.
        book(TimeUse.UNACCOUNTED, Math.max(0, between));
        between = 0;
        return seconds.clone();
    }

    private void book(TimeUse use, double time) {
        // Differences of sums may be a rounding error below 0.
        seconds[use.ordinal()] += Math.max(0, time);
    }

    private double healthy(int phase) {
        return healthyByPhase.getOrDefault(phase, healthy);
    }

    private double workers(int known) {
        return known > 0 ? known : unknownWorkers;
    }
}
