package io.tiltmeter.validate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowKeysTest {
    private static void add(RowKeys keys, long value, long row) {
        keys.add(Distinct.mix(value), value, row);
    }

    private static KeyRepeats together(List<RowKeys> tasks, int listed) {
        RowKeys[] parts = new RowKeys[RowKeys.BUCKETS];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = new RowKeys();
        }
        for (RowKeys task : tasks) {
            RowKeys[] dealt = task.dealt();
            for (int i = 0; i < parts.length; i++) {
                parts[i].addAll(dealt[i]);
            }
        }
        KeyRepeats all = KeyRepeats.NONE;
        for (RowKeys part : parts) {
            all = all.plus(part.repeats(listed), listed);
        }
        return all;
    }

    /** Against a map of value to rows, dealt to tasks at random. */
    @ParameterizedTest
    @CsvSource({"1, 0, 5", "2, 1, 1", "3, 1000, 1000000000", "4, 1000, 900", "5, 5000, 3", "6, 20000, 20000"})
    void countsWhatAMapCounts(long seed, int rows, int values) {
        SplittableRandom random = new SplittableRandom(seed);
        List<RowKeys> tasks = List.of(new RowKeys(), new RowKeys(), new RowKeys());
        Map<Long, List<Long>> map = new TreeMap<>();
        for (long row = 0; row < rows; row++) {
            long value = random.nextInt(values);
            add(tasks.get(random.nextInt(tasks.size())), value, row);
            map.computeIfAbsent(value, v -> new ArrayList<>()).add(row);
        }

        KeyRepeats found = together(tasks, 1000);

        assertThat(found.rows()).isEqualTo(rows);
        assertThat(found.distinct()).isEqualTo(map.size());
        assertThat(found.alone())
                .isEqualTo(
                        map.values().stream().filter(each -> each.size() == 1).count());
        assertThat(found.shared())
                .isEqualTo(map.values().stream()
                        .filter(each -> each.size() > 1)
                        .mapToInt(List::size)
                        .sum());
        List<Long> pairs = map.values().stream()
                .filter(each -> each.size() > 1)
                .sorted((a, b) -> Long.compare(a.get(0), b.get(0)))
                .limit(1000)
                .flatMap(each -> each.stream().limit(2))
                .toList();
        assertThat(found.pairs())
                .containsExactly(pairs.stream().mapToLong(l -> l).toArray());
    }

    @Test
    void halfAHashInCommonIsNoKeyInCommon() {
        RowKeys keys = new RowKeys();
        keys.add(7, 1, 0);
        keys.add(7, 2, 1);
        keys.add(7, 3, 2);
        keys.add(7, 1, 3);

        KeyRepeats found = keys.repeats(10);

        assertThat(found.distinct()).isEqualTo(3);
        assertThat(found.alone()).isEqualTo(2);
        assertThat(found.pairs()).containsExactly(0, 3);
    }

    /** However many rows share a key, a task passes on two of them. */
    @Test
    void aConstantTakesNoRoom() {
        RowKeys keys = new RowKeys();
        for (int row = 0; row < 10_000; row++) {
            add(keys, 5, row);
        }
        int held = 0;
        for (RowKeys part : keys.dealt()) {
            held += part.size();
        }
        assertThat(held).isEqualTo(2);
        KeyRepeats found = together(List.of(keys, keys), 1);
        assertThat(found.rows()).isEqualTo(20_000);
        assertThat(found.distinct()).isEqualTo(1);
        assertThat(found.alone()).isZero();
        assertThat(found.pairs()).hasSize(2);
    }

    @Test
    void namesTheFirstPairsOnly() {
        RowKeys keys = new RowKeys();
        for (int row = 0; row < 100; row++) {
            add(keys, row % 50, row);
        }
        assertThat(together(List.of(keys), 2).pairs()).containsExactly(0, 50, 1, 51);
    }
}
