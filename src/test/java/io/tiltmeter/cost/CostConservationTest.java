package io.tiltmeter.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunCost;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.TimeUse;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever a run does and logs, each second that passed is booked once. */
class CostConservationTest {
    private static final int SEEDS = 20;
    private static final int WORKERS = 3;

    /** What a run logs of its steps. */
    private enum Log {
        TIMES,
        TIMES_OF_EVERY_TENTH_STEP,
        TIMES_AND_SHORTER_STEPS,
        TIMES_AND_NOISY_STEPS,
        TIMES_AND_LONGER_STEPS
    }

    @ParameterizedTest
    @EnumSource(Log.class)
    void everySecondIsBookedOnceHoweverLongTheRunAndHoweverOftenItStarts(Log log) {
        for (int seed = 0; seed < SEEDS; seed++) {
            Random random = new Random(seed);
            CostTracker tracker = new CostTracker(RunRecord.of("run", null, Map.of()), new long[] {50, 500, 5_000}, 60);
            int stride = log == Log.TIMES_OF_EVERY_TENTH_STEP ? 10 : 1;
            double time = 0;
            double begin = Double.NaN;
            double lastTime = 0;
            double firstSeconds = 0;
            double idle = 0;
            long step = 0;
            for (int attempt = 0; attempt < 8; attempt++) {
                double gap = attempt == 0 ? 0 : 200 * random.nextDouble();
                double starting = gap * random.nextDouble();
                time += gap;
                boolean told = random.nextBoolean();
                tracker.attempt(attempt, Optional.of(start(attempt, time - starting, told)), 0);
                int length = 2 + random.nextInt(3_000);
                for (int i = 0; i < length; i++) {
                    double takes = stride * (0.5 + random.nextDouble());
                    time += takes;
                    double passed = i == 0 ? gap + takes : takes;
                    // What is beyond a minute is idle: up to the start, where that is known, else up to the first step.
                    idle += i > 0 || attempt == 0 ? 0 : Math.max(0, told ? gap - starting - 60 : passed - 60);
                    Timed point = Timed.at(attempt, step, time).with(Metric.LOSS, 2);
                    double own = own(log, takes / stride, random);
                    point = Double.isNaN(own) ? point : point.with(Metric.STEP_SECONDS, own);
                    tracker.observe(i % 1000 == 999 ? point.with(Metric.EVAL_LOSS, 2) : point);
                    if (Double.isNaN(begin)) {
                        // Where the start is not known, nothing is before the very first step but what it says itself.
                        begin = told ? time - takes : time;
                        firstSeconds = told || Double.isNaN(own) ? 0 : own;
                    }
                    lastTime = time;
                    step += stride;
                }
                step = Math.max(0, step - stride * (long) random.nextInt(400));
            }

            RunCost cost = tracker.cost(List.of(divergence(300, step + 4_000)));

            double passed = WORKERS * (lastTime - begin - idle + firstSeconds);
            assertThat(cost.allocated()).as("seed %d", seed).isCloseTo(passed, within(1e-6 * passed));
            assertThat(cost.idleSeconds()).as("seed %d", seed).isCloseTo(idle, within(1e-3));
            assertThat(Arrays.stream(TimeUse.values()).mapToDouble(cost::share).sum())
                    .as("seed %d", seed)
                    .isCloseTo(1, within(1e-12));
            assertThat(Arrays.stream(cost.workerSeconds()).min().orElseThrow())
                    .as("seed %d", seed)
                    .isNotNegative();
            assertThat(cost.goodput()).as("seed %d", seed).isPositive().isLessThanOrEqualTo(1);
        }
    }

    private static double own(Log log, double takes, Random random) {
        return switch (log) {
            case TIMES, TIMES_OF_EVERY_TENTH_STEP -> Double.NaN;
            case TIMES_AND_SHORTER_STEPS -> 0.8 * takes;
            case TIMES_AND_NOISY_STEPS -> takes * (0.7 + 0.6 * random.nextDouble());
            case TIMES_AND_LONGER_STEPS -> 1.5 * takes;
        };
    }

    private static AttemptRecord start(int number, double seconds, boolean told) {
        return new AttemptRecord(
                "run", number, told ? Math.round(1e6 * seconds) : null, null, null, WORKERS, null, null);
    }

    private static Finding divergence(long from, long to) {
        return new Finding(
                "run",
                "divergence",
                "loss",
                7,
                -1,
                null,
                null,
                null,
                from,
                to,
                from,
                2,
                1,
                Severity.ERROR,
                Cause.OPTIMIZER,
                "");
    }
}
