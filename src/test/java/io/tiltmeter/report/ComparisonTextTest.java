package io.tiltmeter.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.compare.Comparison;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTextTest {
    /** Nobody should take silence for agreement. */
    @Test
    void saysWhyNothingWasComparedAndWhatToDo() {
        Comparison nothing = new Comparison("metrics", List.of(), List.of(), List.of(), List.of());

        assertThat(ComparisonText.render(nothing))
                .contains("No two runs have the same configuration", "--ignore", "--runs");
        assertThat(ComparisonHtml.render(nothing, 10)).contains("No two runs have the same configuration");
    }
}
