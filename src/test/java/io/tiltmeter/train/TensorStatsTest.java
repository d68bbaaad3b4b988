package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class TensorStatsTest {
    @Test
    void byHand() {
        TensorStats stats = new TensorStats(0, 0.99);
        stats.add(new float[] {9, 0, -1, 0.5f, -0.5f, 0, 1, 9}, 1, 7);

        assertThat(stats.elements()).isEqualTo(6);
        assertThat(stats.squares()).isEqualTo(2.5);
        assertThat(stats.norm()).isEqualTo(Math.sqrt(2.5));
        assertThat(stats.meanAbs()).isEqualTo(.5);
        assertThat(stats.maxAbs()).isEqualTo(1);
        assertThat(stats.mean()).isZero();
        assertThat(stats.std()).isEqualTo(Math.sqrt(2.5 / 6));
        assertThat(stats.zeroFraction()).isEqualTo(2 / 6.0);
        assertThat(stats.saturatedFraction()).isEqualTo(2 / 6.0);
        assertThat(stats.nonFinite()).isZero();
    }

    @Test
    void saturationOfASigmoidIsNearZeroAndNearOne() {
        TensorStats stats = new TensorStats(0.5, 0.495);
        stats.add(new float[] {0.004f, 0.006f, 0.5f, 0.994f, 0.996f}, 0, 5);

        assertThat(stats.saturatedFraction()).isEqualTo(.4);
    }

    @Test
    void agreesWithPlainDoubleArithmeticAtAnyLength() {
        Random random = new Random(1);
        for (int n : new int[] {1, 3, 4, 7, 8, 9, TensorStats.BLOCK, TensorStats.BLOCK + 5, 200_003}) {
            float[] values = new float[n];
            double squares = 0;
            double abs = 0;
            double sum = 0;
            double max = 0;
            int zeros = 0;
            for (int i = 0; i < n; i++) {
                values[i] = random.nextInt(10) == 0 ? 0 : (float) (random.nextGaussian() * 1e-3 + 1);
                squares += (double) values[i] * values[i];
                abs += Math.abs(values[i]);
                sum += values[i];
                max = Math.max(max, Math.abs(values[i]));
                zeros += values[i] == 0 ? 1 : 0;
            }
            double spread = 0;
            for (float v : values) {
                spread += (v - sum / n) * (v - sum / n);
            }
            TensorStats stats = new TensorStats();
            INDArray tensor = Nd4j.createFromArray(values);
            stats.add(tensor, 0, n);

            assertThat(stats.squares()).isCloseTo(squares, within(1e-12 * squares));
            // Single precision within blocks: a float has 24 bits, 6e-8.
            assertThat(stats.sumOfSquares(tensor, 0, n)).isCloseTo(squares, within(1e-6 * squares));
            assertThat(TensorStats.sumOfSquares(values, 0, n)).isCloseTo(squares, within(1e-12 * squares));
            assertThat(TensorStats.quickSquares(values, 0, n)).isCloseTo(squares, within(1e-6 * squares));
            assertThat(stats.meanAbs()).isCloseTo(abs / n, within(1e-12));
            assertThat(stats.mean()).isCloseTo(sum / n, within(1e-12));
            assertThat(stats.std()).isCloseTo(Math.sqrt(spread / n), within(1e-9));
            assertThat(stats.maxAbs()).isEqualTo(max);
            assertThat(stats.zeroFraction()).isEqualTo((double) zeros / n);
            assertThat(stats.nonFinite()).isZero();
        }
    }

    @Test
    void nonFiniteElementsAreCountedAndLeftOutOfTheMeans() {
        TensorStats stats = new TensorStats(0, .99);
        stats.add(new float[] {1, Float.NaN, -3, Float.POSITIVE_INFINITY, 0}, 0, 5);

        assertThat(stats.nonFinite()).isEqualTo(2);
        assertThat(stats.norm()).isNaN();
        assertThat(stats.meanAbs()).isEqualTo(4 / 3.0);
        assertThat(stats.mean()).isEqualTo(-2 / 3.0);
        assertThat(stats.maxAbs()).isEqualTo(3);
        assertThat(stats.std()).isCloseTo(Math.sqrt(10 / 3.0 - 4 / 9.0), within(1e-15));
        assertThat(stats.saturatedFraction()).isEqualTo(.4);

        stats.clear();
        stats.add(new float[] {1, Float.NEGATIVE_INFINITY}, 0, 2);
        assertThat(stats.norm()).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(stats.nonFinite()).isEqualTo(1);

        stats.clear();
        stats.add(new float[] {Float.NaN}, 0, 1);
        assertThat(stats.mean()).isNaN();
        assertThat(stats.maxAbs()).isNaN();
    }

    @Test
    void theGreatestFloatsDoNotOverflow() {
        TensorStats stats = new TensorStats();
        stats.add(new float[] {Float.MAX_VALUE, Float.MIN_VALUE}, 0, 2);

        assertThat(stats.norm()).isEqualTo(Float.MAX_VALUE);
        assertThat(TensorStats.sumOfSquares(new float[] {1e-30f}, 0, 1)).isCloseTo(1e-60, within(1e-66));
    }

    @Test
    void copiesViewsAndEveryOrder() {
        INDArray flat = Nd4j.arange(12).castTo(DataType.FLOAT);
        assertThat(copy(flat)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        INDArray view = flat.get(NDArrayIndex.interval(3, 8));
        assertThat(copy(view)).containsExactly(3, 4, 5, 6, 7);
        assertThat(copy(view.get(NDArrayIndex.interval(1, 3)))).containsExactly(4, 5);
        assertThat(copy(flat.reshape(1, 12).get(NDArrayIndex.point(0), NDArrayIndex.interval(2, 4))))
                .containsExactly(2, 3);
        INDArray matrix = flat.dup().reshape('c', 3, 4);
        assertThat(copy(matrix.getColumn(1))).containsExactly(1, 5, 9);
        assertThat(copy(matrix.get(NDArrayIndex.all(), NDArrayIndex.interval(1, 3))))
                .containsExactly(1, 2, 5, 6, 9, 10);
        assertThat(copy(matrix.dup('f'))).containsExactlyInAnyOrder(copy(flat));
        assertThat(copy(matrix.transpose())).containsExactlyInAnyOrder(copy(flat));
        assertThat(copy(Nd4j.createFromArray(1.5, 2.5))).containsExactly(1.5f, 2.5f);
        assertThatThrownBy(() -> TensorStats.copy(flat, new float[3]))
                .hasMessage("Tensor has 12 elements, expected at most 3");
    }

    @Test
    void rangesOfAViewCountFromItsOwnBeginning() {
        INDArray view = Nd4j.arange(12).castTo(DataType.FLOAT).get(NDArrayIndex.interval(3, 8));
        TensorStats stats = new TensorStats();
        stats.add(view, 1, 3);

        assertThat(stats.squares()).isEqualTo(16 + 25);
        assertThat(stats.sumOfSquares(view, 1, 3)).isEqualTo(16 + 25);
    }

    private static float[] copy(INDArray tensor) {
        float[] target = new float[(int) tensor.length()];
        TensorStats.copy(tensor, target);
        return target;
    }

    @Test
    void squaresAreRightForAMillionAndOutOfTheRangeOfAFloat() {
        TensorStats stats = new TensorStats();
        java.util.Random random = new java.util.Random(11);
        float[] values = new float[1_000_000];
        double expected = 0;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
            expected += (double) values[i] * values[i];
        }
        assertThat(TensorStats.quickSquares(values, 0, values.length)).isCloseTo(expected, within(1e-6 * expected));
        for (float extreme : new float[] {1e25f, 1e-25f}) {
            float[] one = new float[20_000];
            one[15_000] = extreme;
            one[19_999] = -extreme;
            double square = (double) extreme * extreme;
            assertThat(TensorStats.quickSquares(one, 0, one.length)).isCloseTo(2 * square, within(1e-12 * square));
            assertThat(TensorStats.quickSquares(one, 1, 19_999)).isCloseTo(square, within(1e-12 * square));
        }
        float kept = values[700_000];
        values[700_000] = Float.NaN;
        assertThat(TensorStats.quickSquares(values, 0, values.length)).isNaN();
        assertThat(TensorStats.quickSquares(values, 0, 700_000)).isFinite();
        values[700_000] = kept;
        // ND4J's own norm is 0.2 % low here.
        assertThat(stats.sumOfSquares(Nd4j.createFromArray(values), 0, values.length))
                .isCloseTo(expected, within(1e-6 * expected));
        for (float extreme : new float[] {1e25f, 1e-25f}) {
            double square = (double) extreme * extreme;
            assertThat(stats.sumOfSquares(Nd4j.createFromArray(extreme, 0, -extreme), 0, 3))
                    .isCloseTo(2 * square, within(1e-12 * square));
        }
        assertThat(stats.sumOfSquares(Nd4j.createFromArray(1, Float.NaN, 2), 0, 3))
                .isNaN();
        assertThat(stats.sumOfSquares(Nd4j.createFromArray(1, Float.NEGATIVE_INFINITY, 2), 0, 3))
                .isInfinite();
        assertThat(stats.sumOfSquares(Nd4j.zeros(10), 0, 10)).isZero();
    }

    @Test
    void copiesAndAddsUpTheSquaresOfRanges() {
        java.util.Random random = new java.util.Random(5);
        float[] values = new float[3 * TensorStats.BLOCK + 77];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        // Ends within blocks, on their borders, over several blocks, and two in one.
        int b = TensorStats.BLOCK;
        for (long[] ranges : new long[][] {
            {0, values.length},
            {},
            {5, 6},
            {0, b, b, 2L * b},
            {3, 9, 11, 2L * b + 5, 2L * b + 6, values.length},
            {2L * b, 3L * b}
        }) {
            double expected = 0;
            for (int r = 0; r < ranges.length; r += 2) {
                for (long i = ranges[r]; i < ranges[r + 1]; i++) {
                    expected += (double) values[(int) i] * values[(int) i];
                }
            }
            float[] copy = new float[values.length];

            assertThat(TensorStats.copyWithSquares(Nd4j.createFromArray(values), ranges, copy)
                            .sum())
                    .isCloseTo(expected, within(1e-6 * expected));
            assertThat(copy).containsExactly(values);
        }
        float[] extreme = {1e25f, 0, -1e25f, Float.NaN};
        assertThat(TensorStats.copyWithSquares(Nd4j.createFromArray(extreme), new long[] {0, 3}, new float[4])
                        .sum())
                .isCloseTo(2 * (double) 1e25f * 1e25f, within(1e38));
        assertThat(TensorStats.copyWithSquares(Nd4j.createFromArray(extreme), new long[] {2, 4}, new float[4])
                        .sum())
                .isNaN();
        assertThatThrownBy(() -> TensorStats.copyWithSquares(Nd4j.createFromArray(extreme), new long[0], new float[3]))
                .hasMessage("Tensor has 4 elements, expected at most 3");
    }
}
