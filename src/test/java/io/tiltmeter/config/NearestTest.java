package io.tiltmeter.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
    private static final List<String> KEYS =
            List.of("scan.window-steps", "scan.block-cells", "report.max-charts", "report.chart-points");

    @ParameterizedTest
    @CsvSource({
        "scan.window-step, scan.window-steps",
        "scan.windowsteps, scan.window-steps",
        "SCAN.WINDOW-STEPS, scan.window-steps",
        "report.max-chrats, report.max-charts",
        "window-steps, scan.window-steps",
        "scan.max-charts, report.max-charts",
        "raport.chart-points, report.chart-points"
    })
    void findsWhatWasMeant(String wrong, String meant) {
        assertThat(Nearest.to(wrong, KEYS)).contains(meant);
    }

    @ParameterizedTest
    @CsvSource({"learning-rate", "x", "scan"})
    void findsNothingWhereNothingIsNear(String wrong) {
        assertThat(Nearest.to(wrong, KEYS)).isEmpty();
    }

    @Test
    void countsASwapOfNeighboursAsOneError() {
        assertThat(Nearest.to("nigthly", List.of("nightmare", "nightly"))).contains("nightly");
    }

    @Test
    void theFirstOfEquallyNearOnesIsTaken() {
        assertThat(Nearest.to("cat", List.of("bat", "rat"))).contains("bat");
        assertThat(Nearest.to("cat", List.of())).isEmpty();
    }
}
