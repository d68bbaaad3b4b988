package io.tiltmeter.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FormatsTest {

    @Test
    void numbersHaveFourSignificantDigits() {
        assertThat(Formats.number(2.34567)).isEqualTo("2.346");
        assertThat(Formats.number(2.3)).isEqualTo("2.3");
        assertThat(Formats.number(0.0012345)).isEqualTo("0.001234");
        assertThat(Formats.number(3.2e-31)).isEqualTo("3.2e-31");
        assertThat(Formats.number(12_345.6)).isEqualTo("12,346");
        assertThat(Formats.number(-1_234_567)).isEqualTo("-1.235e6");
        assertThat(Formats.number(0)).isEqualTo("0");
        assertThat(Formats.number(Double.NaN)).isEqualTo("NaN");
        assertThat(Formats.number(Double.NEGATIVE_INFINITY)).isEqualTo("-∞");
    }

    @Test
    void stepsHaveSeparators() {
        assertThat(Formats.steps(4812, 4812)).isEqualTo("4,812");
        assertThat(Formats.steps(0, 100_000)).isEqualTo("0–100,000");
    }

    @Test
    void textShowsWhatWouldHideOrRearrange() {
        assertThat(Formats.text("run\u001b[31m\n\u0000")).isEqualTo("run␛[31m ␀");
        assertThat(Formats.text("a\u202egnp.exe")).isEqualTo("a⟨U+202E⟩gnp.exe");
        assertThat(Formats.text("half \ud800")).isEqualTo("half ⟨U+D800⟩");
        assertThat(Formats.text("תשע 運行 🚀")).isEqualTo("תשע 運行 🚀");
    }

    @Test
    void terminalColumnsCountWideCharactersTwice() {
        assertThat(TerminalText.columns("運行")).isEqualTo(4);
        assertThat(TerminalText.cut("運行運行", 5)).isEqualTo("運行…");
        assertThat(TerminalText.fit("運", 4)).isEqualTo("運  ");
    }
}
