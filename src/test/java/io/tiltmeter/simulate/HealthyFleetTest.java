package io.tiltmeter.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.MetricValues;
import io.tiltmeter.model.RunRecord;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Statistics of runs without faults against the model documented in simulator.md. */
class HealthyFleetTest {
    private static final int WORKERS = 16;
    private static final int STEPS = 20_000;
    private static final FleetSpec SPEC = FleetSpec.small(11)
            .withWorkers(WORKERS)
            .withSteps(STEPS)
            .withFaults(0, List.of())
            .withFp16Share(0)
            .withCheckpointEvery(1000)
            .withEvalEvery(800);
    private static final int RUN = 5;
    private static final RunPlan PLAN = new RunPlan(SPEC, RUN);
    private static final FleetSimulator SIMULATOR = new FleetSimulator(SPEC);

    @Test
    void lossFollowsAPowerLawWithNoiseThatShrinksWithTheBatch() {
        double[] noise = new double[STEPS];
        double[] loss = run(Metric.LOSS);
        for (int t = 0; t < STEPS; t++) {
            double expected = PLAN.floorLoss + PLAN.excess(t);
            noise[t] = (loss[t] - expected) / (0.25 * expected / Math.sqrt(PLAN.localBatch * WORKERS));
        }
        // An AR(1) with correlation 0.3 has (1 + 0.3) / (1 - 0.3) = 1.86 times the variance of the mean: 4 * 0.0096.
        assertThat(mean(noise)).isCloseTo(0, within(0.04));
        assertThat(variance(noise)).isCloseTo(1, within(0.08));
        double product = 0;
        for (int t = 1; t < STEPS; t++) {
            product += noise[t] * noise[t - 1];
        }
        assertThat(product / (STEPS - 1)).isCloseTo(0.3, within(0.04));
        // Student's t with 6 degrees of freedom: beyond 4 scaled deviations 40 times as often as a normal variable.
        long far = Arrays.stream(noise).filter(x -> Math.abs(x) > 4).count();
        assertThat(far).isBetween(10L, 100L);
    }

    @Test
    void powerLawHoldsAtTheBeginningAndInTheLimit() {
        assertThat(PLAN.floorLoss + PLAN.excess(0)).isBetween(8.0, 11.0);
        double ratio = PLAN.excess(1_000_000_000L) / PLAN.excess(4_000_000_000L);
        // 4^exponent with an exponent of 0.5 to 0.7.
        assertThat(ratio).isBetween(2.0, 2.64);
    }

    @Test
    void lossOfTheRunIsTheMeanOfTheWorkersLosses() {
        double[] loss = run(Metric.LOSS);
        double[] sums = new double[STEPS];
        double squares = 0;
        StepCursor cursor = SIMULATOR.steps(RUN, 0, WORKERS);
        while (cursor.next()) {
            int t = (int) cursor.step();
            double local = cursor.values().get(Metric.LOSS);
            sums[t] += local / WORKERS;
            double expected = PLAN.floorLoss + PLAN.excess(t);
            double scaled = (local - loss[t]) / (0.25 * expected / Math.sqrt(PLAN.localBatch));
            squares += scaled * scaled;
        }
        for (int t = 0; t < STEPS; t++) {
            assertThat(sums[t]).isCloseTo(loss[t], within(1e-12));
        }
        // Deviations from the mean of 16 have 15/16 of the variance; 320,000 of them.
        assertThat(squares / WORKERS / STEPS).isCloseTo(15.0 / 16, within(0.02));
    }

    @Test
    void gradientNormDecaysAndIsLargerOnSmallBatches() {
        double[] global = run(Metric.GRAD_NORM);
        double[] local = new double[STEPS];
        StepCursor cursor = SIMULATOR.steps(RUN, 3);
        while (cursor.next()) {
            local[(int) cursor.step()] = cursor.values().get(Metric.GRAD_NORM);
        }
        double ratio = 0;
        double spread = 0;
        for (int t = 0; t < STEPS; t++) {
            double log = Math.log(local[t] / global[t]);
            ratio += log / STEPS;
            spread += log * log / STEPS;
        }
        double b = PLAN.localBatch;
        double expected = 0.5 * Math.log((1 + 256 / b) / (1 + 256 / (b * WORKERS)));
        // Standard error 0.1 / sqrt(20,000) = 0.0007.
        assertThat(ratio).isCloseTo(expected, within(0.003));
        assertThat(Math.sqrt(spread - ratio * ratio)).isCloseTo(0.1, within(0.003));
        assertThat(mean(Arrays.copyOf(global, 100))).isGreaterThan(2 * mean(Arrays.copyOfRange(global, 19_000, STEPS)));
    }

    /** The mean of the largest of 16 standard normal variables is 1.76599 (Tippett 1925 and later tables). */
    @Test
    void slowestWorkerIsTheMaximumOfIndependentLogNormalTimes() {
        double[] largest = new double[STEPS];
        double[] all = new double[STEPS * WORKERS];
        int[] slowest = new int[WORKERS];
        int[] slowestAt = new int[STEPS];
        StepCursor cursor = SIMULATOR.steps(RUN, 0, WORKERS);
        int i = 0;
        Arrays.fill(largest, -1e9);
        while (cursor.next()) {
            MetricValues v = cursor.values();
            double z = Math.log((v.get(Metric.COMPUTE_SECONDS) + v.get(Metric.DATA_WAIT_SECONDS)) / PLAN.busySeconds)
                    / 0.03;
            all[i++] = z;
            int t = (int) cursor.step();
            if (z > largest[t]) {
                largest[t] = z;
                slowestAt[t] = cursor.worker();
            }
        }
        for (int worker : slowestAt) {
            slowest[worker]++;
        }
        assertThat(mean(all)).isCloseTo(0, within(0.01));
        assertThat(variance(all)).isCloseTo(1, within(0.02));
        assertThat(mean(largest)).isCloseTo(1.76599, within(0.015));
        // 1,250 expected of each worker, standard deviation 34.
        assertThat(Arrays.stream(slowest).boxed()).allMatch(count -> Math.abs(count - 1250) < 160);
    }

    @Test
    void everyWorkerWaitsForTheLastToArrive() {
        StepCursor cursor = SIMULATOR.steps(RUN, -1, WORKERS, 0, 3000);
        double[] arrival = new double[WORKERS];
        double[] wait = new double[WORKERS];
        double save = 0;
        double step = 0;
        while (cursor.next()) {
            MetricValues v = cursor.values();
            if (cursor.worker() < 0) {
                step = v.get(Metric.STEP_SECONDS);
                long t = cursor.step();
                save = (t > 0 && t % 1000 == 0 ? PLAN.checkpointSeconds : 0)
                        + (t > 0 && t % 800 == 0 ? PLAN.evalSeconds : 0);
                continue;
            }
            arrival[cursor.worker()] = v.get(Metric.COMPUTE_SECONDS) + v.get(Metric.DATA_WAIT_SECONDS);
            wait[cursor.worker()] = v.get(Metric.COLLECTIVE_WAIT_SECONDS);
            assertThat(v.get(Metric.STEP_SECONDS)).isEqualTo(step);
            if (cursor.worker() == WORKERS - 1) {
                double last = Arrays.stream(arrival).max().orElseThrow();
                for (int w = 0; w < WORKERS; w++) {
                    assertThat(wait[w])
                            .isCloseTo(last - arrival[w], within(1e-12))
                            .isNotNegative();
                    assertThat(arrival[w] + wait[w] + save).isCloseTo(step, within(1e-12));
                }
            }
        }
    }

    @Test
    void learningRateWarmsUpAndFallsToATenth() {
        double[] rate = run(Metric.LEARNING_RATE);
        double peak = Double.parseDouble(SIMULATOR.run(RUN).attributes().get("learning_rate"));
        int warmup = Integer.parseInt(SIMULATOR.run(RUN).attributes().get("warmup_steps"));
        assertThat(rate[0]).isCloseTo(peak / warmup, within(1e-15));
        assertThat(rate[warmup - 1]).isCloseTo(peak, within(1e-15));
        assertThat(rate[(STEPS + warmup) / 2]).isCloseTo(0.55 * peak, within(1e-4 * peak));
        assertThat(rate[STEPS - 1]).isCloseTo(0.1 * peak, within(1e-4 * peak));
    }

    @Test
    void heldOutLossIsLoggedAtItsCadence() {
        StepCursor cursor = SIMULATOR.steps(RUN, -1);
        while (cursor.next()) {
            boolean due = cursor.step() > 0 && cursor.step() % 800 == 0;
            assertThat(cursor.values().has(Metric.EVAL_LOSS)).isEqualTo(due);
        }
    }

    @Test
    void dataCursorCountsWhatTheWorkersRead() {
        FleetSimulator varying = new FleetSimulator(SPEC.withSteps(300).withBatching(FleetSpec.Batching.VARYING));
        double tokens = 0;
        double examples = 0;
        double consumedTokens = 0;
        double consumedExamples = 0;
        boolean vary = false;
        StepCursor cursor = varying.steps(RUN);
        while (cursor.next()) {
            MetricValues v = cursor.values();
            if (cursor.worker() < 0) {
                assertThat(tokens).isEqualTo(consumedTokens);
                assertThat(examples).isEqualTo(consumedExamples);
                consumedTokens = v.get(Metric.CONSUMED_TOKENS);
                consumedExamples = v.get(Metric.CONSUMED_EXAMPLES);
            } else {
                tokens += v.get(Metric.TOKENS);
                examples += v.get(Metric.EXAMPLES);
                vary |= v.get(Metric.TOKENS) != (double) PLAN.localBatch * PLAN.sequenceLength;
                assertThat(v.get(Metric.TOKENS)).isPositive();
            }
        }
        assertThat(vary).isTrue();
        assertThat(tokens).isEqualTo(consumedTokens);
    }

    @Test
    void lossScaleComesDownAtFirstAndRarelySkipsLater() {
        FleetSimulator fp16 = new FleetSimulator(SPEC.withFp16Share(1));
        StepCursor cursor = fp16.steps(RUN, -1);
        double previous = 0;
        int skippedLater = 0;
        boolean calibrating = true;
        while (cursor.next()) {
            MetricValues v = cursor.values();
            double scale = v.get(Metric.LOSS_SCALE);
            boolean skipped = v.get(Metric.SKIPPED) == 1;
            assertThat(v.has(Metric.GRAD_NORM)).isNotEqualTo(skipped);
            if (cursor.step() == 0) {
                assertThat(scale).isEqualTo(0x1p32);
            } else {
                assertThat(scale / previous).isIn(0.5, 1.0, 2.0);
            }
            calibrating &= skipped;
            if (!calibrating) {
                assertThat(scale).isBetween(0x1p14, 0x1p19);
                skippedLater += skipped ? 1 : 0;
            }
            previous = scale;
        }
        assertThat(skippedLater).isBetween(8, 10);
    }

    @Test
    void timeNeverRunsBackwardsAndMatchesTheSumOfTheSteps() {
        StepCursor cursor = SIMULATOR.steps(RUN, -1);
        double seconds = 0;
        long previous = Long.MIN_VALUE;
        while (cursor.next()) {
            seconds += cursor.values().get(Metric.STEP_SECONDS);
            assertThat(cursor.timeMicros()).isGreaterThan(previous);
            previous = cursor.timeMicros();
        }
        RunRecord run = SIMULATOR.run(RUN);
        assertThat(run.endMicros()).isEqualTo(previous);
        assertThat((previous - PLAN.startMicros) * 1e-6).isCloseTo(seconds, within(0.005 * seconds));
    }

    private static double[] run(Metric metric) {
        double[] values = new double[STEPS];
        StepCursor cursor = SIMULATOR.steps(RUN, -1);
        while (cursor.next()) {
            values[(int) cursor.step()] = cursor.values().get(metric);
        }
        return values;
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    private static double variance(double[] values) {
        double mean = mean(values);
        return Arrays.stream(values).map(x -> (x - mean) * (x - mean)).average().orElseThrow();
    }
}
