package io.tiltmeter.detect;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.stats.Robust;
import java.util.Arrays;
import java.util.Optional;

/**
 * Losses of steps that a restart repeats, against the first time. Compared are steps whose learning rate, data cursor and
 * span are the same in both starts, with the last {@value EffectiveCurve#KEPT} logged steps of the starts before.
 */
final class Replays {
    /** Replayed steps from which the spread of their differences is a measure. */
    static final int FEWEST = 16;
    /** Spread of the differences, as a share of two batches', below which the data are the same. */
    static final double SAME_DATA = 0.5;

    /** Steps before the restart that tell the run's noise. */
    private static final int NOISE_STEPS = 256;

    private static final double SAME_SETTING = 1e-6;

    private static final int LOSS = 0;
    private static final int RATE = 1;
    private static final int CURSOR = 2;
    private static final int SPAN = 3;

    /** Differences of log loss at the steps that one start repeats. */
    static final class Replay {
        final int attempt;
        final double noise;
        final double digit;
        private long[] steps = new long[FEWEST];
        private double[] differences = new double[FEWEST];
        private int count;

        /**
         * @param noise robust standard deviation of log loss from step to step
         * @param digit smallest relative difference of two neighbouring losses, which a unit of the last digit cannot exceed
         */
        private Replay(int attempt, double noise, double digit) {
            this.attempt = attempt;
            this.noise = noise;
            this.digit = digit;
        }

        private void add(long step, double difference) {
            if (count == EffectiveCurve.KEPT) {
                return;
            }
            if (count == steps.length) {
                steps = Arrays.copyOf(steps, 2 * count);
                differences = Arrays.copyOf(differences, 2 * count);
            }
            steps[count] = step;
            differences[count++] = difference;
        }

        /** Steps compared. */
        int count() {
            return count;
        }

        long step(int at) {
            return steps[at];
        }

        double difference(int at) {
            return differences[at];
        }

        /** First difference beyond rounding; {@link #count} if there is none. */
        int firstBeyond(double rounding) {
            int at = 0;
            while (at < count && Math.abs(differences[at]) <= rounding) {
                at++;
            }
            return at;
        }

        /** Robust standard deviation of the differences, which one wrong state or a late corruption hardly moves. */
        double spread() {
            return spread(count);
        }

        /** The same of the first {@value Replays#FEWEST} steps: what differs by rounding alone grows from step to step. */
        double earlySpread() {
            return spread(Math.min(count, FEWEST));
        }

        private double spread(int steps) {
            return Robust.MAD_TO_SIGMA * Robust.madCorrection(steps) * Robust.mad(Arrays.copyOf(differences, steps));
        }

        /** Spread as a share of what two batches differ by. */
        double share() {
            return spread() / (Math.sqrt(2) * noise);
        }

        /** Median size of the first three differences: a wrong state lasts longer than one step. */
        double start() {
            return Robust.median(Math.abs(differences[0]), Math.abs(differences[1]), Math.abs(differences[2]));
        }

        /** Whether there are enough steps to tell the spread, and noise to hold it against. */
        boolean isMeasured() {
            return count >= FEWEST && noise > 0;
        }
    }

    private final EffectiveCurve curve = new EffectiveCurve(4);
    private Optional<Replay> replay = Optional.empty();
    private long firstStep = -1;
    private boolean awaiting;

    /** The current start's; empty where it repeats nothing or nothing has been logged of it. */
    Optional<Replay> current() {
        return replay;
    }

    /** A later start begins; {@link #current} is over. */
    void restart() {
        replay = Optional.empty();
        curve.restart();
        awaiting = true;
    }

    /** Takes the next step of the current start; steps without a positive finite loss are left out. */
    void observe(StepPoint point) {
        firstStep = firstStep < 0 ? point.step() : firstStep;
        double loss = point.has(Metric.LOSS) ? point.value(Metric.LOSS) : Double.NaN;
        if (!Numbers.isUsable(loss) || loss <= 0) {
            return;
        }
        if (awaiting) {
            awaiting = false;
            // At the log's first step nothing is resumed.
            replay = point.step() > firstStep ? Optional.of(begin(point)) : Optional.empty();
        }
        double rate = valueOrNaN(point, Metric.LEARNING_RATE);
        double cursor = valueOrNaN(point, Metric.CONSUMED_EXAMPLES);
        if (replay.isPresent()) {
            int at = curve.from(point.step());
            if (at < curve.size()
                    && curve.step(at) == point.step()
                    && point.stepSpan() == (int) curve.value(at, SPAN)
                    && isSame(rate, curve.value(at, RATE))
                    && isSame(cursor, curve.value(at, CURSOR))) {
                replay.get().add(point.step(), Math.log(loss) - Math.log(curve.value(at, LOSS)));
            }
        }
        curve.add(point.step(), loss, rate, cursor, point.stepSpan());
    }

    private static double valueOrNaN(StepPoint point, Metric metric) {
        return point.has(metric) ? point.value(metric) : Double.NaN;
    }

    /** Whether two values are the same as far as both were logged. */
    private static boolean isSame(double a, double b) {
        return Double.isNaN(a)
                || Double.isNaN(b)
                || Math.abs(a - b) <= SAME_SETTING * Math.max(Math.abs(a), Math.abs(b));
    }

    private Replay begin(StepPoint point) {
        int to = Math.min(curve.size(), curve.from(point.step()) + FEWEST);
        int from = Math.max(0, to - NOISE_STEPS);
        double[] changes = new double[Math.max(0, to - from - 1)];
        double digit = Double.POSITIVE_INFINITY;
        for (int i = 0; i < changes.length; i++) {
            changes[i] = Math.log(curve.value(from + i + 1, LOSS)) - Math.log(curve.value(from + i, LOSS));
            digit = changes[i] == 0 ? digit : Math.min(digit, Math.abs(changes[i]));
        }
        double noise = changes.length < FEWEST ? 0 : Robust.MAD_TO_SIGMA * Robust.mad(changes) / Math.sqrt(2);
        return new Replay(point.attempt(), noise, digit);
    }
}
