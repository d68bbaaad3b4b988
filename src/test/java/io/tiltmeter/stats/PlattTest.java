package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PlattTest {
    /** Two scores and two parameters: the curve goes through Platt's targets, (n + 1)/(n + 2) and 1/(n + 2). */
    @Test
    void meetsTheTargetsOfScoresThatSeparate() {
        Platt curve =
                Platt.fit(new double[] {-1, -1, -1, 1, 1, 1}, new boolean[] {false, false, false, true, true, true});

        assertThat(curve.of(1)).isEqualTo(4 / 5.0, within(1e-6));
        assertThat(curve.of(-1)).isEqualTo(1 / 5.0, within(1e-6));
    }

    @Test
    void saysTheSameOfAllWhereScoresGoTheWrongWayRound() {
        Platt curve = Platt.fit(new double[] {1, 1, 1, -1}, new boolean[] {false, false, false, true});

        assertThat(curve.of(5)).isEqualTo(curve.of(-5)).isEqualTo(2 / 6.0, within(1e-9));
    }

    @Test
    void isALogisticFunctionWithoutOverflow() {
        assertThat(Platt.logistic(Math.log(3))).isEqualTo(0.75, within(1e-12));
        assertThat(Platt.logistic(-1000)).isZero();
        assertThat(Platt.logistic(1000)).isEqualTo(1);
    }
}
