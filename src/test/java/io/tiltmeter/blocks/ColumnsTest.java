package io.tiltmeter.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ColumnsTest {

    @Test
    void doublesComeBackBitByBit() {
        Random random = new Random(7);
        double[][] cases = {
            {},
            {1.5},
            {-0.0, 0.0},
            {2, 2, 2, 2},
            {0.5, 1.25, -3},
            {0.1, 0.2, 1e300},
            {Double.NaN, 1, Slice.ABSENT},
            {Double.POSITIVE_INFINITY, 1.0, Double.NEGATIVE_INFINITY},
            random.doubles(5000).toArray(),
            random.doubles(300).map(x -> (float) x).toArray()
        };
        for (double[] values : cases) {
            ColumnWriter out = new ColumnWriter();
            out.doubles(values, values.length);
            double[] back = new ColumnReader(out.toBytes()).doubles(values.length);
            assertThat(bits(back)).isEqualTo(bits(values));
        }
    }

    @Test
    void integersComeBack() {
        Random random = new Random(8);
        long[][] cases = {
            {},
            {Long.MIN_VALUE},
            {5, 5, 5},
            {10, 20, 30, 40},
            {10, 20, 31},
            {0, 1000, 1_000_000},
            {0, 1L << 40, 3},
            {Long.MIN_VALUE, Long.MAX_VALUE, 0, -1},
            {Long.MIN_VALUE, Long.MIN_VALUE},
            random.longs(400).toArray(),
            random.longs(400, -100, 100).toArray()
        };
        for (long[] values : cases) {
            ColumnWriter out = new ColumnWriter();
            out.longs(values, values.length);
            assertThat(new ColumnReader(out.toBytes()).longs(values.length)).isEqualTo(values);
            int[] ints = Arrays.stream(values).mapToInt(v -> (int) v).toArray();
            out = new ColumnWriter();
            out.ints(ints, ints.length);
            assertThat(new ColumnReader(out.toBytes()).ints(ints.length)).isEqualTo(ints);
        }
    }

    @Test
    void whatIsRegularTakesFewBytes() {
        ColumnWriter out = new ColumnWriter();
        out.doubles(new double[10_000], 10_000);
        out.ints(new int[10_000], 10_000);
        long[] steps = new long[10_000];
        Arrays.setAll(steps, i -> 100L * i);
        out.longs(steps, 10_000);
        assertThat(out.toBytes().length).isLessThan(50);
    }

    @Test
    void severalColumnsFollowOneAnother() {
        ColumnWriter out = new ColumnWriter();
        out.putByte(3);
        out.longs(new long[] {1, 2, 4}, 3);
        out.putLong(99);
        out.doubles(new double[] {0.1, 0.7, 0.9}, 3);
        out.putInt(-4);
        ColumnReader in = new ColumnReader(out.toBytes());
        assertThat(in.getByte()).isEqualTo((byte) 3);
        assertThat(in.longs(3)).containsExactly(1, 2, 4);
        assertThat(in.getLong()).isEqualTo(99);
        assertThat(in.doubles(3)).containsExactly(0.1, 0.7, 0.9);
        assertThat(in.getInt()).isEqualTo(-4);
    }

    @Test
    void bytesOfAnotherKindAreRefused() {
        assertThatThrownBy(() -> new ColumnReader(new byte[] {77, 0, 0, 0, 0, 0, 0, 0, 0}).doubles(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("unknown kind 77");
    }

    private static long[] bits(double[] values) {
        return Arrays.stream(values).mapToLong(Double::doubleToRawLongBits).toArray();
    }
}
