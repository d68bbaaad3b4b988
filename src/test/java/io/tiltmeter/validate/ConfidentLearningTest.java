package io.tiltmeter.validate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.validate.ConfidentLearning.Suspect;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ConfidentLearningTest {
    @Test
    void suspectsAreThoseOfWhichAnotherClassReachesItsThreshold() {
        double[][] probabilities = {
            {0.9, 0.1}, {0.8, 0.2}, {0.2, 0.8}, {0.1, 0.9}, {0.3, 0.7}, {0.6, 0.4},
        };
        int[] labels = {0, 0, 0, 1, 1, 1};

        ConfidentLearning learning = new ConfidentLearning(probabilities, labels);

        // By hand: (0.9 + 0.8 + 0.2) / 3 and (0.9 + 0.7 + 0.4) / 3.
        assertThat(learning.threshold(0)).isCloseTo(1.9 / 3, within(1e-12));
        assertThat(learning.threshold(1)).isCloseTo(2.0 / 3, within(1e-12));
        assertThat(learning.accuracy()).isCloseTo(4.0 / 6, within(1e-12));
        // The third row reaches class 1; the last is more like class 0 but does not reach its threshold.
        assertThat(learning.suspects()).containsExactly(new Suspect(2, 0, 1, 0.2, 0.8));
    }

    @Test
    void theMostSuspectComeFirstAndAClassWithoutExamplesIsNoneToTurnTo() {
        double[][] probabilities = {{0.5, 0.1, 0.4}, {0.7, 0.3, 0.0}, {0.05, 0.9, 0.05}, {0.2, 0.75, 0.05}};
        int[] labels = {0, 1, 0, 0};

        ConfidentLearning learning = new ConfidentLearning(probabilities, labels);

        assertThat(learning.threshold(2)).isInfinite();
        assertThat(learning.suspects()).extracting(Suspect::example).containsExactly(2, 3);
        assertThatThrownBy(() -> new ConfidentLearning(probabilities, new int[3]))
                .hasMessage("There are 3 labels of 4 examples, expected one each");
    }

    @Test
    void flippedLabelsOfSeparableClassesAreFoundAndSoundOnesAreNot() {
        // A sound model: 0.9 to 1 for the true class. Every fiftieth label is flipped.
        SplittableRandom random = new SplittableRandom(4);
        int n = 1000;
        double[][] probabilities = new double[n][];
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            int truth = random.nextInt(2);
            double sure = 0.9 + 0.1 * random.nextDouble();
            probabilities[i] = truth == 0 ? new double[] {sure, 1 - sure} : new double[] {1 - sure, sure};
            labels[i] = i % 50 == 0 ? 1 - truth : truth;
        }

        int[] found = new ConfidentLearning(probabilities, labels)
                .suspects().stream().mapToInt(Suspect::example).sorted().toArray();

        assertThat(Arrays.stream(found).allMatch(i -> i % 50 == 0)).isTrue();
        // Those of which the model is surer than on average of the class: some two thirds of 20.
        assertThat(found).hasSizeBetween(10, 18);
    }
}
