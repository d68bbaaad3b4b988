package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class JensenShannonTest {
    @Test
    void isTheDivergenceByHand() {
        // Shares (1/2, 1/2) and (1, 0): mean (3/4, 1/4); 1/2 [1/2 ln 2/3 + 1/2 ln 2] + 1/2 ln 4/3.
        double byHand = 0.5 * (0.5 * Math.log(2.0 / 3) + 0.5 * Math.log(2)) + 0.5 * Math.log(4.0 / 3);

        assertThat(JensenShannon.plugIn(new double[] {50, 50}, new double[] {7, 0}))
                .isCloseTo(byHand, within(1e-15));
        assertThat(JensenShannon.plugIn(new double[] {3, 0}, new double[] {0, 5}))
                .isCloseTo(Math.log(2), within(1e-15));
        assertThat(JensenShannon.plugIn(new double[] {3, 6}, new double[] {1, 2}))
                .isCloseTo(0, within(1e-15));
    }

    @Test
    void countsOfOneDistributionHaveNoDivergenceOnAverageWhateverTheirNumber() {
        SplittableRandom random = new SplittableRandom(1);
        for (int n : new int[] {200, 2_000, 20_000}) {
            double sum = 0;
            double squares = 0;
            double error = 0;
            int repeats = 400;
            for (int r = 0; r < repeats; r++) {
                Estimate estimate = JensenShannon.ofCounts(draw(random, n, 20), draw(random, 2 * n, 20));
                sum += estimate.effect();
                squares += estimate.effect() * estimate.effect();
                error += estimate.error();
            }
            double deviation = Math.sqrt(squares / repeats);
            assertThat(sum / repeats).as("mean of %d", n).isCloseTo(0, within(3 * deviation / Math.sqrt(repeats)));
            assertThat(error / repeats / deviation).as("error of %d", n).isBetween(0.8, 1.3);
        }
    }

    @Test
    void documentsThatRepeatThemselvesAreTakenForWhatTheyAre() {
        // Every draw counts ten times: bias and error are those of a tenth of the words.
        SplittableRandom random = new SplittableRandom(2);
        double jackknife = 0;
        double words = 0;
        int repeats = 60;
        for (int r = 0; r < repeats; r++) {
            double[][] a = groups(random, 100);
            double[][] b = groups(random, 100);
            jackknife += JensenShannon.ofGroups(a, b).effect() / repeats;
            words += JensenShannon.ofCounts(total(a), total(b)).effect() / repeats;
        }
        // (K - 1)(1/n + 1/m)/8 with n = m = 1600 draws is 0.003; of 16,000 words, a tenth of that.
        assertThat(jackknife).isCloseTo(0, within(0.0004));
        assertThat(words).isCloseTo(0.003 * 0.9, within(0.0005));
    }

    @Test
    void saysNothingOfASingleGroup() {
        Estimate estimate = JensenShannon.ofGroups(new double[][] {{5, 5}, {0, 0}}, new double[][] {{5, 5}, {4, 6}});

        assertThat(estimate.pAbove(0)).isCloseTo(0.5, within(1e-12));
        assertThat(estimate.detectable()).isInfinite();
    }

    private static double[] draw(SplittableRandom random, int n, int cells) {
        double[] counts = new double[cells];
        for (int i = 0; i < n; i++) {
            counts[(int) (cells * Math.pow(random.nextDouble(), 1.5))]++;
        }
        return counts;
    }

    private static double[][] groups(SplittableRandom random, int draws) {
        double[][] groups = new double[16][];
        for (int g = 0; g < 16; g++) {
            groups[g] = draw(random, draws, 20);
            for (int i = 0; i < 20; i++) {
                groups[g][i] *= 10;
            }
        }
        return groups;
    }

    private static double[] total(double[][] groups) {
        double[] total = new double[groups[0].length];
        for (double[] group : groups) {
            for (int i = 0; i < total.length; i++) {
                total[i] += group[i];
            }
        }
        return total;
    }
}
