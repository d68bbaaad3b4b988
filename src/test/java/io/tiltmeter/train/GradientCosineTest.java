package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

class GradientCosineTest {
    /** A first step, of which nothing comes before. */
    private static OptionalDouble cosine(float[] own, float[] sum) {
        return new GradientCosine(new long[] {0, own.length}).of(Nd4j.createFromArray(own), sum, 0);
    }

    @Test
    void byHand() {
        // The others' is the sum without the own: (4, 1, -2, 0), then its negative, then of as many signs alike as not.
        assertThat(cosine(new float[] {3, 4, -1, 0}, new float[] {7, 5, -3, 0})).hasValue(1);
        assertThat(cosine(new float[] {3, 4, -1, 0}, new float[] {-1, 3, 1, 0})).hasValue(-1);
        assertThat(cosine(new float[] {3, 4, 0, 0}, new float[] {7, 1, 0, 0})).hasValue(0);
        // A zero has no vote: 1 of 2 of the one and 1 of the other.
        assertThat(cosine(new float[] {3, 4}, new float[] {4, 4}).orElseThrow())
                .isCloseTo(Math.sqrt(.5), within(1e-12));
    }

    @Test
    void stepsCountLessTheLongerAgo() {
        GradientCosine cosine = new GradientCosine(new long[] {0, 2});
        assertThat(cosine.of(Nd4j.createFromArray(1f, 0f), new float[] {9, 0}, 0))
                .hasValue(1);
        // Own (0.7, 1), the others' (0.7, -1).
        double second =
                cosine.of(Nd4j.createFromArray(0f, 2f), new float[] {0, -5}, 1).orElseThrow();
        assertThat(second).isCloseTo((.49 - 1) / 1.49, within(1e-6));
        // What does not count changes nothing.
        assertThat(cosine.of(Nd4j.createFromArray(Float.NaN, 2f), new float[] {Float.NaN, 5}, 2))
                .isEmpty();
        assertThat(cosine.of(Nd4j.createFromArray(1f, 2f), new float[] {1, 2}, 3))
                .isEmpty();
        // Own (-0.51, 0.7), the others' (0.49, 0.3).
        double last =
                cosine.of(Nd4j.createFromArray(-1f, 0f), new float[] {-1, 1}, 4).orElseThrow();
        assertThat(last).isCloseTo((-.51 * .49 + .7 * .3) / (Math.hypot(.51, .7) * Math.hypot(.49, .3)), within(1e-6));
    }

    @Test
    void elementsOutsideTheRangesDoNotCount() {
        float[] own = {1e4f, 3, Float.NaN, 4};
        float[] sum = {0, 7, 5, 7};
        GradientCosine cosine = new GradientCosine(new long[] {1, 2, 3, 4});

        assertThat(cosine.of(Nd4j.createFromArray(own), sum, 5)).hasValue(1);
    }

    @Test
    void whatIsZeroOrNotFiniteHasNone() {
        assertThat(cosine(new float[] {0, 0}, new float[] {1, 2})).isEmpty();
        assertThat(cosine(new float[] {1, 2}, new float[] {1, 2})).isEmpty();
        assertThat(cosine(new float[] {Float.NaN, 2}, new float[] {Float.NaN, 3}))
                .isEmpty();
        assertThat(cosine(new float[] {1, 2}, new float[] {Float.POSITIVE_INFINITY, 3}))
                .isEmpty();
        assertThat(cosine(new float[] {Float.NEGATIVE_INFINITY, 0}, new float[] {Float.NEGATIVE_INFINITY, 3}))
                .isEmpty();
    }

    @Test
    void largeAndSmallGradientsHaveSignsAsWell() {
        for (float scale : new float[] {1e37f, 1e-37f}) {
            assertThat(cosine(new float[] {3 * scale, 4 * scale}, new float[] {7 * scale, 7 * scale}))
                    .hasValue(1);
        }
    }

    /** Gradients with a common direction, noise, and an oscillation a hundred times as large on a few parameters. */
    private static final class Gradients {
        private static final int N = 4_000;
        private static final int WORKERS = 4;
        private final Random random = new Random(6);
        private final float[] common = new float[N];

        Gradients() {
            for (int i = 0; i < N; i++) {
                common[i] = (float) (.2 * random.nextGaussian());
            }
        }

        float[] of(int step) {
            float[] gradient = new float[N];
            for (int i = 0; i < N; i++) {
                gradient[i] = common[i] + (float) random.nextGaussian();
            }
            for (int i = 0; i < 10; i++) {
                gradient[i] += (float) (100 * random.nextGaussian());
            }
            return gradient;
        }
    }

    @Test
    void aWrongSignIsToldWhereOneStepsGradientsDoNot() {
        Gradients gradients = new Gradients();
        GradientCosine right = new GradientCosine(new long[] {0, Gradients.N});
        GradientCosine wrong = new GradientCosine(new long[] {0, Gradients.N});
        int steps = 200;
        double[] plain = new double[steps];
        double[] cosines = new double[steps];
        for (int step = 0; step < steps; step++) {
            float[] own = gradients.of(step);
            float[] sum = own.clone();
            float[] withWrong = new float[Gradients.N];
            float[] negative = new float[Gradients.N];
            double dot = 0;
            double ownSquares = 0;
            double otherSquares = 0;
            for (int w = 1; w < Gradients.WORKERS; w++) {
                float[] other = gradients.of(step);
                for (int i = 0; i < Gradients.N; i++) {
                    sum[i] += other[i];
                }
            }
            for (int i = 0; i < Gradients.N; i++) {
                double others = sum[i] - own[i];
                negative[i] = -own[i];
                withWrong[i] = (float) (others - own[i]);
                dot += own[i] * others;
                ownSquares += own[i] * own[i];
                otherSquares += others * others;
            }
            plain[step] = dot / Math.sqrt(ownSquares * otherSquares);
            cosines[step] = right.of(Nd4j.createFromArray(own), sum, step).orElseThrow();
            double negated =
                    wrong.of(Nd4j.createFromArray(negative), withWrong, step).orElseThrow();
            assertThat(negated).isCloseTo(-cosines[step], within(1e-6));
        }
        // Of one step, ten parameters with noise of 100 drown 4,000 of 1.
        assertThat(standardDeviation(plain)).isGreaterThan(5 * Math.abs(mean(plain)));
        // A sign follows the direction with a mean of √(2/π) × 0.2 = 0.16, of the others' sum √3 times that. A mean
        // over
        // (1 + 0.7) / (1 - 0.7) = 5.7 steps leaves the noise a share of 1 / 5.7.
        double own = 2 / Math.PI * .04;
        double others = 3 * own;
        double expected = Math.sqrt(own / (own + 1 / 5.7) * others / (others + 1 / 5.7));
        assertThat(mean(Arrays.copyOfRange(cosines, 20, steps))).isCloseTo(expected, within(.02));
        assertThat(standardDeviation(Arrays.copyOfRange(cosines, 20, steps))).isLessThan(expected / 5);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    private static double standardDeviation(double[] values) {
        double mean = mean(values);
        return Math.sqrt(Arrays.stream(values)
                .map(v -> (v - mean) * (v - mean))
                .average()
                .orElseThrow());
    }

    @Test
    void ofMillionsOfElementsAnExcerptStandsForAll() {
        Random random = new Random(5);
        int n = 1_000_003;
        float[] own = new float[n];
        float[] sum = new float[n];
        for (int i = 0; i < n; i++) {
            own[i] = (float) random.nextGaussian();
            sum[i] = (float) (2 * own[i] + random.nextGaussian());
        }
        GradientCosine cosine = new GradientCosine(new long[] {0, n});
        // The others' are own and an independent one of the same size, correlated by 1/√2: their signs by
        // 2/π arcsin(1/√2), 1/2. The same gradients again change nothing but the excerpt, which has 8,192 of them.
        for (long step : new long[] {0, 1, 255, 256, 123_456_789_012L}) {
            assertThat(cosine.of(Nd4j.createFromArray(own), sum, step).orElseThrow())
                    .isCloseTo(.5, within(.03));
        }
    }

    @Test
    void nothingIsRememberedWhereAnExcerptMovesOn() {
        int n = GradientCosine.BLOCKS * GradientCosine.BLOCK + 1;
        float[] ones = new float[n];
        float[] twos = new float[n];
        Arrays.fill(ones, 1);
        Arrays.fill(twos, 2);
        float[] zeros = new float[n];
        GradientCosine cosine = new GradientCosine(new long[] {0, n});
        assertThat(cosine.of(Nd4j.createFromArray(ones), zeros, GradientCosine.STAY - 1))
                .hasValue(-1);
        assertThat(cosine.of(Nd4j.createFromArray(ones), twos, GradientCosine.STAY)
                        .orElseThrow())
                .isEqualTo(1);
    }
}
