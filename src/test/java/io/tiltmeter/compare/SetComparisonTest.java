package io.tiltmeter.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.Finding;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SetComparisonTest {
    private static final int LOSS = Quantity.ofSteps(Metric.LOSS);
    private static final int GRADIENT = Quantity.ofSteps(Metric.GRAD_NORM);
    private static final int LAYER_GRADIENT = 4;
    private static final int POINTS = 50;

    private final Observation row = new Observation();

    /** One loss a step and run. */
    private ComparedSet losses(double[][] runs) {
        SetComparison comparison = new SetComparison(runs.length, POINTS);
        for (int step = 0; step < runs[0].length; step++) {
            for (int run = 0; run < runs.length; run++) {
                comparison.observe(whole(run, step).number(LOSS, runs[run][step]));
            }
        }
        return comparison.finish();
    }

    private Observation whole(int run, long step) {
        return row.begin(run, step, Observation.NO_LAYER, Observation.NO_DEPTH, StepRecord.NO_WORKER, 1);
    }

    private static RunSet twins(int runs) {
        List<RunRecord> records = new ArrayList<>();
        for (int run = 0; run < runs; run++) {
            records.add(RunRecord.of("run-" + run, "p", Map.of()).withSeed(7L));
        }
        return new RunSet("p", records, Map.of());
    }

    @Test
    void findsEqualRunsEqual() {
        ComparedSet compared = losses(new double[][] {{3, 2, 1}, {3, 2, 1}, {3, 2, 1}});

        assertThat(compared.partings()).isEmpty();
        assertThat(Verdicts.of(twins(3), compared).findings()).isEmpty();
        assertThat(Verdicts.of(twins(3), compared).verdict())
                .isEqualTo("all 3 runs are equal bit for bit in what they both logged");
    }

    @Test
    void aParting_isOfTheFewer() {
        ComparedSet compared = losses(new double[][] {{3, 2, 1.5}, {3, 2, 1}, {3, 2, 1}});

        assertThat(compared.partings()).hasSize(1);
        Parting parting = compared.partings().get(0);
        assertThat(parting.leaving()).containsExactly(0);
        assertThat(parting.staying()).containsExactly(1, 2);
        assertThat(parting.step()).isEqualTo(2);
        assertThat(parting.lastEqual()).isEqualTo(1);
        assertThat(parting.differences().get(0).relative()).isCloseTo(1.0 / 3, within(1e-12));
    }

    @Test
    void thereAreFewerPartingsThanRuns() {
        ComparedSet compared = losses(new double[][] {{3, 2, 1}, {3, 2, 9}, {3, 5, 4}, {3, 5, 4}, {8, 8, 8}});

        assertThat(compared.partings()).extracting(Parting::step).containsExactly(0L, 1L, 2L);
        assertThat(compared.partings())
                .extracting(Parting::leaving)
                .containsExactly(List.of(4), List.of(2, 3), List.of(1));
    }

    @Test
    void nanIsEqualToNanAndZeroToMinusZero() {
        ComparedSet compared = losses(new double[][] {{Double.NaN, 0.0}, {Double.NaN, -0.0}});

        assertThat(compared.partings()).isEmpty();
    }

    @Test
    void whatOneDidNotLogIsNoDifference() {
        SetComparison comparison = new SetComparison(2, POINTS);
        comparison.observe(whole(0, 0).number(LOSS, 3));
        comparison.observe(whole(1, 0).number(LOSS, 3));
        comparison.observe(whole(0, 1).number(LOSS, 2));
        comparison.observe(whole(1, 2).number(LOSS, 1));

        assertThat(comparison.finish().partings()).isEmpty();
    }

    @Test
    void namesTheWorkerAndTheDeepestLayerWhoseGradientDiffersFirst() {
        SetComparison comparison = new SetComparison(2, POINTS);
        for (long step = 0; step < 6; step++) {
            for (int run = 0; run < 2; run++) {
                comparison.observe(whole(run, step).number(GRADIENT, run == 1 && step >= 4 ? 1.5 : 1));
            }
            for (int worker = 0; worker < 4; worker++) {
                for (int run = 0; run < 2; run++) {
                    comparison.observe(row.begin(run, step, Observation.NO_LAYER, -1, worker, 1)
                            .number(LOSS, 2));
                }
            }
            for (int depth = 0; depth < 3; depth++) {
                for (int worker = 0; worker < 4; worker++) {
                    for (int run = 0; run < 2; run++) {
                        boolean bad = run == 1 && step >= 4 && worker == 2 && depth <= 1;
                        comparison.observe(row.begin(run, step, "layer" + depth, depth, worker, 1)
                                .number(LAYER_GRADIENT, bad ? 9 : 1));
                    }
                }
            }
        }

        Finding finding = Verdicts.of(twins(2), comparison.finish()).findings().get(0);

        assertThat(finding.detector()).isEqualTo("twin-mismatch");
        assertThat(finding.severity()).isEqualTo(Severity.ERROR);
        assertThat(finding.stepFrom()).isEqualTo(4);
        assertThat(finding.worker()).isEqualTo(2);
        assertThat(finding.layer()).isEqualTo("layer1");
        assertThat(finding.metric()).isEqualTo("grad_norm");
        assertThat(finding.evidence())
                .startsWith("equal bit for bit up to step 3, at step 4 differs from 'run-0'")
                .contains("the other 3 workers are equal");
    }

    @Test
    void otherDataIsToldFromOtherResults() {
        SetComparison comparison = new SetComparison(2, POINTS);
        for (int run = 0; run < 2; run++) {
            comparison.observe(whole(run, 0).number(LOSS, 3).checksum(0, "first"));
        }
        for (int run = 0; run < 2; run++) {
            comparison.observe(whole(run, 1).number(LOSS, 3 - run).checksum(0, "batch " + run));
        }

        Finding finding = Verdicts.of(twins(2), comparison.finish()).findings().get(0);

        assertThat(finding.metric()).isEqualTo("batch_hash");
        assertThat(finding.evidence()).contains("they were not given the same data");
    }

    @Test
    void roundingIsNoWarning() {
        Finding finding = Verdicts.of(twins(2), losses(new double[][] {{3, 2}, {3, 2.000002}}))
                .findings()
                .get(0);

        assertThat(finding.severity()).isEqualTo(Severity.INFO);
        assertThat(finding.evidence()).contains("no more than rounding");
    }

    @Test
    void theBandOfSeedsIsLeftByTheOneRunAndSinceItsStep() {
        double[][] runs = seeds(8, 640, 5);
        for (int step = 400; step < 640; step++) {
            runs[3][step] *= 1.3;
        }

        ComparedSet compared = losses(runs);

        assertThat(compared.departures()).extracting(Departure::run).containsExactly(3);
        Departure departure = compared.departures().get(0);
        assertThat(departure.from()).isBetween(360L, 440L);
        assertThat(departure.gap()).isCloseTo(0.3, within(0.05));
        assertThat(departure.score()).isGreaterThan(departure.threshold());
    }

    @Test
    void theEndDecidesWhetherLeavingTheBandIsAWarning() {
        assertThat(finding(3, 0.7))
                .returns(Severity.INFO, Finding::severity)
                .returns(true, f -> f.evidence().contains(", at the end -"));
        assertThat(finding(1 / 3.0, 1.3))
                .returns(Severity.WARNING, Finding::severity)
                .returns(true, f -> f.evidence().contains(", at the end +"));
        // One that came back.
        assertThat(finding(3, 1)).returns(Severity.INFO, Finding::severity);
        // One that is farthest at its end.
        assertThat(finding(1, 1.3))
                .returns(Severity.WARNING, Finding::severity)
                .returns(false, f -> f.evidence().contains("at the end"));
    }

    /** What is found of the one of eight runs that is so many times as high in its first and last quarter. */
    private Finding finding(double early, double late) {
        double[][] runs = seeds(8, 640, 5);
        for (int step = 0; step < 160; step++) {
            runs[3][step] *= early;
            runs[3][480 + step] *= late;
        }
        RunSet set = new RunSet(
                "p",
                IntStream.range(0, 8)
                        .mapToObj(run -> RunRecord.of("run-" + run, "p", Map.of("rate", "" + run)))
                        .toList(),
                Map.of());
        return Verdicts.of(set, losses(runs)).findings().stream()
                .filter(f -> f.detector().equals("left-band"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void seedsThatAreAlikeSeldomLeaveTheirBand() {
        int left = 0;
        for (int set = 0; set < 200; set++) {
            left += losses(seeds(3 + set % 6, 160, set)).departures().isEmpty() ? 0 : 1;
        }

        // At 0.001 a set, 200 sets give 0.2 on average; three or more have a chance of 0.001.
        assertThat(left).isLessThanOrEqualTo(2);
    }

    @Test
    void aPairPartsWhereItsGapShifts() {
        double[][] runs = seeds(2, 600, 9);
        for (int step = 300; step < 600; step++) {
            runs[1][step] *= 1.2;
        }

        Departure departure = losses(runs).departures().get(0);

        assertThat(departure.run()).isEqualTo(1);
        assertThat(departure.from()).isBetween(290L, 310L);
    }

    @Test
    void meansOverIntervalsAreComparedWithMeans() {
        SetComparison comparison = new SetComparison(2, POINTS);
        for (long step = 1; step <= 400; step++) {
            double loss = 10 - step / 50.0;
            comparison.observe(whole(0, step).number(LOSS, loss));
            if (step % 10 == 0) {
                // The mean over the ten steps before lies 4.5 steps back.
                row.begin(1, step, Observation.NO_LAYER, -1, StepRecord.NO_WORKER, 10);
                comparison.observe(row.number(LOSS, loss + 4.5 / 50));
            }
        }

        assertThat(comparison.finish().departures()).isEmpty();
    }

    @Test
    void stepsMustNotGoBack() {
        SetComparison comparison = new SetComparison(1, POINTS);
        comparison.observe(whole(0, 5).number(LOSS, 1));

        assertThatThrownBy(() -> comparison.observe(whole(0, 4).number(LOSS, 1)))
                .hasMessage("Step 4 comes after step 5");
    }

    /** Losses that fall alike, each run at its own distance and with noise of its own. */
    private static double[][] seeds(int runs, int steps, long seed) {
        Random random = new Random(seed);
        double[][] losses = new double[runs][steps];
        for (double[] run : losses) {
            double distance = 0.01 * random.nextGaussian();
            for (int step = 0; step < steps; step++) {
                run[step] = (2 + 5 / (1 + step / 20.0)) * Math.exp(distance + 0.02 * random.nextGaussian());
            }
        }
        return losses;
    }
}
