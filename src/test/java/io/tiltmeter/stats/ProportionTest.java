package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ProportionTest {
    /** Newcombe, Statistics in Medicine 17 (1998), table I, method 3. */
    @Test
    void hasWilsonsInterval() {
        assertThat(new Proportion(81, 263).low()).isEqualTo(0.2553, within(5e-5));
        assertThat(new Proportion(81, 263).high()).isEqualTo(0.3662, within(5e-5));
        assertThat(new Proportion(15, 148).low()).isEqualTo(0.0624, within(5e-5));
        assertThat(new Proportion(0, 20).high()).isEqualTo(0.1611, within(5e-5));
        assertThat(new Proportion(1, 29).low()).isEqualTo(0.0061, within(5e-5));
    }

    @Test
    void knowsNothingOfNothing() {
        assertThat(new Proportion(0, 0).low()).isZero();
        assertThat(new Proportion(0, 0).high()).isEqualTo(1);
        assertThatThrownBy(() -> new Proportion(3, 2)).hasMessage("There is no share of 3 in 2");
    }
}
