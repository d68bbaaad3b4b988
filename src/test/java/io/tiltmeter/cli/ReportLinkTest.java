package io.tiltmeter.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tiltmeter.spark.Outcome;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReportLinkTest {

    private static String text(String text, Optional<String> location) {
        return ReportLink.addTo(new Outcome(text, Optional.empty(), List.of(), location))
                .text();
    }

    @Test
    void saysHowToOpenAPageOnThisMachine() {
        assertThat(text("Fine\n", Optional.of("/my reports/o'neill/report.html")))
                .matches("(?s)Fine\n\nReport: /my reports/o'neill/report.html\n"
                        + "Open it: (xdg-)?open '/my reports/o'\\\\''neill/report.html'");
        assertThat(text("Fine", Optional.of("file:///tmp/report.html"))).contains("open '/tmp/report.html'");
    }

    @Test
    void aPageElsewhereIsOnlyNamed() {
        assertThat(text("Fine", Optional.of("s3a://fleet/report.html")))
                .isEqualTo("Fine\n\nReport: s3a://fleet/report.html");
    }

    @Test
    void saysNothingWithoutAReport() {
        assertThat(text("Dry run\n", Optional.empty())).isEqualTo("Dry run\n");
    }
}
