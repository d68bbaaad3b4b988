package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SuccessionTest {
    private static void permute(double[] values, int from, List<double[]> into) {
        if (from == values.length) {
            into.add(values.clone());
            return;
        }
        for (int i = from; i < values.length; i++) {
            swap(values, from, i);
            permute(values, from + 1, into);
            swap(values, from, i);
        }
    }

    private static void swap(double[] values, int i, int j) {
        double kept = values[i];
        values[i] = values[j];
        values[j] = kept;
    }

    private static Estimate correlation(double[] values) {
        double mean = 0;
        for (double value : values) {
            mean += value / values.length;
        }
        double squares = 0;
        double differences = 0;
        for (int i = 0; i < values.length; i++) {
            squares += (values[i] - mean) * (values[i] - mean);
            differences += i == 0 ? 0 : (values[i] - values[i - 1]) * (values[i] - values[i - 1]);
        }
        double first = values[0] - mean;
        double last = values[values.length - 1] - mean;
        return Succession.correlation(differences, first * first + last * last, squares, values.length);
    }

    @Test
    void correlationOfNeighboursIsZeroOverAllOrders() {
        List<double[]> orders = new ArrayList<>();
        permute(new double[] {1, 2, 2, 5, 9, 30}, 0, orders);

        double mean = orders.stream()
                .mapToDouble(each -> correlation(each).effect())
                .average()
                .orElseThrow();

        assertThat(orders).hasSize(720);
        assertThat(mean).isCloseTo(0, within(1e-12));
        // By hand: -1, 0, 1 has the products 0 and 0, and 1/3 is added.
        assertThat(correlation(new double[] {0, 1, 2}).effect()).isCloseTo(1.0 / 3, within(1e-12));
        // One value apart at the end is no order: (18·0.05² - 0.05·0.95) / 0.95 + 1/20 by hand.
        double[] one = new double[20];
        one[19] = 1;
        assertThat(correlation(one).effect()).isCloseTo(0.047368, within(1e-6));
    }

    @Test
    void itsErrorIsThatOverOrdersOfSkewedValuesToo() {
        SplittableRandom random = new SplittableRandom(7);
        double sum = 0;
        double squares = 0;
        int trials = 4000;
        for (int trial = 0; trial < trials; trial++) {
            double[] values = new double[200];
            for (int i = 0; i < values.length; i++) {
                values[i] = -Math.log(1 - random.nextDouble());
            }
            Estimate estimate = correlation(values);
            double z = estimate.effect() / estimate.error();
            sum += z;
            squares += z * z;
        }
        assertThat(sum / trials).isCloseTo(0, within(4 / Math.sqrt(trials)));
        assertThat(Math.sqrt(squares / trials)).isCloseTo(1, within(0.05));
    }

    @Test
    void runsOfClassesHaveTheMomentsOfAllOrders() {
        List<double[]> orders = new ArrayList<>();
        permute(new double[] {0, 0, 0, 1, 1, 2, 2}, 0, orders);
        long[] counts = {3, 2, 2};
        double mean = 0;
        double square = 0;
        double error = 0;
        for (double[] order : orders) {
            long equal = 0;
            for (int i = 1; i < order.length; i++) {
                equal += order[i] == order[i - 1] ? 1 : 0;
            }
            Estimate estimate = Succession.classes(counts, equal);
            mean += estimate.effect() / orders.size();
            square += estimate.effect() * estimate.effect() / orders.size();
            error = estimate.error();
        }
        assertThat(mean).isCloseTo(0, within(1e-9));
        assertThat(Math.sqrt(square)).isCloseTo(error, within(1e-9));
    }

    @Test
    void sortedClassesAndClassesInTurnAreTheExtremes() {
        // 50 of each class sorted: 98 equal neighbours of 99; in turn: none. Expected 2·50·49/100 = 49.
        assertThat(Succession.classes(new long[] {50, 50}, 98).effect()).isCloseTo(49.0 / 50, within(1e-12));
        assertThat(Succession.classes(new long[] {50, 50}, 0).effect()).isCloseTo(-49.0 / 50, within(1e-12));
    }

    @Test
    void informationOfAMixThatSwingsIsThatByHand() {
        // Two windows of 40:60 and 60:40: 0.6 ln 1.2 + 0.4 ln 0.8 = 0.02014 nats, and 1 / 2n taken off.
        double[][] counts = {{4000, 6000}, {6000, 4000}};

        Estimate estimate = MutualInformation.of(counts);

        assertThat(estimate.effect()).isCloseTo(0.020136 - 1 / 40_000.0, within(1e-5));
        assertThat(estimate.pAbove(0.02)).isGreaterThan(0.1);
        assertThat(estimate.pAbove(0.01)).isLessThan(1e-6);
    }

    @Test
    void informationOfNothingIsZeroOnAverageAndItsErrorIsHonest() {
        SplittableRandom random = new SplittableRandom(11);
        double sum = 0;
        double squares = 0;
        int trials = 2000;
        for (int trial = 0; trial < trials; trial++) {
            double[][] counts = new double[3][20];
            for (int i = 0; i < 3000; i++) {
                counts[random.nextInt(3)][random.nextInt(20)]++;
            }
            Estimate estimate = MutualInformation.of(counts);
            sum += estimate.effect() / estimate.error();
            squares += estimate.effect() * estimate.effect() / estimate.error() / estimate.error();
        }
        assertThat(sum / trials).isCloseTo(0, within(0.15));
        assertThat(Math.sqrt(squares / trials)).isCloseTo(1, within(0.15));
    }
}
