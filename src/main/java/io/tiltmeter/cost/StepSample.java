package io.tiltmeter.cost;

import io.tiltmeter.stats.Robust;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Step times of a run, all of them or, of a long one, every second, fourth, eighth … step. */
final class StepSample {
    private static final int CAPACITY = 4096;
    private static final int FIRST_LENGTH = 64;
    /** Fewer say too little of a phase; the median of all is taken then. */
    private static final int FEWEST = 5;

    private long[] steps = new long[FIRST_LENGTH];
    private int[] phases = new int[FIRST_LENGTH];
    private double[] seconds = new double[FIRST_LENGTH];
    private double[] straggling = new double[FIRST_LENGTH];
    private boolean[] events = new boolean[FIRST_LENGTH];
    private int size;
    private long every = 1;
    private long seen;

    /**
     * Median step times: of all steps, and of each phase.
     *
     * @param withEvents whether they are those of steps with events too, as most steps have one
     */
    record Healthy(double all, Map<Integer, Double> byPhase, boolean withEvents) {
        double of(int phase) {
            return byPhase.getOrDefault(phase, all);
        }

        /** The same where time runs slower or faster. */
        Healthy times(double factor) {
            Map<Integer, Double> scaled = new TreeMap<>();
            byPhase.forEach((phase, median) -> scaled.put(phase, factor * median));
            return new Healthy(factor * all, scaled, withEvents);
        }
    }

    /**
     * Takes a step time.
     *
     * @param wait how much of it the slowest worker kept the others waiting
     * @param event whether a checkpoint or an evaluation may be part of it
     */
    void add(long step, int phase, double time, double wait, boolean event) {
        if (seen++ % every != 0) {
            return;
        }
        if (size == CAPACITY) {
            for (int i = 0; i < CAPACITY / 2; i++) {
                steps[i] = steps[2 * i];
                phases[i] = phases[2 * i];
                seconds[i] = seconds[2 * i];
                straggling[i] = straggling[2 * i];
                events[i] = events[2 * i];
            }
            size = CAPACITY / 2;
            every *= 2;
            if ((seen - 1) % every != 0) {
                return;
            }
        }
        if (size == steps.length) {
            steps = Arrays.copyOf(steps, 2 * size);
            phases = Arrays.copyOf(phases, 2 * size);
            seconds = Arrays.copyOf(seconds, 2 * size);
            straggling = Arrays.copyOf(straggling, 2 * size);
            events = Arrays.copyOf(events, 2 * size);
        }
        steps[size] = step;
        phases[size] = phase;
        seconds[size] = time;
        straggling[size] = wait;
        events[size] = event;
        size++;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /**
     * How long steps take that nothing holds up: without what stragglers added, and without those of events, unless most
     * are. A phase with few steps has the median of all.
     */
    Healthy healthy(StepRanges stragglers) {
        int ofEvents = 0;
        for (int i = 0; i < size; i++) {
            ofEvents += events[i] ? 1 : 0;
        }
        boolean withEvents = 2 * ofEvents > size;
        double all = median(stragglers, withEvents, null);
        Map<Integer, Double> byPhase = new TreeMap<>();
        for (int phase : new TreeSet<>(Arrays.stream(phases, 0, size).boxed().toList())) {
            double own = median(stragglers, withEvents, phase);
            byPhase.put(phase, Double.isNaN(own) ? all : own);
        }
        return new Healthy(all, byPhase, withEvents);
    }

    /** @return NaN for a phase with few steps */
    private double median(StepRanges stragglers, boolean withEvents, @Nullable Integer phase) {
        double[] times = new double[size];
        int n = 0;
        for (int i = 0; i < size; i++) {
            if ((withEvents || !events[i]) && (phase == null || phases[i] == phase)) {
                times[n++] = seconds[i] - (stragglers.contains(steps[i]) ? straggling[i] : 0);
            }
        }
        return phase != null && n < FEWEST ? Double.NaN : Robust.median(Arrays.copyOf(times, n));
    }
}
