package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ChiSquareTest {
    /** Critical values: NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.4. */
    @Test
    void hasThePublishedCriticalValues() {
        assertThat(ChiSquare.upperTail(3.841, 1)).isCloseTo(0.05, within(1e-4));
        assertThat(ChiSquare.upperTail(6.635, 1)).isCloseTo(0.01, within(1e-4));
        assertThat(ChiSquare.upperTail(18.307, 10)).isCloseTo(0.05, within(1e-4));
        assertThat(ChiSquare.upperTail(149.449, 100)).isCloseTo(0.001, within(1e-5));
        assertThat(ChiSquare.upperTail(2.706, 1)).isCloseTo(0.10, within(1e-4));
    }

    /** With two degrees of freedom the tail is exp(−x/2). */
    @Test
    void isExponentialAtTwoDegrees() {
        for (double x : new double[] {0.01, 0.5, 2, 3.9, 4.1, 30, 300}) {
            assertThat(ChiSquare.upperTail(x, 2)).isCloseTo(Math.exp(-x / 2), within(1e-13));
        }
        assertThat(ChiSquare.upperTail(0, 7)).isEqualTo(1);
    }

    /** Party by gender, Agresti, Categorical Data Analysis (2nd ed., 2002), table 3.11: χ² = 30.1 at 2 degrees. */
    @Test
    void hasTheTextbookStatistic() {
        ChiSquare test = ChiSquare.of(new long[][] {{762, 327, 468}, {484, 239, 477}});

        assertThat(test.statistic()).isCloseTo(30.07, within(0.01));
        assertThat(test.degrees()).isEqualTo(2);
        assertThat(test.pValue()).isCloseTo(2.95e-7, within(1e-8));
        assertThat(test.cramersV()).isCloseTo(Math.sqrt(30.07 / 2757), within(1e-4));
        assertThat(test.correctedV()).isLessThan(test.cramersV());
    }

    @Test
    void isOneWhereTheColumnDecidesTheRow() {
        ChiSquare test = ChiSquare.of(new long[][] {{50, 0, 0}, {0, 70, 0}, {0, 0, 90}});

        assertThat(test.cramersV()).isCloseTo(1, within(1e-12));
        assertThat(test.correctedV()).isCloseTo(1, within(1e-2));
    }

    @Test
    void knowsNothingOfOneRowOrOneColumn() {
        assertThat(ChiSquare.of(new long[][] {{3, 4}, {0, 0}})).isEqualTo(new ChiSquare(0, 0, 1, 0, 0));
        assertThat(ChiSquare.of(new long[][] {{3, 0}, {4, 0}})).isEqualTo(new ChiSquare(0, 0, 1, 0, 0));
        assertThat(ChiSquare.of(new long[0][])).isEqualTo(new ChiSquare(0, 0, 1, 0, 0));
    }

    @Test
    void saysWhichRowIsTooShort() {
        assertThatThrownBy(() -> ChiSquare.of(new long[][] {{1, 2}, {3}}))
                .hasMessage("Row 1 has 1 columns, expected 2");
    }
}
