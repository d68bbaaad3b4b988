package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CaptureBudgetTest {
    private static final double NO = Double.NaN;

    @Test
    void measuresEverythingUntilItKnowsTheCosts() {
        CaptureBudget budget = new CaptureBudget(0.02, 0);

        assertThat(budget.normsDue(17)).isTrue();
        assertThat(budget.layersDue(17)).isTrue();
    }

    @Test
    void whatIsCheapIsMeasuredEveryStep() {
        CaptureBudget budget = new CaptureBudget(0.02, 0);
        budget.learn(1, .001, .001, .001);

        assertThat(budget.normInterval()).isEqualTo(1);
        assertThat(budget.layerInterval()).isEqualTo(1);
        assertThat(budget.share()).isEqualTo(.003);
    }

    @ParameterizedTest
    @CsvSource({
        // All of the budget but a thousandth of it is left: 1/.02 = 50, hence 64.
        "0.00002, 1, 64",
        "0.00002, 100, 8192",
        // 10/.02 = 500
        "0.00002, 10, 512",
        // Half the budget goes to the first tier: 1/.01 = 100
        "0.01, 1, 128",
        "0.01, 0.0099, 1",
        "0.01, 0.0101, 2"
    })
    void layersAreMeasuredAsOftenAsTheRestOfTheBudgetAllows(double always, double layers, int interval) {
        CaptureBudget budget = new CaptureBudget(0.02, 0);
        budget.learn(1, always, 0, layers);

        assertThat(budget.layerInterval()).isEqualTo(interval);
    }

    @Test
    void normsUseHalfOfWhatIsLeftAndLayersTheRest() {
        CaptureBudget budget = new CaptureBudget(0.02, 0);
        // 18 ms left: 9 ms a step for norms, so 20 ms every 4th; 13 ms a step left for 200 ms of layers, every 16th.
        budget.learn(1, .002, .020, .200);

        assertThat(budget.normInterval()).isEqualTo(4);
        assertThat(budget.layerInterval()).isEqualTo(16);
        assertThat(budget.share()).isLessThanOrEqualTo(.02);
    }

    @Test
    void theShareStaysWithinTheBudgetWhateverTheCosts() {
        for (double always = 1e-6; always < .018; always *= 3) {
            for (double norms = 1e-6; norms < 1; norms *= 3) {
                for (double layers = 1e-6; layers < 4; layers *= 3) {
                    CaptureBudget budget = new CaptureBudget(0.02, 0);
                    budget.learn(1, always, norms, layers);
                    assertThat(budget.share())
                            .as("always %s, norms %s, layers %s", always, norms, layers)
                            .isLessThanOrEqualTo(.02 + 1e-12);
                }
            }
        }
    }

    @Test
    void neverStarves() {
        CaptureBudget budget = new CaptureBudget(0.001, 0);
        budget.learn(.001, 5, 1000, 1000);

        assertThat(budget.normInterval()).isEqualTo(CaptureBudget.MAX_INTERVAL);
        assertThat(budget.layerInterval()).isEqualTo(CaptureBudget.MAX_INTERVAL);
        assertThat(budget.layersDue(8192)).isTrue();
        assertThat(budget.layersDue(8191)).isFalse();
    }

    @Test
    void evenWithoutAnyTimeAStepIntervalsAreBounded() {
        CaptureBudget budget = new CaptureBudget(0.02, 0);
        budget.learn(0, 1, 1, 1);

        assertThat(budget.layerInterval()).isEqualTo(CaptureBudget.MAX_INTERVAL);
        assertThat(budget.share()).isZero();
    }

    @Test
    void followsCostsThatChange() {
        CaptureBudget budget = new CaptureBudget(0.02, 0);
        budget.learn(1, 0, 0, 1);
        assertThat(budget.layerInterval()).isEqualTo(64);
        for (int i = 0; i < 100; i++) {
            budget.learn(1, 0, 0, .01);
        }
        assertThat(budget.layerInterval()).isEqualTo(1);
        for (int i = 0; i < 100; i++) {
            budget.learn(1, 0, 0, .05);
        }
        assertThat(budget.layerInterval()).isEqualTo(4);
        for (int i = 0; i < 200; i++) {
            // Steps become ten times as fast; layers are not measured meanwhile.
            budget.learn(.1, 0, NO, NO);
        }
        assertThat(budget.layerInterval()).isEqualTo(32);
    }

    @Test
    void aSlowStartIsSoonForgotten() {
        CaptureBudget budget = new CaptureBudget(0.02, 0);
        budget.learn(2, 0, 0, .5);
        for (int i = 0; i < 12; i++) {
            budget.learn(.01, 0, NO, NO);
        }
        budget.learn(.01, 0, NO, .001);
        budget.learn(.01, 0, NO, .001);
        // Half of the difference goes with each measurement: 125 ms now, over 0.2 ms.
        assertThat(budget.layerInterval()).isBetween(512, 1024);
    }

    @Test
    void workersOfDifferentSpeedMeasureTheSameSteps() {
        CaptureBudget slow = new CaptureBudget(0.02, 0);
        CaptureBudget fast = new CaptureBudget(0.02, 0);
        slow.learn(1, 0, 0, .15);
        fast.learn(1, 0, 0, .05);

        assertThat(slow.layerInterval()).isGreaterThan(fast.layerInterval());
        for (long step = 0; step < 100; step++) {
            assertThat(!slow.layersDue(step) || fast.layersDue(step)).isTrue();
        }
    }

    @Test
    void aFixedIntervalIgnoresCosts() {
        CaptureBudget budget = new CaptureBudget(0.02, 7);
        budget.learn(1, 10, 10, 10);

        assertThat(budget.normInterval()).isEqualTo(1);
        assertThat(budget.layerInterval()).isEqualTo(7);
        assertThat(budget.layersDue(14)).isTrue();
        assertThat(budget.layersDue(15)).isFalse();
    }

    @Test
    void saysWhatItWillNotTake() {
        assertThatThrownBy(() -> new CaptureBudget(0, 0)).hasMessage("Budget is 0.0, expected > 0 and <= 1");
        assertThatThrownBy(() -> new CaptureBudget(Double.NaN, 0)).hasMessage("Budget is NaN, expected > 0 and <= 1");
        assertThatThrownBy(() -> new CaptureBudget(1, -1)).hasMessage("Interval is -1 steps, expected >= 0");
    }
}
