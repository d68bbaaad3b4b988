package io.tiltmeter.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tiltmeter.validate.Check;
import io.tiltmeter.validate.Checks;
import io.tiltmeter.validate.ColumnKind;
import io.tiltmeter.validate.ColumnSpec;
import io.tiltmeter.validate.DataSpec;
import io.tiltmeter.validate.Dataset;
import io.tiltmeter.validate.DatasetProfile;
import io.tiltmeter.validate.Gate;
import io.tiltmeter.validate.LabelProbe;
import io.tiltmeter.validate.Results;
import io.tiltmeter.validate.RowPair;
import io.tiltmeter.validate.RowPlace;
import io.tiltmeter.validate.ShardProfile;
import io.tiltmeter.validate.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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

    @Test
    void theGatesPageShowsNamesAndRunsNoneOfThem() throws Exception {
        for (String text : List.of(
                "<img src=x onerror=document.title='owned'>",
                "</title><script>document.title='owned'</script>",
                "\" autofocus onfocus=\"document.title='owned'")) {
            String dom = open(gate(text));

            assertThat(dom).doesNotContain("<title>owned").contains("document.title='owned'");
            // The list of checks, the offending column among them, and the pair of rows are there.
            assertThat(dom).contains(">closed</span>").contains("NaN in it").contains("0.91");
        }
    }

    /** The page of a gate that a column, shard, row and class of this name closed. */
    private static String gate(String text) {
        DataSpec spec = new DataSpec(Map.of(), 0, 5);
        ShardProfile profile = new ShardProfile("", spec);
        profile.row();
        profile.column(new ColumnSpec(text, ColumnKind.NUMBER, "double", true)).number(0, Double.NaN);
        Dataset data = new Dataset(
                new DatasetProfile(profile.encode(), spec, 1, Map.of(), Map.of(), ""), Optional.empty(), Map.of());
        Check nonFinite = Checks.all().stream()
                .filter(check -> check.info().id().equals("non-finite"))
                .findFirst()
                .orElseThrow();
        Results results = new Results();
        results.count(nonFinite, text, text, 1, 0, text, "NaN in it " + text);
        RowPlace place = new RowPlace(false, text, 3);
        Verdict verdict = new Verdict(
                "id",
                text,
                text,
                "0123456789abcdef",
                "footers",
                1,
                1,
                1,
                100,
                Gate.verdicts(Checks.all(), results, Map.of()),
                Optional.empty(),
                List.of(new RowPair("near-duplicates", place, place, 0.91, text)),
                List.of(new LabelProbe.Suspect(place, text, text, 0.1, 0.9)));
        return GateReport.render(verdict, data);
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
