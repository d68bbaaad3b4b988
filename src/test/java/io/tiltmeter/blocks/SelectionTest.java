package io.tiltmeter.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SelectionTest {

    @Test
    void mediansOfAFewValuesByHand() {
        assertThat(Selection.median(new double[] {3}, 1)).isEqualTo(3);
        assertThat(Selection.median(new double[] {3, 1}, 2)).isEqualTo(2);
        assertThat(Selection.median(new double[] {9, 1, 5}, 3)).isEqualTo(5);
        assertThat(Selection.median(new double[] {4, 1, 3, 2}, 4)).isEqualTo(2.5);
        // Only the first three count.
        assertThat(Selection.median(new double[] {9, 1, 5, -100, -100}, 3)).isEqualTo(5);
        assertThatThrownBy(() -> Selection.median(new double[0], 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void equalsTheMiddleOfASortedArrayForEverySizeAndOrder() {
        Random random = new Random(3);
        for (int n = 1; n <= 300; n++) {
            for (int kind = 0; kind < 5; kind++) {
                double[] values = new double[n];
                for (int i = 0; i < n; i++) {
                    values[i] = switch (kind) {
                        case 0 -> random.nextGaussian();
                        case 1 -> i;
                        case 2 -> -i;
                        case 3 -> random.nextInt(3);
                        default -> i % 2 == 0 ? i : -i;
                    };
                }
                double[] sorted = values.clone();
                Arrays.sort(sorted);
                double expected = n % 2 == 1 ? sorted[n / 2] : sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2;
                assertThat(Selection.median(values, n))
                        .as("n %d, kind %d", n, kind)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void deviationOfEightByHand() {
        assertThat(Selection.madOfEight(new double[] {1, 2, 3, 4, 5, 6, 7, 8}, 4.5))
                .isEqualTo(2);
        assertThat(Selection.madOfEight(new double[] {0, 0, 0, 0, 0, 0, 0, 9}, 0))
                .isZero();
        assertThat(Selection.madOfEight(new double[] {-9, -9, -9, 0, 2, 2, 2, 2}, 1))
                .isEqualTo(1);
    }

    @Test
    void deviationOfEightIsThatOfTheirSortedDistances() {
        Random random = new Random(8);
        for (int i = 0; i < 20_000; i++) {
            double[] sorted = new double[8];
            for (int w = 0; w < 8; w++) {
                sorted[w] = i % 2 == 0 ? random.nextGaussian() : random.nextInt(5);
            }
            Arrays.sort(sorted);
            double middle = sorted[3] + (sorted[4] - sorted[3]) / 2;
            double[] distances = Arrays.stream(sorted)
                    .map(v -> Math.abs(v - middle))
                    .sorted()
                    .toArray();
            assertThat(Selection.madOfEight(sorted, middle))
                    .isEqualTo(distances[3] + (distances[4] - distances[3]) / 2);
        }
    }

    /** By the zero-one principle a network that sorts every sequence of zeros and ones sorts everything (Knuth 5.3.4). */
    @Test
    void theNetworkSortsEverySequenceOfZerosAndOnes() {
        for (int mask = 0; mask < 256; mask++) {
            double[] values = new double[8];
            for (int i = 0; i < 8; i++) {
                values[i] = (mask >> i) & 1;
            }
            double[] expected = values.clone();
            Arrays.sort(expected);
            Selection.sort(values, 8);
            assertThat(values).isEqualTo(expected);
        }
        double[] signs = {3.5, -0.25, 0, -7, 1e300, -1e-300, 2, -7};
        Selection.sort(signs, 8);
        assertThat(signs).containsExactly(-7, -7, -0.25, -1e-300, 0, 2, 3.5, 1e300);
    }
}
