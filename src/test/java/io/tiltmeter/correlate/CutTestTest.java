package io.tiltmeter.correlate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.BitSet;
import java.util.Collections;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CutTestTest {
    private static CutTest.Cut cut(double[] values, int... affected) {
        BitSet hit = new BitSet();
        IntStream.of(affected).forEach(hit::set);
        BitSet all = new BitSet();
        all.set(0, values.length);
        Strata strata = Strata.by(Collections.nCopies(values.length, "p"), all, hit);
        int[] runs = IntStream.range(0, values.length).toArray();
        return CutTest.of(strata, new Quantity(Axis.SETTING, "lr", "p", runs, values), 3)
                .orElseThrow();
    }

    @Test
    void aCleanEdgeHasTheChanceOfItselfAndItsMirrorImage() {
        // Nine rates, the upper three affected: one of C(9,3) = 84 ways, and one more for the lower three.
        double[] rates = {1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1};

        CutTest.Cut cut = cut(rates, 6, 7, 8);

        assertThat(cut.exposure().value()).isEqualTo("lr ≥ 0.1");
        assertThat(cut.exposure().runs()).containsExactly(6, 7, 8);
        assertThat(cut.edge()).isEqualTo("the edge lies between 0.03 and 0.1");
        assertThat(cut.pValue()).isCloseTo(2 / 84.0, within(1e-12));
        assertThat(cut.leastP()).isCloseTo(2 / 84.0, within(1e-12));
    }

    @Test
    void theChanceOfTheBestEdgeIsThatOfAllOrders() {
        int[] sizes = {1, 2, 1, 3, 1, 1};
        double[] values = {0, 1, 1, 2, 3, 3, 3, 4, 5};
        CutTest.Cut cut = cut(values, 4, 6, 7, 8);
        // Count among all C(9,4) = 126 choices of four affected runs those with as clear an edge anywhere.
        double best = best(values, 0b111010000);
        int as = 0;
        for (int choice = 0; choice < 1 << 9; choice++) {
            if (Integer.bitCount(choice) == 4 && best(values, choice) <= best * (1 + 1e-9)) {
                as++;
            }
        }
        assertThat(CutTest.anywhere(sizes, 4, best)).isCloseTo(as / 126.0, within(1e-12));
        assertThat(cut.pValue()).isCloseTo(as / 126.0, within(1e-12));
    }

    /** Smallest one-sided probability over all edges and both sides, by counting. */
    private static double best(double[] values, int affected) {
        double best = 1;
        for (double edge = 1; edge <= 5; edge++) {
            int above = 0;
            for (int i = 0; i < values.length; i++) {
                above |= values[i] >= edge ? 1 << i : 0;
            }
            best = Math.min(best, tail(above, affected));
            best = Math.min(best, tail(~above & 0x1ff, affected));
        }
        return best;
    }

    private static double tail(int side, int affected) {
        int as = 0;
        int all = 0;
        for (int choice = 0; choice < 1 << 9; choice++) {
            if (Integer.bitCount(choice) == Integer.bitCount(affected)) {
                all++;
                as += Integer.bitCount(choice & side) >= Integer.bitCount(affected & side) ? 1 : 0;
            }
        }
        return as / (double) all;
    }

    @Test
    void writesNumbersAsPeopleDo() {
        assertThat(Quantity.text(0.003)).isEqualTo("0.003");
        assertThat(Quantity.text(1e-5)).isEqualTo("1e-05");
        assertThat(Quantity.text(1024)).isEqualTo("1024");
        assertThat(Quantity.text(0)).isEqualTo("0");
    }
}
