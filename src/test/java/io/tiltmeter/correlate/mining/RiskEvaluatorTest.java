package io.tiltmeter.correlate.mining;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.model.RiskEvaluation;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RiskEvaluatorTest {
    private static final List<String> GROUPS = List.of("a", "a", "b", "b", "c", "c");
    private static final int[] FOLDS = {0, 0, 1, 1, 2, 2};
    private static final boolean[] UNSTABLE = {true, false, true, false, true, false};
    private static final RiskEvaluator EVALUATOR = new RiskEvaluator(GROUPS, FOLDS, UNSTABLE);

    @Test
    void scoresByHand() {
        double[] risk = {0.9, 0.2, 0.6, 0.6, 0.4, 0.1};

        RiskEvaluation evaluation = EVALUATOR.evaluate("any", "project", risk, List.of());

        // Squared errors .01 .04 .16 .36 .36 .01; the base rate of the other groups is (2 + 1)/(4 + 2) everywhere.
        assertThat(evaluation.brier()).isEqualTo(0.94 / 6, within(1e-12));
        assertThat(evaluation.baseBrier()).isEqualTo(0.25, within(1e-12));
        assertThat(evaluation.skill()).isEqualTo(1 - 0.94 / 1.5, within(1e-12));
        // Of nine pairs seven are right (.9 3, .6 2½, .4 2): 7½ of 9.
        assertThat(evaluation.auc()).isEqualTo(7.5 / 9, within(1e-12));
        assertThat(evaluation.logLoss())
                .isEqualTo(
                        -(Math.log(0.9) + Math.log(0.8) + Math.log(0.6) + Math.log(0.4) + Math.log(0.4) + Math.log(0.9))
                                / 6,
                        within(1e-12));
        assertThat(evaluation.unstable()).isEqualTo(3);
        assertThat(evaluation.groups()).isEqualTo(3);
        // Group b alone is worse than its base rate: .52 against .5. Drawn three times it makes the skill negative.
        assertThat(evaluation.skillLow()).isNegative();
        assertThat(evaluation.useful()).isFalse();
        // Fifths of six: one run each but for the two of equal risk.
        assertThat(evaluation.bins()).extracting(RiskEvaluation.Bin::runs).containsExactly(1, 1, 1, 2, 1);
    }

    @Test
    void theBaseRateIsNoBetterThanItself() {
        RiskEvaluation evaluation = EVALUATOR.evaluate("any", "project", EVALUATOR.baseRates(), List.of());

        assertThat(evaluation.skill()).isZero();
        assertThat(evaluation.auc()).isEqualTo(0.5);
        assertThat(evaluation.useful()).isFalse();
    }

    @Test
    void calibrationFindsTheTruthOfScoresThatAreTooSure() {
        int n = 4000;
        SplittableRandom random = new SplittableRandom(5);
        double[] truth = IntStream.range(0, n)
                .mapToDouble(i -> 0.05 + 0.5 * random.nextDouble())
                .toArray();
        boolean[] unstable = new boolean[n];
        // Log odds of the truth, stretched threefold and moved.
        double[] scores =
                Arrays.stream(truth).map(p -> 3 * Math.log(p / (1 - p)) + 1).toArray();
        for (int i = 0; i < n; i++) {
            unstable[i] = random.nextDouble() < truth[i];
        }
        List<String> groups = IntStream.range(0, n).mapToObj(i -> "g" + i % 20).toList();
        int[] folds = IntStream.range(0, n).map(i -> i % 5).toArray();
        RiskEvaluator evaluator = new RiskEvaluator(groups, folds, unstable);

        double[] risk = evaluator.calibrate(scores);

        for (int i = 0; i < n; i++) {
            assertThat(risk[i]).isEqualTo(truth[i], within(0.05));
        }
        RiskEvaluation evaluation = evaluator.evaluate("any", "project", risk, List.of());
        assertThat(evaluation.useful()).isTrue();
        assertThat(evaluation.bins())
                .allSatisfy(bin -> assertThat(bin.predicted()).isBetween(bin.low(), bin.high()));
        assertThat(evaluation.bin(0.99)).isEqualTo(evaluation.bins().get(4));
        assertThat(evaluation.bin(0.0)).isEqualTo(evaluation.bins().get(0));
    }
}
