package io.tiltmeter.correlate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class StrataTest {
    private static BitSet set(int... runs) {
        BitSet set = new BitSet();
        IntStream.of(runs).forEach(set::set);
        return set;
    }

    private static BitSet first(int n) {
        return set(IntStream.range(0, n).toArray());
    }

    private static Exposure exposed(double[] shares, int... runs) {
        return new Exposure(Axis.HOST, "h", "", runs, shares);
    }

    @Test
    void oneStratumIsFishersExactTest() {
        // 8 runs, 4 affected, 4 exposed, 3 of them affected: 17 of 70 (Fisher's tea).
        BitSet affected = set(0, 1, 2, 4);
        Strata strata = Strata.by(Collections.nCopies(8, ""), first(8), affected);

        Strata.Outcome outcome = strata.test(exposed(new double[0], 0, 1, 2, 3), set(0, 1, 2), 1);

        assertThat(outcome.pValue()).isCloseTo(17 / 70.0, within(1e-12));
        assertThat(outcome.leastP()).isCloseTo(1 / 70.0, within(1e-12));
        assertThat(outcome.expected()).isCloseTo(2, within(1e-12));
        assertThat(outcome.others()).isEqualTo(4);
        assertThat(outcome.affectedOthers()).isEqualTo(1);
    }

    @Test
    void strataAreAddedUpExactly() {
        // Two strata of 4 runs, 2 exposed and 2 affected each: 0, 1, 2 hits with 1/6, 4/6, 1/6. Three or more of both:
        // 1/6·1/6 + 2·(1/6·4/6) = 9/36.
        BitSet affected = set(0, 1, 4, 6);
        Strata strata = Strata.by(List.of("a", "a", "a", "a", "b", "b", "b", "b"), first(8), affected);

        Strata.Outcome outcome = strata.test(exposed(new double[0], 0, 1, 4, 5), set(0, 1, 4), 1);

        assertThat(outcome.pValue()).isCloseTo(9 / 36.0, within(1e-12));
    }

    @Test
    void aSimpsonPairIsNoEvidenceWithinStrata() {
        // Project a is prone and runs on the host; project b is neither. Within each, nothing differs.
        List<String> projects = Stream.concat(
                        Collections.nCopies(10, "a").stream(), Collections.nCopies(10, "b").stream())
                .toList();
        Strata strata = Strata.by(projects, first(20), first(10));

        assertThat(strata.test(exposed(new double[0], IntStream.range(0, 10).toArray()), first(10), 1)
                        .pValue())
                .isEqualTo(1);
    }

    @Test
    void incidentsThatPointAtPartOfARunCountWithItsShare() {
        // All three runs affected, each with a quarter of its workers there: all three point there with (1/4)³.
        Strata strata = Strata.by(List.of("", "", ""), first(3), first(3));
        double[] quarter = {0.25, 0.25, 0.25};

        assertThat(strata.test(exposed(quarter, 0, 1, 2), first(3), 1).pValue()).isCloseTo(1 / 64.0, within(1e-12));
        // Two of three: 3·(1/16)·(3/4) + 1/64.
        assertThat(strata.test(exposed(quarter, 0, 1, 2), first(2), 1).pValue()).isCloseTo(10 / 64.0, within(1e-12));
    }
}
