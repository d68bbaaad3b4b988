package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.config.TrainConfig.Action;
import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.detect.DetectorSettings;
import io.tiltmeter.detect.GradientExplosionDetector;
import io.tiltmeter.detect.RunJudge;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.RunRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SentinelTest {
    private static final int WORKERS = 4;
    private static final List<Integer> NUMBERS = List.of(0, 1, 2, 3);

    private static Sentinel sentinel(Map<String, Set<Action>> actions) {
        return new Sentinel(RunRecord.of("a-run", "test", Map.of()), new Policies(actions, Double.NaN), Map.of());
    }

    /** A step at which all workers are alike but for noise. */
    private static StepReport report(long step, double loss, double norm, Random random) {
        double[][] told = new double[WORKERS][];
        for (int w = 0; w < WORKERS; w++) {
            told[w] = new double[] {
                loss * (1 + 0.01 * random.nextGaussian()), norm, 16, 16, 16, 0, 0, 0.01, 0.001, 1e-3, 0.02
            };
        }
        StepReport report = new StepReport(step, 0, step * 1_000_000, NUMBERS, told);
        report.reduced(norm);
        return report;
    }

    @Test
    void leavesOutWhoIsNotFinite() {
        Sentinel sentinel = sentinel(Map.of(Policies.NON_FINITE, Set.of(Action.SKIP)));
        double[][] told = new double[WORKERS][];
        for (int w = 0; w < WORKERS; w++) {
            told[w] = new double[] {w == 2 ? Double.NaN : 1, 1, 16, 16, 16, w == 1 ? 3 : 0, 0, 0.01, 0.001, 1e-3, 0.02};
        }
        Sentinel.Verdict verdict = sentinel.told(new StepReport(5, 0, 0, NUMBERS, told));

        assertThat(verdict.leftOut()).containsExactlyInAnyOrder(1, 2);
        assertThat(verdict.troubles())
                .extracting(Sentinel.Trouble::evidence)
                .containsExactly("3 non-finite inputs and 0 non-finite labels", "loss NaN, gradient norm 1.0");
        assertThat(verdict.asks(Action.SKIP)).isTrue();
        assertThat(verdict.asks(Action.STOP)).isFalse();
    }

    @Test
    void seesALossRunAwayOnceAndSinceWhen() {
        Sentinel sentinel = sentinel(Map.of("divergence", Set.of(Action.ROLLBACK)));
        Random random = new Random(2);
        List<Sentinel.Trouble> troubles = new ArrayList<>();
        for (int step = 0; step < 300; step++) {
            double loss = step < 200 ? 2 * Math.exp(-step / 80.0) + 0.2 : 0.4 * Math.exp((step - 200) / 8.0);
            StepReport report = report(step, loss, 1, random);
            assertThat(sentinel.told(report).troubles()).isEmpty();
            Sentinel.Verdict verdict = sentinel.reduced(report);
            troubles.addAll(verdict.troubles());
            assertThat(verdict.asks(Action.ROLLBACK))
                    .isEqualTo(!verdict.troubles().isEmpty());
        }
        assertThat(troubles).isNotEmpty().first().satisfies(trouble -> {
            assertThat(trouble.kind()).isEqualTo("divergence");
            assertThat(trouble.since()).isBetween(200L, 225L).isLessThanOrEqualTo(trouble.step());
            assertThat(trouble.step()).isLessThan(250);
        });
    }

    @Test
    void onlyWhatWorkersTellCanShow() {
        assertThat(Sentinel.kinds())
                .containsExactly(
                        "divergence",
                        "grad-explosion",
                        "loss-spike",
                        "no-learning",
                        "non-finite",
                        "replay-mismatch",
                        "resume-damage",
                        "step-stall");
    }

    /** As by default 60 s must be lost: here one step of 100 s among steps of a second. */
    @Test
    void seesAStallAndWhose() {
        Sentinel sentinel = sentinel(Map.of("step-stall", Set.of(Action.WARN)));
        Random random = new Random(2);
        List<Sentinel.Trouble> troubles = new ArrayList<>();
        for (int step = 0; step < 120; step++) {
            double[][] told = new double[WORKERS][];
            for (int w = 0; w < WORKERS; w++) {
                double seconds = (step == 70 || step == 83) && w == 2 ? 100 : 1 + 0.01 * random.nextDouble();
                told[w] = new double[] {1, 1, 16, 16, 16, 0, 0, 0.01, 0.001, 1e-3, seconds};
            }
            StepReport report = new StepReport(step, 0, step * 1_000_000L, List.of(0, 1, 5, 6), told);
            report.reduced(1);
            troubles.addAll(sentinel.reduced(report).troubles());
        }
        assertThat(troubles).isNotEmpty().allSatisfy(t -> assertThat(t.kind()).isEqualTo("step-stall"));
        assertThat(troubles.get(0).since()).isEqualTo(70);
    }

    /** Detectors keep to the settings of the run's configuration. */
    @Test
    void detectorsAreSet() {
        DetectorInfo info = new GradientExplosionDetector().info();
        Map<String, Double> values =
                new HashMap<>(DetectorSettings.defaults(info).values());
        values.put("warning-ratio", 1e9);
        values.put("mark-ratio", 1e9);
        for (boolean set : new boolean[] {false, true}) {
            Sentinel sentinel = new Sentinel(
                    RunRecord.of("a-run", "test", Map.of()),
                    new Policies(Map.of("grad-explosion", Set.of(Action.WARN)), Double.NaN),
                    set ? Map.of("grad-explosion", new DetectorSettings(true, values)) : Map.of());
            Random random = new Random(2);
            List<Sentinel.Trouble> troubles = new ArrayList<>();
            for (int step = 0; step < 300; step++) {
                troubles.addAll(sentinel.reduced(report(step, 1, step < 200 ? 1 : 100, random))
                        .troubles());
            }
            assertThat(troubles.isEmpty()).isEqualTo(set);
        }
    }

    @Test
    void workersKeepTheirNumbers() {
        double[][] told = new double[3][];
        for (int w = 0; w < 3; w++) {
            told[w] = new double[] {w == 1 ? 9 : 1, w == 2 ? Double.NaN : 1, 16, 16, 16, 0, 0, 0.01, 0.001, 1e-3, 0.02};
        }
        StepReport report = new StepReport(5, 1, 0, List.of(0, 4, 7), told);

        assertThat(report.outlier(Metric.LOSS)).isEqualTo(4);
        assertThat(report.outlierValue(Metric.LOSS)).isEqualTo(9);
        assertThat(report.firstNonFinite(Metric.GRAD_NORM)).isEqualTo(7);
        assertThat(sentinel(Map.of(Policies.NON_FINITE, Set.of(Action.SKIP)))
                        .told(report)
                        .leftOut())
                .containsExactly(7);
    }

    @Test
    void whatHasNoPolicyIsNotWatched() {
        Sentinel sentinel = sentinel(Map.of());
        Random random = new Random(2);
        for (int step = 0; step < 200; step++) {
            StepReport report = report(step, step < 100 ? 1 : 1e6, step < 100 ? 1 : Double.NaN, random);
            assertThat(sentinel.told(report).troubles()).isEmpty();
            assertThat(sentinel.reduced(report).troubles()).isEmpty();
        }
    }

    @Test
    void clipsToTheMiddleOfTheLatestNormsUnlessTold() {
        Sentinel sentinel = sentinel(Map.of());
        Random random = new Random(2);
        for (int step = 0; step < 5; step++) {
            sentinel.reduced(report(step, 1, step + 1, random));
        }
        assertThat(sentinel.clipNorm()).isEqualTo(3);
        assertThat(new Sentinel(RunRecord.of("a", null, Map.of()), new Policies(Map.of(), 0.5), Map.of()).clipNorm())
                .isEqualTo(0.5);
    }

    /** The median of the sound workers is a number: the evidence must not pass it for what was wrong. */
    @Test
    void evidenceNamesTheWorkerThatIsNotFinite() {
        RunJudge judge = new RunJudge(RunRecord.of("a-run", null, Map.of()), Map.of());
        Random random = new Random(2);
        for (int step = 0; step < 5; step++) {
            judge.observe(report(step, 1, 1, random));
        }
        double[][] told = new double[WORKERS][];
        for (int w = 0; w < WORKERS; w++) {
            told[w] = new double[] {1, w == 1 ? Double.NaN : 0.5, 16, 16, 16, 0, 0, 0.01, 0.001, 1e-3, 0.02};
        }
        judge.observe(new StepReport(5, 0, 5_000_000, NUMBERS, told));

        assertThat(judge.finish().findings())
                .filteredOn(finding -> finding.metric().equals("grad_norm"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.evidence())
                        .startsWith("grad_norm was not finite at step 5 on worker 1 while it was finite on others,"));
    }
}
