package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RobustTest {
    @Test
    void medianIsTheMiddleOrTheMeanOfTheMiddleTwo() {
        assertThat(Robust.median(3, 1, 2)).isEqualTo(2);
        assertThat(Robust.median(4, 1, 3, 2)).isEqualTo(2.5);
        assertThat(Robust.median(7)).isEqualTo(7);
        assertThat(Robust.median()).isNaN();
    }

    @Test
    void medianOfHugeValuesDoesNotOverflow() {
        assertThat(Robust.median(1.7e308, 1.7e308)).isEqualTo(1.7e308);
    }

    @Test
    void madOfTheTextbookExampleIsOne() {
        // 1 1 2 2 4 6 9: median 2, deviations 1 1 0 0 2 4 7, their median 1 (Wikipedia, "Median absolute deviation").
        assertThat(Robust.mad(1, 1, 2, 2, 4, 6, 9)).isEqualTo(1);
        assertThat(Robust.mad()).isNaN();
    }

    @Test
    void madInOnePassEqualsMadBySorting() {
        Random random = new Random(7);
        for (int n = 1; n < 60; n++) {
            double[] values =
                    random.doubles(n, -3, 5).map(v -> Math.rint(v * 4) / 4).toArray();
            double median = Robust.median(values);
            double expected = Robust.median(
                    Arrays.stream(values).map(v -> Math.abs(v - median)).toArray());
            assertThat(Robust.mad(values)).as("n = %d of seed 7", n).isCloseTo(expected, within(1e-12));
        }
    }

    @Test
    void scaledMadOfAGaussianIsItsStandardDeviation() {
        Random random = new Random(11);
        double[] values =
                random.doubles(20_001).map(u -> 3 * random.nextGaussian()).toArray();
        // Relative standard error of a MAD is about 1.17/sqrt(n), .8 % here.
        assertThat(Robust.MAD_TO_SIGMA * Robust.mad(values)).isCloseTo(3, within(0.1));
    }

    @Test
    void quantilesAreThoseOfNumpy() {
        // numpy.quantile([1, 2, 4, 8], [0, .25, .4, .98, 1]) → 1, 1.75, 2.4, 7.76, 8
        double[] sorted = {1, 2, 4, 8};
        assertThat(Robust.quantileOfSorted(sorted, 4, 0)).isEqualTo(1);
        assertThat(Robust.quantileOfSorted(sorted, 4, 0.25)).isCloseTo(1.75, within(1e-12));
        assertThat(Robust.quantileOfSorted(sorted, 4, 0.4)).isCloseTo(2.4, within(1e-12));
        assertThat(Robust.quantileOfSorted(sorted, 4, 0.98)).isCloseTo(7.76, within(1e-12));
        assertThat(Robust.quantileOfSorted(sorted, 4, 1)).isEqualTo(8);
        assertThat(Robust.quantileOfSorted(sorted, 0, 0.5)).isNaN();
    }

    @Test
    void shortestHalfIgnoresATailOnOneSide() {
        // Of seven values the shortest four are 1.0 1.1 1.2 1.3; the rest may lie anywhere.
        double[] sorted = {0.5, 1.0, 1.1, 1.2, 1.3, 9, 20};
        Robust.Interval half = Robust.shortestHalf(sorted, 7);
        assertThat(half.middle()).isCloseTo(1.15, within(1e-12));
        assertThat(half.halfLength()).isCloseTo(0.15, within(1e-12));
    }

    @Test
    void shortestHalfOfOneValueIsThatValue() {
        assertThat(Robust.shortestHalf(new double[] {4}, 1)).isEqualTo(new Robust.Interval(4, 0));
    }
}
