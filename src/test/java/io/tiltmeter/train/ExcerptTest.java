package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import org.junit.jupiter.api.Test;

class ExcerptTest {
    @Test
    void fewElementsAreAllThere() {
        Excerpt excerpt = new Excerpt(new long[] {3, 5, 9, 9 + 65_534}, 16, 4096);

        assertThat(excerpt.elements()).isEqualTo(65_536);
        assertThat(excerpt.at(0)).containsExactly(3, 5, 9, 65_543);
        assertThat(excerpt.at(99)).containsExactly(3, 5, 9, 65_543);
    }

    @Test
    void ofManyThereAreSixteenBlocksEvenlyApart() {
        // 65 blocks, the last of one element: blocks 0, 4, 8 ... 60, and each a block further on in the next step.
        Excerpt excerpt = new Excerpt(new long[] {0, 64 * 4096 + 1}, 16, 4096);
        long[] first = excerpt.at(0);
        long[] second = excerpt.at(1);

        assertThat(first).hasSize(32);
        for (int i = 0; i < 16; i++) {
            assertThat(first[2 * i]).isEqualTo(4L * i * 4096);
            assertThat(first[2 * i + 1]).isEqualTo((4L * i + 1) * 4096);
            assertThat(second[2 * i]).isEqualTo((4L * i + 1) * 4096);
        }
        // 64 steps on the first block is the last one.
        assertThat(excerpt.at(64)).startsWith(64 * 4096, 64 * 4096 + 1);
        assertThat(excerpt.at(65)).isEqualTo(first);
    }

    @Test
    void blocksReachOverGapsAndComeByEverywhere() {
        // Gaps before, between and after; one range is shorter than a block.
        long[] ranges = {10, 50_000, 50_003, 50_103, 60_000, 180_000};
        Excerpt excerpt = new Excerpt(ranges, 16, 4096);
        BitSet wanted = new BitSet();
        for (int r = 0; r < ranges.length; r += 2) {
            wanted.set((int) ranges[r], (int) ranges[r + 1]);
        }
        BitSet seen = new BitSet();
        long blocks = (excerpt.elements() + 4095) / 4096;
        // Sixteen blocks, apart by two or so: after as many steps nothing is left out.
        for (long step = 1000; step < 1000 + blocks; step++) {
            BitSet now = new BitSet();
            long[] places = excerpt.at(step);
            for (int p = 0; p < places.length; p += 2) {
                assertThat(now.get((int) places[p], (int) places[p + 1]).isEmpty())
                        .as("twice in step %d", step)
                        .isTrue();
                now.set((int) places[p], (int) places[p + 1]);
            }
            assertThat(now.cardinality()).isBetween(15 * 4096 + 1, 16 * 4096);
            seen.or(now);
        }
        assertThat(seen).isEqualTo(wanted);
    }
}
