package io.tiltmeter.report;

import java.util.List;

/**
 * What the page shows of {@link io.tiltmeter.cost.FleetCost}, as finished text.
 *
 * @param any whether the cost of any run was reckoned
 * @param silence how many runs the numbers leave out, empty if none
 * @param money heading of columns of money, empty without a price
 * @param uses by the time they took
 * @param columns headings of the columns of uses in the tables that follow
 */
public record CostView(
        boolean any,
        List<Page.Fact> facts,
        String silence,
        String money,
        List<UseRow> uses,
        List<String> columns,
        Table owners,
        Table projects,
        List<RunRow> runs,
        String moreRuns) {

    /**
     * A use of time.
     *
     * @param from left end of its part of the bar, in thousandths
     * @param width width of its part of the bar, in thousandths
     */
    public record UseRow(
            String use, String hours, String share, String money, String meaning, String from, String width) {}

    /**
     * Owners or projects, the one with the greatest loss first.
     *
     * @param more what was left out, empty if nothing
     */
    public record Table(List<LineRow> lines, String more) {}

    /** Some runs together. */
    public record LineRow(
            String name, String runs, String allocated, String goodput, String lost, String money, List<String> uses) {}

    /** One run. */
    public record RunRow(
            Page.RunLink run,
            String owner,
            String allocated,
            String goodput,
            String lost,
            String money,
            List<String> uses,
            String basis) {}
}
