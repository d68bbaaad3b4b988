package io.tiltmeter.train;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CursorTest {
    @Test
    void stepsGoThroughEpochsBatchByBatch() {
        // Ten batches an epoch, 32 examples a step.
        Cursor later = Cursor.START.at(23, 10, 32);

        assertThat(later).isEqualTo(new Cursor(23, 23 * 32, 2, 3));
        assertThat(later.epochOf(29, 10)).isEqualTo(2);
        assertThat(later.indexOf(29, 10)).isEqualTo(9);
        assertThat(later.epochOf(30, 10)).isEqualTo(3);
        assertThat(later.indexOf(30, 10)).isZero();
        assertThat(later.consumedBefore(30, 32)).isEqualTo(30 * 32);
        assertThat(later.end(4, 10)).isEqualTo(40);
    }

    /** From 2 workers with 10 batches an epoch to one with 20: the epoch is as far as it was, the examples go on counting. */
    @Test
    void aNewDealGoesOnAsFarIntoTheEpoch() {
        Cursor redealt = Cursor.START.at(23, 10, 32).redealt(10, 20);

        assertThat(redealt).isEqualTo(new Cursor(23, 736, 2, 6));
        // 14 batches are left of epoch 2, then 20 of epoch 3.
        assertThat(redealt.end(4, 20)).isEqualTo(23 + 14 + 20);
        assertThat(redealt.at(37, 20, 16)).isEqualTo(new Cursor(37, 736 + 14 * 16, 3, 0));
    }

    @Test
    void aNewDealRoundsToTheNearestBatchPerhapsOfTheNextEpoch() {
        assertThat(new Cursor(9, 0, 0, 9).redealt(10, 15)).isEqualTo(new Cursor(9, 0, 0, 14));
        assertThat(new Cursor(9, 0, 0, 9).redealt(10, 3)).isEqualTo(new Cursor(9, 0, 1, 0));
        assertThat(new Cursor(7, 5, 1, 7).redealt(10, 10)).isEqualTo(new Cursor(7, 5, 1, 7));
    }
}
