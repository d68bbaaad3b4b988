package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class InnovationTest {
    private static Innovation fed(double sigma, int n, long seed) {
        Innovation innovation = new Innovation(31, 256, 0.1, 64, 32);
        Random random = new Random(seed);
        for (int i = 0; i < n; i++) {
            innovation.arrive(i);
            innovation.learn(5 + sigma * random.nextGaussian());
        }
        return innovation;
    }

    @Test
    void scoresAStepOfKnownSizeInItsOwnNoise() {
        Innovation innovation = fed(0.02, 2000, 1);
        // The level's own variance adds π/62 = 5 %; a MAD of 256 values errs by 7 %.
        assertThat(innovation.scale()).isCloseTo(0.02, within(0.005));
        assertThat(innovation.score(5.2)).isBetween(7.5, 13.0);
        assertThat(innovation.level()).isCloseTo(5, within(0.02));
    }

    @Test
    void theFirstValuesAreJudgedByThePrior() {
        Innovation innovation = new Innovation(31, 256, 0.1, 64, 32);
        assertThat(innovation.level()).isNaN();
        innovation.arrive(0);
        innovation.learn(1);
        // One value is as uncertain as the next: √2 against the √(1 + π/62) of a full level.
        assertThat(innovation.sigma()).isCloseTo(0.1 * Math.sqrt(2 / (1 + Math.PI / 62)), within(1e-12));
        assertThat(innovation.score(1)).isZero();
    }

    @Test
    void thePriorFadesOut() {
        assertThat(fed(0.001, 10, 2).scale()).isGreaterThan(0.08);
        assertThat(fed(0.001, 80, 2).scale()).isLessThan(0.002);
    }

    @Test
    void aLongPauseMakesTheLevelStaleAndKeepsTheScale() {
        Innovation innovation = fed(0.02, 300, 3);
        assertThat(innovation.arrive(310)).isFalse();
        assertThat(innovation.arrive(5000)).isTrue();
        assertThat(innovation.levelSize()).isZero();
        assertThat(innovation.scale()).isCloseTo(0.02, within(0.006));
    }

    @Test
    void oneLongFirstDistanceIsNoStride() {
        Innovation innovation = new Innovation(31, 256, 0.1, 64, 32);
        for (long step : new long[] {12695, 31214, 31215}) {
            innovation.arrive(step);
            innovation.learn(1);
        }
        assertThat(innovation.usualStride()).isEqualTo(1);
    }

    @Test
    void constantValuesLeaveAScaleAboveZero() {
        Innovation innovation = new Innovation(31, 256, 0.1, 64, 32);
        for (int i = 0; i < 500; i++) {
            innovation.arrive(i);
            innovation.learn(2);
        }
        assertThat(innovation.sigma()).isPositive();
        assertThat(innovation.score(2)).isZero();
        assertThat(innovation.score(2.001)).isGreaterThan(1000);
    }

    @Test
    void aSpikeMovesNeitherLevelNorScale() {
        Innovation innovation = fed(0.02, 1000, 4);
        double level = innovation.level();
        double scale = innovation.scale();
        innovation.learn(100);
        assertThat(innovation.level()).isCloseTo(level, within(0.01));
        assertThat(innovation.scale()).isCloseTo(scale, within(0.001));
    }

    @Test
    void resetForgetsEverything() {
        Innovation innovation = fed(0.02, 500, 5);
        innovation.reset();
        assertThat(innovation.levelSize()).isZero();
        assertThat(innovation.scaleSize()).isZero();
        assertThat(innovation.scale()).isEqualTo(0.1);
    }
}
