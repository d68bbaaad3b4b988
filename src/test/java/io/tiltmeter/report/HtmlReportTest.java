package io.tiltmeter.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HtmlReportTest {
    private static final Pattern TAG = Pattern.compile("<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^<>\"]|\"[^\"]*\")*)>");

    /** Tags the templates write; a foreign name must not add one. */
    private static final List<String> TAGS = List.of(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "script",
            "body",
            "a",
            "header",
            "div",
            "svg",
            "path",
            "g",
            "text",
            "span",
            "h1",
            "time",
            "p",
            "bdi",
            "strong",
            "rect",
            "ul",
            "li",
            "b",
            "dl",
            "dt",
            "dd",
            "main",
            "section",
            "h2",
            "article",
            "h3",
            "code",
            "details",
            "summary",
            "button",
            "form",
            "label",
            "input",
            "fieldset",
            "legend",
            "output",
            "table",
            "caption",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "small",
            "figure",
            "figcaption",
            "h4",
            "footer");

    @ParameterizedTest
    @ValueSource(
            strings = {
                SampleReports.SCRIPT,
                SampleReports.PATH,
                "\"><img src=x onerror=alert(1)>",
                "</script><script>alert(1)</script>",
                "]]> --> </style><b>",
                "${7*7}{{x}}"
            })
    void noForeignTextBecomesMarkup(String text) {
        String page = HtmlReport.render(SampleReports.hostile(text));
        String harmless = HtmlReport.render(SampleReports.hostile("harmless"));

        assertThat(page).doesNotContain("<script>alert", "<img");
        assertThat(tags(page)).isSubsetOf(TAGS).isEqualTo(tags(harmless));
        assertThat(attributes(page)).isEqualTo(attributes(harmless));
        assertThat(page)
                .contains(Pattern.compile("alert|7\\*7|]]").matcher(text).find() ? "" : text);
    }

    @Test
    void charactersThatRearrangeTextAreShownInstead() {
        String page = HtmlReport.render(SampleReports.hostile(SampleReports.RTL));

        assertThat(page).contains("⟨U+202E⟩gnp.תשע⟨U+202C⟩").doesNotContain("\u202e");
    }

    @Test
    void fetchesNothing() {
        String page = HtmlReport.render(SampleReports.fleet());

        assertThat(page).contains("content=\"default-src 'none'; script-src &#39;sha256-");
        assertThat(page).doesNotContainPattern("(?i)(src|href|action)\\s*=\\s*[\"']?(https?:)?//");
        assertThat(page).doesNotContainPattern("(?i)url\\(|@import|<link|<img|<iframe|fetch\\(|XMLHttpRequest");
        assertThat(page.replace("https://github.com/leeoniya/uPlot", "")).doesNotContainPattern("https?://");
    }

    @Test
    void policyAdmitsExactlyOurScripts() {
        String page = HtmlReport.render(SampleReports.hostile(SampleReports.SCRIPT));
        List<String> scripts = Pattern.compile("<script>(.*?)</script>", Pattern.DOTALL)
                .matcher(page)
                .results()
                .map(m -> m.group(1))
                .toList();

        assertThat(scripts)
                .containsExactly(
                        HtmlReport.inline("early.js").text(),
                        HtmlReport.inline("uPlot.iife.min.js", "charts.js", "filter.js")
                                .text());
        assertThat(page)
                .contains("script-src " + HtmlReport.inline("early.js").hash().replace("'", "&#39;"));
    }

    @Test
    void showsMachinesToDrainAndMapsOfWorkersWithoutScripts() {
        String page = HtmlReport.render(SampleReports.hostile("gpu-17"));

        assertThat(page)
                .contains(
                        "Machines to drain",
                        "4 independent runs with hardware incidents on 40 hosts, each compared with its own hosts; 2"
                                + " findings left out that patterns of data, settings, steps or times tell. To drain: q ≤"
                                + " 0.05 and at least 2 runs. How often that is wrong: In 1 of 100 fleets.",
                        "<span class=\"verdict error\">drain</span>",
                        "12 runs, 96.5 worker-hours",
                        "3 runs, 1,200 worker-steps",
                        "3 / 0.375",
                        "aria-label=\"Workers against their peers (gpu-17), 3 of 8 workers: those at fault, their neighbours"
                                + " and others at equal distances, steps 4,800–4,819. worker 3 logged NaN or infinity;",
                        "<path class=\"down3\" d=\"M1 1.5h1\"/>");
    }

    @Test
    void tellsWhereTheDataOfASpikeCameFromAndWhoReadsThemNext() {
        String page = HtmlReport.render(SampleReports.hostile("web-1"));

        assertThat(page)
                .contains(
                        "<dt>Read at step 4,812</dt><dd><bdi>worker 3: web-1, samples 4,096–4,127; web-2, samples unknown by"
                                + " 2 workers; and 16 more shards</bdi></dd>",
                        "step 4,500 of attempt 1 (web-1); 2 later ones passed over, written while another error went on",
                        "web-1 at step 4,812 (now at 4,700); unknown when: web-1",
                        "b at step 4,600, in trouble from there; c at step 4,601, unharmed — 1 of 2 in trouble from there");
    }

    @Test
    void readsWithoutScripts() {
        String page = HtmlReport.render(SampleReports.small());

        assertThat(page)
                .contains(
                        "Fleet report <time datetime=\"2026-11-24\">2026-11-24</time>",
                        "<bdi class=\"name\">llm-a</bdi>",
                        "Non-finite inputs came one step before the first non-finite loss",
                        "worker 3 · host gpu-17",
                        "no grad_norm logged",
                        "needs 128 steps, got 0",
                        "step is 'abc', expected a whole number",
                        "last NaN · low 2.125 · high 11.25 · 1 non-finite");
    }

    @Test
    void tellsTheOriginOfEveryThresholdThatJudged() {
        String page = HtmlReport.render(SampleReports.judgedBySecond());

        assertThat(page)
                .contains(
                        "Threshold <code>z</code> from:</b> Chowdhery",
                        "Threshold <code>window</code> from:</b> Shortest window");
        assertThat(HtmlReport.render(SampleReports.small()))
                .doesNotContain("Threshold <code>z</code>")
                .contains("Threshold <code>count</code> from:</b> One is enough");
    }

    @Test
    void embedsCurvesAsJson() throws IOException {
        String page = HtmlReport.render(SampleReports.small());
        List<String> curves = Pattern.compile("<script type=\"application/json\">(.*?)</script>")
                .matcher(page)
                .results()
                .map(m -> m.group(1))
                .toList();

        assertThat(curves).hasSize(1);
        JsonNode data = new ObjectMapper().readTree(curves.get(0));
        assertThat(data.toString())
                .isEqualTo(
                        "{\"incidents\":[{\"severity\":\"error\",\"from\":4812,\"to\":4900}],\"charts\":[{\"parts\":["
                                + "{\"attempt\":0,\"x\":[0,2400,4800,4813],\"last\":[2.75,2.25,2.2,\"NaN\"],"
                                + "\"low\":[2.5,2.2,2.125,\"NaN\"],\"high\":[11.25,2.6,2.3,\"NaN\"]}]}]}");
    }

    @Test
    void aFleetWithoutRunsIsAPageToo() {
        String page =
                HtmlReport.render(new FleetReport("2026-11-24", "data", List.of(), List.of(), List.of(), List.of()));

        assertThat(page).contains("0 runs", "No detector ran.", "Everything was read.");
    }

    @Test
    void isTheSameEveryTime() {
        assertThat(HtmlReport.render(SampleReports.fleet())).isEqualTo(HtmlReport.render(SampleReports.fleet()));
    }

    private static List<String> tags(String page) {
        return markup(page).map(m -> m.group(2)).distinct().toList();
    }

    /** Names of all attributes, in order. */
    private static List<String> attributes(String page) {
        return markup(page)
                .flatMap(m -> Pattern.compile("([a-zA-Z-]+)=\"[^\"]*\"")
                        .matcher(m.group(3))
                        .results()
                        .map(a -> a.group(1)))
                .toList();
    }

    /** All tags, those in scripts and styles left out. */
    private static Stream<MatchResult> markup(String page) {
        return TAG.matcher(page.replaceAll("(?s)<(script|style)>.*?</\\1>", "<$1></$1>")).results().toList().stream();
    }
}
