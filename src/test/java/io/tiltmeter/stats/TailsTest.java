package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class TailsTest {
    @Test
    void logGammaOfIntegersIsTheLogFactorial() {
        assertThat(Tails.logGamma(1)).isCloseTo(0, within(1e-14));
        assertThat(Tails.logGamma(5)).isCloseTo(Math.log(24), within(1e-13));
        assertThat(Tails.logGamma(0.5)).isCloseTo(Math.log(Math.sqrt(Math.PI)), within(1e-13));
        assertThat(Tails.logGamma(0.25)).isCloseTo(1.2880225246980774, within(1e-12));
        // Python's math.lgamma(1000.5).
        assertThat(Tails.logGamma(1000.5)).isCloseTo(5908.674175848678, within(1e-9));
    }

    @Test
    void binomialTailsAreThoseByHand() {
        // 3 coins: P(X >= 2) = 4/8; a die five times: P(at least one six) = 1 − (5/6)^5.
        assertThat(Tails.binomialUpper(3, 0.5, 2)).isCloseTo(0.5, within(1e-14));
        assertThat(Tails.binomialUpper(5, 1.0 / 6, 1)).isCloseTo(1 - Math.pow(5.0 / 6, 5), within(1e-14));
        assertThat(Tails.binomialUpper(10, 0.3, 0)).isEqualTo(1);
        assertThat(Tails.binomialUpper(10, 0.3, 11)).isZero();
        assertThat(Tails.binomialUpper(10, 0, 1)).isZero();
        assertThat(Tails.binomialUpper(10, 1, 10)).isEqualTo(1);
    }

    @Test
    void smallBinomialTailsKeepTheirDigits() {
        // All of 38 at .005: .005^38 exactly.
        assertThat(Tails.binomialUpper(38, 0.005, 38)).isCloseTo(Math.pow(0.005, 38), Percentage.withPercentage(1e-8));
    }

    @Test
    void bothBinomialTailsAddUpToOne() {
        for (int k = 0; k <= 20; k++) {
            double upper = Tails.binomialUpper(20, 0.37, k);
            double lower = Tails.binomialUpper(20, 0.63, 21 - k);
            assertThat(upper + lower).as("k = %d", k).isCloseTo(1, within(1e-12));
        }
    }

    @Test
    void falseDiscoveryRatesAreThoseOfThePaper() {
        // Benjamini and Hochberg (1995), section 3.2, 15 tests: exactly the four smallest are rejected at .05.
        double[] p = {
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
            0.7590, 1.0
        };
        double[] q = Tails.benjaminiHochberg(p, 15);
        assertThat(q[0]).isCloseTo(0.0015, within(1e-12));
        assertThat(q[3]).isCloseTo(0.0095 * 15 / 4, within(1e-12)).isLessThan(0.05);
        assertThat(q[4]).isGreaterThan(0.05);
        assertThat(q[14]).isEqualTo(1);
    }

    @Test
    void testsNotGivenCountAsOne() {
        assertThat(Tails.benjaminiHochberg(new double[] {0.02, 0.001}, 100)[1]).isCloseTo(0.1, within(1e-12));
    }

    @Test
    void orderOfTheInputDoesNotMatter() {
        double[] q = Tails.benjaminiHochberg(new double[] {0.03, 0.01, 0.02}, 3);
        assertThat(q).containsExactly(new double[] {0.03, 0.03, 0.03}, within(1e-12));
    }
}
