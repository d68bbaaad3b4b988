package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class LevelShiftTest {
    @Test
    void kolmogorovsDistributionIsThatOfTheTables() {
        assertThat(LevelShift.kolmogorovUpper(1.358)).isCloseTo(0.05, within(2e-4));
        assertThat(LevelShift.kolmogorovUpper(1.628)).isCloseTo(0.01, within(1e-4));
        assertThat(LevelShift.kolmogorovUpper(1.949)).isCloseTo(0.001, within(1e-5));
    }

    @Test
    void findsAShiftWhereItIs() {
        double[] values = noise(200, 0, 11);
        for (int i = 120; i < 200; i++) {
            values[i] += 3;
        }

        LevelShift shift = LevelShift.of(values);

        assertThat(shift.pValue()).isLessThan(1e-6);
        assertThat(shift.at()).isBetween(118, 122);
        assertThat(shift.after() - shift.before()).isCloseTo(3, within(0.4));
    }

    @Test
    void isSilentOnNoiseAlsoWhereNeighboursDepend() {
        int independent = 0;
        int dependent = 0;
        for (int seed = 0; seed < 1000; seed++) {
            independent += LevelShift.of(noise(128, 0, seed)).pValue() < 0.01 ? 1 : 0;
            dependent += LevelShift.of(noise(128, 0.3, seed)).pValue() < 0.01 ? 1 : 0;
        }

        assertThat(independent).isLessThanOrEqualTo(10);
        assertThat(dependent).isLessThanOrEqualTo(30);
    }

    @Test
    void doesNotJudgeTooFewValues() {
        assertThat(LevelShift.of(new double[LevelShift.FEWEST - 1]).pValue()).isEqualTo(1);
        assertThat(LevelShift.of(new double[LevelShift.FEWEST]).pValue()).isEqualTo(1);
    }

    private static double[] noise(int n, double memory, long seed) {
        Random random = new Random(seed);
        double[] values = new double[n];
        double last = 0;
        for (int i = 0; i < n; i++) {
            last = memory * last + random.nextGaussian();
            values[i] = last;
        }
        return values;
    }
}
