package io.tiltmeter.cost;

import io.tiltmeter.stats.Robust;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntPredicate;

/** Step times of a run, all of them or, of a long one, every second, fourth, eighth … step. */
final class StepSample {
    private static final int CAPACITY = 4096;
    /** Fewer say too little of a phase; the median of all is taken then. */
    private static final int FEWEST = 5;

    private final int[] attempts = new int[CAPACITY];
    private final long[] steps = new long[CAPACITY];
    private final int[] phases = new int[CAPACITY];
    private final double[] seconds = new double[CAPACITY];
    private final double[] straggling = new double[CAPACITY];
    private int size;
    private long every = 1;
    private long seen;

    /**
     * Takes a step time.
     *
     * @param wait how much of it the slowest worker kept the others waiting
     */
    void add(int attempt, long step, int phase, double time, double wait) {
        if (seen++ % every != 0) {
            return;
        }
        if (size == CAPACITY) {
            for (int i = 0; i < CAPACITY / 2; i++) {
                attempts[i] = attempts[2 * i];
                steps[i] = steps[2 * i];
                phases[i] = phases[2 * i];
                seconds[i] = seconds[2 * i];
                straggling[i] = straggling[2 * i];
            }
            size = CAPACITY / 2;
            every *= 2;
            if ((seen - 1) % every != 0) {
                return;
            }
        }
        attempts[size] = attempt;
        steps[size] = step;
        phases[size] = phase;
        seconds[size] = time;
        straggling[size] = wait;
        size++;
    }

    int size() {
        return size;
    }

    /** Median step time of the run, without what stragglers added. */
    double healthy(StepRanges stragglers) {
        return Robust.median(times(stragglers, phase -> true));
    }

    /** The same of each phase. */
    Map<Integer, Double> healthyByPhase(StepRanges stragglers) {
        double all = healthy(stragglers);
        Map<Integer, Double> medians = new TreeMap<>();
        for (int phase : new TreeSet<>(Arrays.stream(phases, 0, size).boxed().toList())) {
            double[] own = times(stragglers, other -> other == phase);
            medians.put(phase, own.length < FEWEST ? all : Robust.median(own));
        }
        return medians;
    }

    private double[] times(StepRanges stragglers, IntPredicate wanted) {
        double[] times = new double[size];
        int n = 0;
        for (int i = 0; i < size; i++) {
            if (wanted.test(phases[i])) {
                boolean waited = stragglers.contains(attempts[i], steps[i]);
                times[n++] = seconds[i] - (waited ? straggling[i] : 0);
            }
        }
        return Arrays.copyOf(times, n);
    }
}
