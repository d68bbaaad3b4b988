package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class HypergeometricTest {
    @Test
    void tastesTeaAsFisherDid() {
        // Fisher, The Design of Experiments (1935): 4 of 8 cups; 1, 16, 36, 16, 1 of 70.
        assertThat(Hypergeometric.probabilities(8, 4, 4))
                .containsExactly(new double[] {1 / 70.0, 16 / 70.0, 36 / 70.0, 16 / 70.0, 1 / 70.0}, within(1e-12));
        assertThat(Hypergeometric.upper(8, 4, 4, 3)).isCloseTo(17 / 70.0, within(1e-12));
    }

    @Test
    void sumsToOneAlsoWhereFewerCannotBeDrawn() {
        double[] p = Hypergeometric.probabilities(10, 8, 7);
        assertThat(Arrays.stream(p).sum()).isCloseTo(1, within(1e-12));
        assertThat(p[4]).isZero();
        assertThat(p[5]).isPositive();
    }

    @Test
    void refusesMoreMarkedThanThereAre() {
        assertThatThrownBy(() -> Hypergeometric.probability(5, 6, 1, 0))
                .hasMessage("Marked 6 and drawn 1 must be 0 to 5, the number of all");
    }
}
