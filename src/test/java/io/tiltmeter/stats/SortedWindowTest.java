package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SortedWindowTest {
    @Test
    void agreesWithSortingTheLastValuesAtEveryStep() {
        Random random = new Random(3);
        for (int capacity : new int[] {1, 2, 3, 8, 31}) {
            SortedWindow window = new SortedWindow(capacity);
            List<Double> last = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                // Few distinct values, so that ties and signed zeros occur.
                double value = random.nextInt(7) - 3;
                window.add(value == 0 && random.nextBoolean() ? -0.0 : value);
                last.add(value);
                if (last.size() > capacity) {
                    last.remove(0);
                }
                double[] values = last.stream().mapToDouble(Double::doubleValue).toArray();
                assertThat(window.size()).isEqualTo(values.length);
                assertThat(window.median()).as("median, seed 3, step %d", i).isEqualTo(Robust.median(values));
                assertThat(window.mad()).isEqualTo(Robust.mad(values));
                assertThat(window.min())
                        .isEqualTo(last.stream().min(Double::compare).orElseThrow());
                assertThat(window.max())
                        .isEqualTo(last.stream().max(Double::compare).orElseThrow());
            }
        }
    }

    @Test
    void holdsInfinitiesAndRefusesNaN() {
        SortedWindow window = new SortedWindow(3);
        window.add(Double.POSITIVE_INFINITY);
        window.add(1);
        window.add(2);
        assertThat(window.median()).isEqualTo(2);
        assertThatThrownBy(() -> window.add(Double.NaN)).hasMessage("NaN has no place in a sorted window");
    }

    @Test
    void emptyWindowKnowsNothing() {
        SortedWindow window = new SortedWindow(4);
        window.add(1);
        window.clear();
        assertThat(window.median()).isNaN();
        assertThat(window.min()).isNaN();
        assertThat(window.max()).isNaN();
        assertThat(window.quantile(0.5)).isNaN();
        assertThat(window.capacity()).isEqualTo(4);
    }

    @Test
    void refusesACapacityOfZero() {
        assertThatThrownBy(() -> new SortedWindow(0)).hasMessage("Capacity of a window is 0 but must be >= 1");
    }
}
