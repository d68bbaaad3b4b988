package io.tiltmeter.report;

import java.util.List;

/**
 * What the template of a comparison shows: finished text. Public only because the precompiled templates live in a package
 * of their own; every other caller wants {@link ComparisonHtml}.
 */
public record ComparisonPage(
        String source,
        List<Page.Fact> facts,
        List<SetView> sets,
        List<LadderView> ladders,
        List<Page.RejectedRow> rejected,
        List<Page.Explanation> kinds,
        Page.Inline style) {

    /** How to read the sets, or why there are none. */
    public String hint() {
        return sets.isEmpty()
                ? ComparisonText.NONE_ALIKE
                : "A dashed line marks the first step of a finding. The pale band spans the runs without one. Curves stand for"
                        + " the steps that count: after a restart those of the latest start.";
    }

    /** A set of runs with its charts. */
    public record SetView(
            String name,
            String worst,
            String verdict,
            List<Page.FindingRow> findings,
            List<Legend> legend,
            List<Overlay> charts,
            List<EndRow> ends) {}

    /** A run's name with the colour of its curve. */
    public record Legend(String name, int colour) {}

    /** Where a run ended. */
    public record EndRow(String name, String lastStep, String loss, String evalLoss) {}

    /**
     * Curves of several runs in one picture, in units of its view box.
     *
     * @param band outline of the range of all runs without a finding; empty without one
     * @param marks where findings begin
     */
    public record Overlay(
            String title,
            int width,
            int height,
            List<Line> lines,
            String band,
            List<Tick> xTicks,
            List<Tick> yTicks,
            List<Tick> marks) {}

    /** A run's curve as an SVG path. */
    public record Line(String path, int colour) {}

    /** A place on an axis with its text. */
    public record Tick(String at, String text) {}

    /** One change of a setting at several sizes. */
    public record LadderView(String change, String transfer, List<RungRow> rungs) {}

    /** One size. */
    public record RungRow(String size, String runs, String effect, String interval) {}
}
