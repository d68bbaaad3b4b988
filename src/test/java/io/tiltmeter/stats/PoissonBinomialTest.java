package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PoissonBinomialTest {
    @Test
    void addsUpAllWaysToReachTheNumber() {
        // Two of three: .5·.2·(1-.1) + .5·.8·.1 + .5·.2·.1 + .5·.2·.1 = .09 + .04 + .01 + .01
        assertThat(PoissonBinomial.upper(new double[] {0.5, 0.2, 0.1}, 2)).isCloseTo(0.15, within(1e-15));
        assertThat(PoissonBinomial.upper(new double[] {0.5, 0.2, 0.1}, 1))
                .isCloseTo(1 - 0.5 * 0.8 * 0.9, within(1e-15));
        assertThat(PoissonBinomial.upper(new double[] {0.5, 0.2, 0.1}, 3)).isCloseTo(0.01, within(1e-15));
        assertThat(PoissonBinomial.upper(new double[] {0.5, 0.2, 0.1}, 4)).isZero();
        assertThat(PoissonBinomial.upper(new double[0], 0)).isEqualTo(1);
    }

    @Test
    void equalChancesAreABinomial() {
        // 10 trials of a half: P(X ≥ 8) = (45 + 10 + 1) / 1024.
        double[] half = new double[10];
        java.util.Arrays.fill(half, 0.5);
        assertThat(PoissonBinomial.upper(half, 8)).isCloseTo(56 / 1024.0, within(1e-15));
    }

    @Test
    void smallTailsKeepTheirDigits() {
        double[] small = new double[10];
        java.util.Arrays.fill(small, 1e-9);
        // All ten: 1e-90.
        assertThat(PoissonBinomial.upper(small, 10) / 1e-90).isCloseTo(1, within(1e-12));
    }

    @Test
    void refusesWhatIsNoChance() {
        assertThatThrownBy(() -> PoissonBinomial.upper(new double[] {1.5}, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("A chance is 1.5 but must be 0 to 1");
    }
}
