package io.tiltmeter.detect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Trails of 48 steps, numbered from 100. */
class TrailTest {
    private static long onset(IntToDoubleFunction deviation, double change) {
        return new Trail(
                        LongStream.range(100, 148).toArray(),
                        IntStream.range(0, 48).mapToDouble(deviation).toArray())
                .onset(change, -1);
    }

    @Test
    void aStepIsWhereItIs() {
        assertThat(onset(i -> i < 20 ? 0 : 0.5, 0.5)).isEqualTo(120);
        assertThat(onset(i -> i < 20 ? 0 : -0.5, -0.5)).isEqualTo(120);
    }

    /** Nothing moves before step 120, then a fiftieth more at each step: half of the level is reached long after. */
    @Test
    void aRampAmongQuietStepsBeginsWhereItLeavesThem() {
        assertThat(onset(i -> i < 20 ? 0 : -(i - 19) / 50.0, -0.4)).isEqualTo(120);
        assertThat(onset(i -> i < 20 ? i % 2 * 0.004 : (i - 19) / 50.0, 0.4)).isBetween(120L, 121L);
    }

    /** A ramp hidden by noise is not looked for: steps before the change are as likely above as below. */
    @Test
    void noiseIsNoRamp() {
        Random random = new Random(5);
        int moved = 0;
        for (int trial = 0; trial < 500; trial++) {
            double[] noise = random.doubles(48, -1, 1).toArray();
            long step = onset(i -> noise[i] * 0.2 + (i < 20 ? 0 : 1), 1);
            moved += step == 120 ? 0 : 1;
        }
        assertThat(moved).isZero();
    }

    @Test
    void withoutSingleStepsTheOtherAnswerHolds() {
        assertThat(Trail.EMPTY.onset(1, 77)).isEqualTo(77);
        assertThat(onset(i -> Double.NaN, 1)).isEqualTo(-1);
    }
}
