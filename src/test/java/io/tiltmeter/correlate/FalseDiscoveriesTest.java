package io.tiltmeter.correlate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class FalseDiscoveriesTest {
    @Test
    void testsThatCannotTellAnythingDoNotCount() {
        // Two tests can reach 0.05 / 2; the third, of two runs, never. Two tests in two families: 0.004 · 2 · 2.
        double[] q = FalseDiscoveries.adjust(new double[] {0.004, 0.8, 1}, new double[] {1e-3, 1e-3, 0.3}, 2);

        assertThat(q).containsExactly(new double[] {0.016, 1, 1}, within(1e-12));
    }

    @Test
    void withoutSuchTestsItIsBenjaminiAndHochbergs() {
        double[] p = {0.01, 0.02, 0.03, 0.04, 0.05};

        assertThat(FalseDiscoveries.adjust(p, new double[5], 1)).containsOnly(new double[] {0.05}, within(1e-12));
    }
}
