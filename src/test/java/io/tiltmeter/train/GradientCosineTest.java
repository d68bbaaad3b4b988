package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

class GradientCosineTest {
    private static OptionalDouble cosine(float[] own, float[] sum) {
        return new GradientCosine(new Excerpt(new long[] {0, own.length}, 16)).of(Nd4j.createFromArray(own), sum, 0);
    }

    @Test
    void byHand() {
        // The others' is the sum without the own: (4, 3), then (-6, -8), (8, -6).
        assertThat(cosine(new float[] {3, 4}, new float[] {7, 7})).hasValue(24 / 25.0);
        assertThat(cosine(new float[] {3, 4}, new float[] {-3, -4})).hasValue(-1);
        assertThat(cosine(new float[] {3, 4}, new float[] {11, -2})).hasValue(0);
    }

    @Test
    void elementsOutsideTheExcerptDoNotCount() {
        float[] own = {1e4f, 3, -1e4f, 4};
        float[] sum = {0, 7, 5, 7};
        GradientCosine cosine = new GradientCosine(new Excerpt(new long[] {1, 2, 3, 4}, 16));

        assertThat(cosine.of(Nd4j.createFromArray(own), sum, 5)).hasValue(24 / 25.0);
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
    void squaresMayLeaveTheRangeOfAFloat() {
        for (float scale : new float[] {1e25f, 1e-25f}) {
            assertThat(cosine(new float[] {3 * scale, 4 * scale}, new float[] {7 * scale, 7 * scale})
                            .orElseThrow())
                    .isCloseTo(.96, within(1e-6));
        }
    }

    @Test
    void aGradientFarLargerThanTheOthersHidesThemOnlyByItsRounding() {
        // The others are a millionth of the own; a float has 24 bits, so each element of the sum keeps 4 or 5 of
        // theirs.
        Random random = new Random(4);
        int n = 10_000;
        float[] own = new float[n];
        float[] sum = new float[n];
        double dot = 0;
        double ownSquares = 0;
        double otherSquares = 0;
        for (int i = 0; i < n; i++) {
            double other = random.nextGaussian();
            own[i] = (float) (1e6 * (random.nextGaussian() + other));
            sum[i] = (float) (own[i] + other);
            dot += own[i] * other;
            ownSquares += (double) own[i] * own[i];
            otherSquares += other * other;
        }
        assertThat(cosine(own, sum).orElseThrow()).isCloseTo(dot / Math.sqrt(ownSquares * otherSquares), within(1e-3));
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
        Excerpt excerpt = new Excerpt(new long[] {0, n}, 16);
        GradientCosine cosine = new GradientCosine(excerpt);
        for (long step : new long[] {0, 7, 123_456_789_012L}) {
            double dot = 0;
            double ownSquares = 0;
            double otherSquares = 0;
            long[] places = excerpt.at(step);
            for (int p = 0; p < places.length; p += 2) {
                for (int i = (int) places[p]; i < places[p + 1]; i++) {
                    double other = (double) sum[i] - own[i];
                    dot += own[i] * other;
                    ownSquares += (double) own[i] * own[i];
                    otherSquares += other * other;
                }
            }
            double measured = cosine.of(Nd4j.createFromArray(own), sum, step).orElseThrow();
            assertThat(measured).isCloseTo(dot / Math.sqrt(ownSquares * otherSquares), within(1e-6));
            // The others' are own and an independent one of the same size: 1/√2, within some 1/√65,536.
            assertThat(measured).isCloseTo(Math.sqrt(.5), within(.01));
        }
    }
}
