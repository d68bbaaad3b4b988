package io.tiltmeter.train;

/**
 * Decides how often to measure what is costly to measure, so that measuring takes no more than a given share of the time of
 * training. Arithmetic on given costs only: it reads no clock.
 *
 * <p>Three tiers: what is measured every step; norms of update and parameters; details of layers. What the first leaves of
 * the budget the norms may use to one half, and the details use the rest. Intervals are powers of two, and a step is
 * measured if its number is a multiple: workers that differ in speed still measure the same steps. None grows beyond
 * {@value #MAX_INTERVAL}, however scarce the budget.
 */
final class CaptureBudget {
    /** Longest interval, in steps. */
    static final int MAX_INTERVAL = 8192;

    // Measurements are slow while the JVM warms up; estimates follow quickly down and slowly up.
    private static final double DOWN = 0.5;
    private static final double UP = 0.1;

    // Where the first tier alone exceeds the budget, the others still get this share of it.
    private static final double LEAST_SHARE = 0.1;

    private final double budget;
    private final int everySteps;
    private final Estimate step = new Estimate();
    private final Estimate always = new Estimate();
    private final Estimate norms = new Estimate();
    private final Estimate layers = new Estimate();
    private int normInterval = 1;
    private int layerInterval = 1;

    private static final class Estimate {
        private double value = Double.NaN;

        void add(double seconds) {
            if (Double.isNaN(value)) {
                value = seconds;
            } else {
                value += (seconds < value ? DOWN : UP) * (seconds - value);
            }
        }

        boolean known() {
            return !Double.isNaN(value);
        }

        double orZero() {
            return known() ? value : 0;
        }
    }

    /**
     * Begins with nothing known.
     *
     * @param budget share of a step's time that measuring may take, in (0, 1]
     * @param everySteps fixed interval of the details of layers, with norms at every step; 0 to follow the budget
     */
    CaptureBudget(double budget, int everySteps) {
        if (!(budget > 0 && budget <= 1)) {
            throw new IllegalArgumentException("Budget is " + budget + ", expected > 0 and <= 1");
        }
        if (everySteps < 0) {
            throw new IllegalArgumentException("Interval is " + everySteps + " steps, expected >= 0");
        }
        this.budget = budget;
        this.everySteps = everySteps;
        if (everySteps > 0) {
            layerInterval = everySteps;
        }
    }

    /**
     * Learns what the last step took.
     *
     * @param stepSeconds the step without any measuring
     * @param alwaysSeconds what is measured every step
     * @param normSeconds the norms, NaN if they were not measured
     * @param layerSeconds the details of layers, NaN if they were not measured
     */
    void learn(double stepSeconds, double alwaysSeconds, double normSeconds, double layerSeconds) {
        step.add(Math.max(0, stepSeconds));
        always.add(alwaysSeconds);
        if (!Double.isNaN(normSeconds)) {
            norms.add(normSeconds);
        }
        if (!Double.isNaN(layerSeconds)) {
            layers.add(layerSeconds);
        }
        if (everySteps == 0) {
            decide();
        }
    }

    private void decide() {
        double whole = budget * step.orZero();
        double left = Math.max(whole - always.orZero(), LEAST_SHARE * whole);
        normInterval = interval(norms.orZero(), left / 2);
        layerInterval = interval(layers.orZero(), left - norms.orZero() / normInterval);
    }

    /** The least power of two that spreads a cost to no more than the allowance a step. */
    private static int interval(double cost, double allowance) {
        int interval = 1;
        while (interval < MAX_INTERVAL && cost > allowance * interval) {
            interval *= 2;
        }
        return interval;
    }

    boolean normsDue(long stepNumber) {
        return !norms.known() || stepNumber % normInterval == 0;
    }

    boolean layersDue(long stepNumber) {
        return !layers.known() || stepNumber % layerInterval == 0;
    }

    /** Steps from one measurement of the norms to the next. */
    int normInterval() {
        return normInterval;
    }

    /** Steps from one measurement of the layers to the next. */
    int layerInterval() {
        return layerInterval;
    }

    /** Share of a step's time that measuring takes as things stand. */
    double share() {
        double cost = always.orZero() + norms.orZero() / normInterval + layers.orZero() / layerInterval;
        return step.orZero() > 0 ? cost / step.orZero() : 0;
    }
}
