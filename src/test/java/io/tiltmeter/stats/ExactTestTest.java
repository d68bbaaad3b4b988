package io.tiltmeter.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tiltmeter.stats.ExactTest.Table;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Fisher's lady tasting tea: eight cups, four with milk first. */
class ExactTestTest {
    private static final Table ALL_RIGHT = new Table(8, 4, 4, 4);
    private static final Table THREE_RIGHT = new Table(8, 4, 4, 3);

    @Test
    void isFishersTestOfOneTable() {
        assertThat(ExactTest.upper(List.of(ALL_RIGHT))).isEqualTo(1 / 70.0, within(1e-12));
        assertThat(ExactTest.upper(List.of(THREE_RIGHT))).isEqualTo(17 / 70.0, within(1e-12));
        assertThat(ExactTest.expected(List.of(THREE_RIGHT))).isEqualTo(2);
    }

    @Test
    void addsStrataUp() {
        assertThat(ExactTest.upper(List.of(ALL_RIGHT, ALL_RIGHT))).isEqualTo(1 / 4900.0, within(1e-12));
        // All right twice, or all right once and three right the other time: 1 + 2 · 16 of 70² ways.
        assertThat(ExactTest.upper(List.of(ALL_RIGHT, THREE_RIGHT))).isEqualTo(33 / 4900.0, within(1e-12));
    }

    @Test
    void learnsNothingFromStrataWithoutAContrast() {
        Table allExposed = new Table(10, 9, 10, 9);
        Table noCases = new Table(10, 0, 5, 0);

        assertThat(ExactTest.upper(List.of(ALL_RIGHT, allExposed, noCases, new Table(0, 0, 0, 0))))
                .isEqualTo(1 / 70.0, within(1e-12));
        assertThat(ExactTest.upper(List.of(allExposed))).isEqualTo(1, within(1e-12));
    }

    @Test
    void refusesATableThatCannotBe() {
        assertThatThrownBy(() -> new Table(8, 4, 4, 5))
                .hasMessage("There is no table of 8 with 4 cases, 4 exposed and 5 of both");
    }
}
