package io.tiltmeter.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TerminalTextTest {
    private static final List<String> ALIKE = List.of(
            "fleet/gpt/gpt3_tp1_pp2_resume_from_checkpoint/values_dev_a100",
            "fleet/gpt/gpt3_tp1_pp2_resume_from_checkpoint/values_dev_h100",
            "fleet/gpt/gpt3_tp4_pp1_resume_with_optimizer_overlap/values_lts_a100",
            "fleet/moe/gpt3_moe_ep8_resume_with_optimizer_overlap/values_lts_a100",
            "fleet/moe/short");

    @Test
    void cutsTextAtItsEndAndNamesInTheirMiddle() {
        assertThat(TerminalText.cut("loss fell from 10 to 9", 10)).isEqualTo("loss fell…");
        assertThat(TerminalText.cutMiddle("project-03-run-00017", 12)).isEqualTo("proj…n-00017");
        assertThat(TerminalText.cutMiddle("run-00017", 9)).isEqualTo("run-00017");
    }

    @ParameterizedTest
    @ValueSource(ints = {26, 33, 40})
    void namesThatAreAlikeStayDifferent(int columns) {
        List<String> cut = TerminalText.cutNames(ALIKE, columns);

        assertThat(cut)
                .doesNotHaveDuplicates()
                .hasSameSizeAs(ALIKE)
                .allSatisfy(name -> assertThat(TerminalText.columns(name)).isLessThanOrEqualTo(columns));
        assertThat(cut).contains("fleet/moe/short");
    }

    @Test
    void sharedFoldersGoFirst() {
        assertThat(TerminalText.cutNames(ALIKE, 40))
                .startsWith("…gpt/gpt3…rom_checkpoint/values_dev_a100", "…gpt/gpt3…rom_checkpoint/values_dev_h100");
    }

    @Test
    void aSingleNameIsCutInItsMiddle() {
        assertThat(TerminalText.cutNames(List.of("x".repeat(40) + "-17"), 12)).containsExactly("xxxx…xxxx-17");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8, 20})
    void countsColumnsNotCharacters(int columns) {
        for (String text : List.of("実験/学習率の比較/第二回の結果", "run-🌋🌋🌋🌋🌋🌋🌋🌋🌋🌋", "a".repeat(50))) {
            assertThat(TerminalText.columns(TerminalText.cut(text, columns))).isLessThanOrEqualTo(columns);
            assertThat(TerminalText.columns(TerminalText.cutMiddle(text, columns)))
                    .isLessThanOrEqualTo(columns);
            assertThat(TerminalText.columns(TerminalText.cutNames(List.of(text, text + "x"), columns)
                            .get(1)))
                    .isLessThanOrEqualTo(columns);
        }
    }
}
