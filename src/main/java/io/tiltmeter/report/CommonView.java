package io.tiltmeter.report;

import java.util.List;

/**
 * What the page shows of {@link io.tiltmeter.model.CommonTraits}, as finished text.
 *
 * @param any whether there is anything to show, be it only why there is nothing
 * @param risk what the risk model is worth, empty without one
 */
public record CommonView(
        boolean any,
        List<CombinationCard> combinations,
        List<ArchetypeCard> archetypes,
        List<String> orders,
        String risk,
        String drivers,
        List<BinRow> bins,
        List<ScoreRow> scores,
        List<String> silences) {

    /** Settings that go with a kind of incident together. */
    public record CombinationCard(
            String detector,
            List<String> items,
            String share,
            List<Page.Fact> facts,
            String evidence,
            List<Page.RunLink> runs) {}

    /** A group of runs that go wrong alike. */
    public record ArchetypeCard(
            String name, String share, List<String> traits, Page.RunLink exemplar, List<Page.RunLink> runs, int more) {}

    /** Reliability of predictions in one range of risk. */
    public record BinRow(String range, String predicted, String runs, String unstable, String interval) {}

    /** A run to come. */
    public record ScoreRow(Page.RunLink run, String text) {}
}
