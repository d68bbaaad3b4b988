package io.tiltmeter.correlate.mining;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RunItemsTest {
    private static final Set<String> NONE = Set.of();

    private static List<MinedRun> runs(int count, java.util.function.IntFunction<Map<String, String>> settings) {
        List<MinedRun> runs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            runs.add(MadeUpRuns.run(String.format("r%02d", i), "p", settings.apply(i)));
        }
        return runs;
    }

    @Test
    void numbersAreCutAtTerciles() {
        // 1 to 18: a third is 6.67, two thirds are 12.33 (type 7).
        RunItems items = RunItems.of(runs(18, i -> Map.of("batch", Integer.toString(i + 1))), NONE);

        assertThat(items.labels()).containsExactly("batch > 12.33", "batch in (6.667, 12.33]", "batch ≤ 6.667");
        assertThat(items.of(0)).containsExactly(2);
        assertThat(items.of(17)).containsExactly(0);
    }

    @Test
    void itemsOfTheSameRunsAreOne() {
        RunItems items = RunItems.of(
                runs(12, i -> i < 6 ? Map.of("b", "x", "a", "1e-3") : Map.of("b", "y", "a", "0.0020", "c", "z")), NONE);

        assertThat(items.labels()).containsExactly("a=0.001, also b=x", "a=0.002, also b=y, also c=z");
    }

    @Test
    void rareAndUniversalItemsAreLeftOut() {
        RunItems items =
                RunItems.of(runs(20, i -> Map.of("same", "s", "rare", i < 4 ? "r" : "u", "half", "h" + i % 2)), NONE);

        assertThat(items.labels()).containsExactly("half=h0", "half=h1");
    }

    @Test
    void resultsSeedsAndNamesLeftOutAreNoSettings() {
        RunItems items = RunItems.of(
                runs(
                        20,
                        i -> Map.of(
                                "val_loss", "" + i % 2,
                                "lossScale", "" + i % 2,
                                "data_seed", "" + i % 2,
                                "secret", "s" + i % 2)),
                Set.of("secret"));

        assertThat(items.labels()).containsExactly("lossScale=0", "lossScale=1");
    }

    @Test
    void ofManyAttributesTheMostEvenOnesAreKept() {
        RunItems items = RunItems.of(
                runs(200, i -> {
                    Map<String, String> settings = new java.util.TreeMap<>();
                    for (int a = 0; a < 18; a++) {
                        // Attribute a divides the runs 10 + 5a : the rest.
                        settings.put(String.format("s%02d", a), (i * 37) % 200 < 10 + 5 * a ? "x" : "y");
                    }
                    return settings;
                }),
                NONE);

        assertThat(items.leftOut()).containsExactly("s00", "s01");
    }
}
