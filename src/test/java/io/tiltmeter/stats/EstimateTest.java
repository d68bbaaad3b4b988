package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class EstimateTest {
    private static final double MANY = Double.POSITIVE_INFINITY;

    @Test
    void pValuesAreThoseOfTables() {
        // Normal: P(Z > 1.645) = .05, P(Z > 2.326) = .01. Student with 15 degrees: t = 1.753 and 2.602.
        assertThat(new Estimate(1.6449, 1, MANY).pAbove(0)).isCloseTo(0.05, within(1e-5));
        assertThat(new Estimate(2.3263, 1, MANY).pAbove(0)).isCloseTo(0.01, within(1e-5));
        assertThat(new Estimate(1.753, 1, 15).pAbove(0)).isCloseTo(0.05, within(5e-4));
        assertThat(new Estimate(2.602, 1, 15).pAbove(0)).isCloseTo(0.01, within(2e-4));
        assertThat(new Estimate(-1.6449, 1, MANY).pAbove(0)).isCloseTo(0.95, within(1e-5));
    }

    @Test
    void anEffectBelowTheBoundIsNeverFoundHoweverSmallItsError() {
        assertThat(new Estimate(0.019, 1e-9, MANY).pAbove(0.02)).isEqualTo(1);
        assertThat(new Estimate(0.021, 1e-9, MANY).pAbove(0.02)).isZero();
    }

    @Test
    void theStrongestOfManyIsJudgedAsSuch() {
        assertThat(new Estimate(2.3263, 1, MANY).strongestOf(20).pAbove(0)).isCloseTo(0.2, within(1e-4));
        assertThat(new Estimate(0, 1, MANY).strongestOf(20).pAbove(0)).isEqualTo(1);
    }

    @Test
    void whatIsDetectableIsFoundFourTimesOfFive() {
        // The sum of the quantiles at 99 % and 80 %: 2.326 + 0.842 errors.
        assertThat(new Estimate(0, 0.1, MANY).detectable()).isCloseTo(0.3168, within(1e-4));
        assertThat(new Estimate(0.5, 0.1, MANY).upper()).isCloseTo(0.7326, within(1e-4));
    }
}
