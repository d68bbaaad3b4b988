package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SharesTest {
    @Test
    void addsASuccessAndAFailureToEachSide() {
        // By hand: p = 8/12 and 2/12; variance p(1-p)/12 each.
        Estimate increase = Shares.increase(7, 10, 1, 10);

        assertThat(increase.effect()).isCloseTo(0.6, within(1e-15));
        assertThat(increase.error()).isCloseTo(Math.sqrt((8.0 * 4 + 2.0 * 10) / (12 * 12 * 12)), within(1e-15));
    }

    @Test
    void groupsThatScatterHaveTheErrorOfGroups() {
        // Four groups of 100, shares 0, 0, .4, .4: mean .2, residuals 20 each; variance 4·400·(4/3)/400².
        double[] k = {0, 0, 40, 40};
        double[] n = {100, 100, 100, 100};
        double[] none = {0, 0, 0, 0};
        double[] many = {1e9, 1e9, 1e9, 1e9};

        Estimate increase = Shares.increase(k, n, none, many);

        assertThat(increase.effect()).isCloseTo(0.2, within(1e-12));
        assertThat(increase.error()).isCloseTo(Math.sqrt(4 * 400 * (4 / 3.0) / 160_000), within(1e-6));
        assertThat(increase.freedom()).isEqualTo(3);
    }
}
