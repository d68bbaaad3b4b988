package io.tiltmeter.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opens the page in a real browser. Skipped where there is none at $CHROME or /usr/bin/chromium. */
class ReportBrowserIT {
    @TempDir
    Path folder = Path.of("");

    @Test
    void drawsTheCurvesWithoutAnError() throws Exception {
        // The list of runs and what they cost stand before the curves.
        String dom = open(HtmlReport.render(SampleReports.fleet()), 8000);

        assertThat(root(dom)).contains("class=\"js\"").doesNotContain("data-error");
        assertThat(Integer.parseInt(root(dom).replaceAll("(?s).*data-drawn=\"([0-9]+)\".*", "$1")))
                .isGreaterThanOrEqualTo(2);
        assertThat(dom.split("<canvas", -1)).hasSizeGreaterThan(2);
    }

    @Test
    void runsNoForeignScript() throws Exception {
        for (String text : List.of(
                "<img src=x onerror=document.title='owned'>",
                "</script><script>document.title='owned'</script>",
                "\" autofocus onfocus=\"document.title='owned'")) {
            String dom = open(HtmlReport.render(SampleReports.hostile(text)));

            assertThat(root(dom)).contains("data-drawn").doesNotContain("data-error");
            assertThat(dom).contains("<title>Fleet report 2026-11-24 · Tiltmeter</title>");
        }
    }

    @Test
    void drawsOnlyWhatIsNearOfAThousandRuns() throws Exception {
        String dom = open(HtmlReport.render(SampleReports.many(1000)));

        assertThat(root(dom)).doesNotContain("data-error");
        assertThat(dom.split("<canvas", -1)).hasSizeLessThan(40);
    }

    private static String root(String dom) {
        return Pattern.compile("<html[^>]*>")
                .matcher(dom)
                .results()
                .findFirst()
                .orElseThrow()
                .group();
    }

    private String open(String page) throws IOException, InterruptedException {
        return open(page, 4000);
    }

    /** The document after scripts ran, in a window of so many pixels: tall enough to come near the first charts. */
    private String open(String page, int height) throws IOException, InterruptedException {
        Path chromium = Path.of(Optional.ofNullable(System.getenv("CHROME")).orElse("/usr/bin/chromium"));
        assumeTrue(Files.isExecutable(chromium), "No browser: set CHROME to a chromium");
        Path file = Files.writeString(Files.createTempFile(folder, "report", ".html"), page);
        Path dom = Files.createTempFile(folder, "dom", ".html");
        Process process = new ProcessBuilder(
                        chromium.toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--user-data-dir=" + Files.createTempDirectory(folder, "profile"),
                        "--virtual-time-budget=4000",
                        "--window-size=1280," + height,
                        "--dump-dom",
                        file.toUri().toString())
                .redirectOutput(dom.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS))
                    .as("browser answers")
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(dom);
    }
}
