package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class WassersteinTest {
    @Test
    void isTheMeanDistanceMoved() {
        double[] many = {1e12, 1e12};
        // Half of the mass at 0 and half at 1, moved to 3 and 4: by 3. Half at 0 moved to 1: by 1/2.
        assertThat(Wasserstein.distance(new double[] {3, 4}, many, new double[] {0, 1}, many, 1)
                        .effect())
                .isCloseTo(3, within(1e-5));
        assertThat(Wasserstein.distance(new double[] {1}, new double[] {2e12}, new double[] {0, 1}, many, 2)
                        .effect())
                .isCloseTo(0.25, within(1e-5));
    }

    @Test
    void samplesOfOneDistributionAreNotApart() {
        SplittableRandom random = new SplittableRandom(1);
        int beyond = 0;
        double sum = 0;
        for (int r = 0; r < 300; r++) {
            Estimate estimate = distance(random, 100, 400, 0);
            sum += estimate.effect() / estimate.error();
            beyond += estimate.pAbove(0) < 0.01 ? 1 : 0;
        }
        assertThat(sum / 300).isBetween(-0.5, 0.1);
        assertThat(beyond).isLessThanOrEqualTo(3);
    }

    @Test
    void aShiftIsItsOwnSize() {
        SplittableRandom random = new SplittableRandom(2);
        double sum = 0;
        for (int r = 0; r < 100; r++) {
            sum += distance(random, 1000, 4000, 0.5).effect() / 100;
        }
        // Taking off what noise adds to equal samples takes a little from a true shift: 0.8 errors of about
        // 1.6 √(1/1000 + 1/4000), with the integral of √(F(1-F)) of a normal distribution near 1.6.
        assertThat(sum).isCloseTo(0.5 - 0.8 * 1.6 * Math.sqrt(1 / 1000.0 + 1 / 4000.0), within(0.01));
    }

    @Test
    void judgesNothingWithoutNumbersOrScale() {
        double[] none = {};
        assertThat(Wasserstein.distance(none, none, new double[] {1}, new double[] {1}, 1)
                        .error())
                .isInfinite();
        assertThat(Wasserstein.distance(new double[] {1}, new double[] {1}, new double[] {1}, new double[] {1}, 0)
                        .error())
                .isInfinite();
    }

    private static Estimate distance(SplittableRandom random, int n, int m, double shift) {
        double[] x = new double[n];
        double[] y = new double[m];
        Arrays.setAll(x, i -> random.nextGaussian() + shift);
        Arrays.setAll(y, i -> random.nextGaussian());
        Arrays.sort(x);
        Arrays.sort(y);
        double[] one = new double[n];
        double[] other = new double[m];
        Arrays.fill(one, 1);
        Arrays.fill(other, 1);
        return Wasserstein.distance(x, one, y, other, 1);
    }
}
