package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against printed tables: 0.05, 0.01 and 0.001 on both sides. */
class StudentTTest {
    @ParameterizedTest
    @CsvSource({"1, 0.05, 12.706", "2, 0.05, 4.303", "4, 0.05, 2.776", "10, 0.01, 3.169", "30, 0.001, 3.646"})
    void agreesWithTables(double df, double p, double t) {
        assertThat(StudentT.quantile(p, df)).isCloseTo(t, within(5e-4));
        assertThat(StudentT.twoSided(t, df)).isCloseTo(p, within(p * 2e-3));
    }

    @ParameterizedTest
    @CsvSource({"1, 0.5", "0.1, 0.9365", "1e6, 6.3662e-7"})
    void isCauchysWithOneDegree(double t, double p) {
        // 1 - 2 atan(t) / pi
        assertThat(StudentT.twoSided(t, 1)).isCloseTo(p, within(p * 1e-4));
    }
}
