package io.tiltmeter.blocks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class EqualClassesTest {
    private static final int NONE = EqualClasses.UNKNOWN;

    private final EqualClasses classes = new EqualClasses();

    private int[] after(int... step) {
        classes.advance(step);
        return classes.numbers();
    }

    @Test
    void aNumberStaysWithMost() {
        assertThat(after(0, 0, 0, 0)).containsExactly(0, 0, 0, 0);
        // The first leaves: the others keep their number whatever the step calls them.
        assertThat(after(0, 1, 1, 1)).containsExactly(1, 0, 0, 0);
        assertThat(after(3, 3, 3, 3)).containsExactly(0, 0, 0, 0);
        assertThat(after(0, 0, 2, 2)).containsExactly(0, 0, 1, 1);
        assertThat(after(0, 1, 1, 1)).containsExactly(0, 1, 1, 1);
    }

    @Test
    void whoIsMissingGoesWithMostOfItsEquals() {
        after(0, 0, 0, 0);
        assertThat(classes.advance(new int[] {NONE, 1, 1, 1})).isFalse();
        assertThat(classes.advance(new int[] {NONE, 1, 2, 1})).isTrue();
        assertThat(classes.numbers()).containsExactly(0, 0, 1, 0);
        assertThat(after(0, 0, 2, 0)).containsExactly(0, 0, 1, 0);
        // All of a class are missing, and come back.
        assertThat(after(NONE, NONE, 2, NONE)).containsExactly(0, 0, 1, 0);
        assertThat(after(3, 3, 2, 3)).containsExactly(0, 0, 1, 0);
    }

    @Test
    void whereEqualsPartEvenlyItIsNotKnownWithWhomTheMissingOneGoes() {
        after(0, 0, 0);
        assertThat(after(NONE, 1, 2)).containsExactly(NONE, 0, 1);
        assertThat(after(2, 1, 2)).containsExactly(1, 0, 1);
    }

    @Test
    void newMembersJoinAClassOrMakeOne() {
        assertThat(after(NONE, 1, 1)).containsExactly(NONE, 0, 0);
        assertThat(after(0, 0, 0, 3)).containsExactly(0, 0, 0, 1);
    }

    @Test
    void equalsHaveOneNumberAndOthersAnother() {
        Random random = new Random(3);
        for (int round = 0; round < 2_000; round++) {
            // Now and then one more.
            int n = 2 + round / 200;
            int[] step = new int[n];
            for (int m = 0; m < n; m++) {
                step[m] = random.nextInt(4) == 0 ? NONE : random.nextInt(n);
            }
            int[] numbers = after(step);
            for (int a = 0; a < n; a++) {
                for (int b = 0; b < n && step[a] >= 0; b++) {
                    if (step[b] >= 0) {
                        assertThat(numbers[a] == numbers[b]).isEqualTo(step[a] == step[b]);
                    }
                }
                assertThat(numbers[a]).isBetween(step[a] >= 0 ? 0 : NONE, n - 1);
            }
            // The same step again changes nothing.
            assertThat(classes.advance(step)).isFalse();
        }
    }
}
