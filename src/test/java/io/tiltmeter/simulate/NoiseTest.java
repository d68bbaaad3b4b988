package io.tiltmeter.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class NoiseTest {

    @Test
    void keysAreTheOutputsOfSplitMix64() {
        SplittableRandom reference = new SplittableRandom(1234567);
        for (int i = 0; i < 100; i++) {
            assertThat(Noise.child(1234567, i)).isEqualTo(reference.nextLong());
        }
    }

    @Test
    void normalQuantilesAreThoseOfTheTables() {
        assertThat(Noise.quantile(0.5)).isZero();
        assertThat(Noise.quantile(0.975)).isCloseTo(1.959964, within(1e-6));
        assertThat(Noise.quantile(0.025)).isCloseTo(-1.959964, within(1e-6));
        assertThat(Noise.quantile(0.999)).isCloseTo(3.090232, within(1e-6));
        assertThat(Noise.quantile(1e-6)).isCloseTo(-4.753424, within(2e-6));
        assertThat(Noise.quantile(1e-12)).isCloseTo(-7.034484, within(1e-5));
    }

    /** The 97.5 % quantile of Student's t with 6 degrees of freedom is 2.4469; its variance 1.5. */
    @Test
    void heavyTailedDrawsAreStudentsTWithSixDegreesOfFreedom() {
        int draws = 400_000;
        double sum = 0;
        double squares = 0;
        int beyond = 0;
        for (int i = 0; i < draws; i++) {
            double value = Noise.heavyTailed(Noise.child(42, i), 0);
            sum += value;
            squares += value * value;
            beyond += Math.abs(value) > 2.4469 / Math.sqrt(1.5) ? 1 : 0;
        }
        // Standard errors: 1 / sqrt(n), sqrt((kurtosis 6 - 1) / n), sqrt(0.05 * 0.95 / n); bounds are four of each.
        assertThat(sum / draws).isCloseTo(0, within(0.0064));
        assertThat(squares / draws).isCloseTo(1, within(0.0142));
        assertThat((double) beyond / draws).isCloseTo(0.05, within(0.0014));
    }

    @Test
    void permutationsHitEveryPlaceOnce() {
        for (int size : new int[] {1, 2, 3, 7, 40, 200, 1000, 1025}) {
            boolean[] hit = new boolean[size];
            for (int i = 0; i < size; i++) {
                int place = Noise.permute(99, i, size);
                assertThat(hit[place]).as("place %d of %d", place, size).isFalse();
                hit[place] = true;
            }
        }
    }
}
