package io.tiltmeter.report;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the templates of the HTML report show: finished text, already formatted and made safe to look at. Public only
 * because the precompiled templates live in a package of their own; every other caller wants {@link HtmlReport}.
 *
 * @param sections runs with incidents or curves, in the order of the tables
 */
public record Page(
        String title,
        String date,
        String source,
        String runCount,
        List<Verdict> verdicts,
        List<Fact> facts,
        List<PatternCard> patterns,
        DrainView drain,
        CommonView common,
        CostView cost,
        List<AttentionRow> attention,
        List<QuietRow> quiet,
        List<RunSection> sections,
        List<RejectedRow> rejected,
        List<DetectorRow> detectors,
        Inline style,
        Inline early,
        Inline script) {

    /** A style sheet or script with the hash that the page's security policy names. */
    public record Inline(String text, String hash) {}

    /** A number with its name. */
    public record Fact(String name, String value) {}

    /**
     * Runs of one verdict.
     *
     * @param from left end of its part of the bar, in thousandths
     * @param width width of its part of the bar, in thousandths
     */
    public record Verdict(String verdict, String count, boolean any, String from, String width) {}

    /**
     * A run's name with its place in the page.
     *
     * @param anchor id of its section, empty if it has none
     */
    public record RunLink(int index, String name, String anchor) {}

    /**
     * A coincidence over runs.
     *
     * @param indexes numbers of its runs, separated by spaces
     * @param more links beyond the first few
     */
    public record PatternCard(
            String severity,
            String axis,
            String value,
            String detector,
            String metric,
            String project,
            String share,
            List<Fact> facts,
            String evidence,
            String explanation,
            List<String> contrasts,
            List<String> confounders,
            String advice,
            String indexes,
            List<RunLink> runs,
            List<RunLink> more) {}

    /** A row of the table of runs that need attention. */
    public record AttentionRow(
            RunLink run,
            String project,
            String verdict,
            String step,
            String cause,
            String detector,
            String evidence,
            String more,
            Sparkline spark) {}

    /** A row of the table of runs that are sound or could not be judged. */
    public record QuietRow(
            RunLink run,
            String project,
            String verdict,
            String points,
            String lastStep,
            String finalLoss,
            String observed,
            String reason) {}

    /** All there is to say about one run. */
    public record RunSection(
            RunLink run,
            String project,
            String verdict,
            List<Fact> facts,
            List<Starts> attempts,
            List<Figure> figures,
            String curves,
            List<IncidentView> incidents,
            CoverageView coverage) {}

    /**
     * A start of a run, as the legend shows it.
     *
     * @param age 0 for the last start, then counting back; it names the colour
     */
    public record Starts(String name, int age) {}

    /**
     * A chart.
     *
     * @param readout what the curve comes to, shown until the pointer asks for a step
     */
    public record Figure(String title, String metric, String readout, boolean logarithmic, Sparkline spark) {}

    /**
     * An incident with its findings in order.
     *
     * @param map its workers against one another; null where it compares none
     * @param trail where its data came from, and where to go back to; empty where nothing is known
     */
    public record IncidentView(
            int number,
            String severity,
            String cause,
            String steps,
            String attempt,
            String why,
            String advice,
            List<FindingRow> findings,
            List<FindingRow> more,
            @Nullable WorkerMapView map,
            List<Fact> trail,
            List<Explanation> explanations) {}

    /** A finding. */
    public record FindingRow(
            String severity,
            String steps,
            String title,
            String metric,
            String where,
            String evidence,
            String score,
            String threshold) {}

    /** What a detector's findings mean, and where the thresholds that judged them come from. */
    public record Explanation(String title, String id, String meaning, String advice, List<Origin> origins) {}

    /** Where a threshold comes from. */
    public record Origin(String parameter, String source) {}

    /** What was and was not judged of a run. */
    public record CoverageView(String summary, String observed, List<Gap> gaps) {}

    /** A detector that could not judge a run. */
    public record Gap(String detector, String status, String reason) {}

    /** Input not taken as it stood. */
    public record RejectedRow(String level, String file, String line, String reason, String count) {}

    /** A detector in the catalogue, with how many runs it could judge. */
    public record DetectorRow(
            String id,
            String title,
            String meaning,
            String metrics,
            String observed,
            String notObservable,
            String inconclusive,
            String reason,
            List<ParameterRow> parameters) {}

    /** A setting of a detector. */
    public record ParameterRow(String name, String value, String meaning, String source) {}
}
