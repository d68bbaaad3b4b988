package io.tiltmeter.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class TimeTrackTest {
    @Test
    void knowsTheTimeOfEveryStepOfALongRunWithinTwoThousandthsOfIt() {
        TimeTrack track = new TimeTrack();
        for (int step = 0; step < 100_000; step++) {
            // Time passes faster and faster.
            track.add(0, step, (long) step * step);
        }
        for (int step = 0; step < 100_000; step += 777) {
            assertThat((double) track.at(0, step)).isCloseTo((double) step * step, within(2e-3 * 1e10));
        }
        assertThat(track.first()).isZero();
    }

    @Test
    void keepsAttemptsApartAndStaysWithinThem() {
        TimeTrack track = new TimeTrack();
        track.add(0, 10, 1000);
        track.add(0, 20, 2000);
        track.add(1, 15, 9000);

        assertThat(track.at(0, 15)).isEqualTo(1500);
        assertThat(track.at(1, 15)).isEqualTo(9000);
        assertThat(track.at(0, 5)).isEqualTo(1000);
        assertThat(track.at(0, 25)).isEqualTo(2000);
        assertThat(track.at(2, 15)).isEqualTo(Slice.NO_TIME);
    }
}
