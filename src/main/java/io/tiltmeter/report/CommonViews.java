package io.tiltmeter.report;

import static io.tiltmeter.report.Formats.count;
import static io.tiltmeter.report.Formats.number;
import static io.tiltmeter.report.Formats.text;

import io.tiltmeter.detect.DetectorInfo;
import io.tiltmeter.model.Archetype;
import io.tiltmeter.model.Combination;
import io.tiltmeter.model.CommonTraits;
import io.tiltmeter.model.RiskEvaluation;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Turns what incidents have in common into the text of its section. */
final class CommonViews {
    private static final int MOST_LINKS = 12;
    private static final int MOST_SCORES = 50;

    private final Map<String, String> titles;
    private final Map<String, Page.RunLink> links;

    CommonViews(Map<String, DetectorInfo> detectors, Map<String, Page.RunLink> links) {
        this.titles = titles(detectors);
        this.links = links;
    }

    static Map<String, String> titles(Map<String, DetectorInfo> detectors) {
        return detectors.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().title()));
    }

    CommonView view(CommonTraits common) {
        return new CommonView(
                !common.isEmpty(),
                common.combinations().stream().map(this::combination).toList(),
                common.archetypes().stream().map(this::archetype).toList(),
                common.orders().stream()
                        .map(order -> CommonTexts.order(order, titles))
                        .toList(),
                common.risk().map(CommonTexts::worth).orElse(""),
                common.risk()
                        .map(risk -> risk.drivers().stream().map(Formats::text).collect(Collectors.joining(", ")))
                        .orElse(""),
                common.risk()
                        .map(risk -> risk.bins().stream().map(CommonViews::bin).toList())
                        .orElse(List.of()),
                common.scores().stream()
                        .limit(MOST_SCORES)
                        .map(score -> new CommonView.ScoreRow(link(score.runId()), CommonTexts.score(score)))
                        .toList(),
                common.silences().stream().map(Formats::text).toList());
    }

    private CommonView.CombinationCard combination(Combination combination) {
        return new CommonView.CombinationCard(
                text(titles.getOrDefault(combination.kind(), combination.kind())),
                combination.items().stream().map(Formats::text).toList(),
                CommonTexts.share(combination),
                List.of(
                        new Page.Fact("share", CommonTexts.percent(combination.cases() / (double) combination.runs())),
                        new Page.Fact("95 % interval", CommonTexts.interval(combination.low(), combination.high())),
                        new Page.Fact("lift", number(combination.lift())),
                        new Page.Fact("q", number(combination.qValue()))),
                text(combination.evidence()),
                combination.caseRuns().stream()
                        .limit(MOST_LINKS)
                        .map(this::link)
                        .toList());
    }

    private CommonView.ArchetypeCard archetype(Archetype archetype) {
        return new CommonView.ArchetypeCard(
                text(archetype.name()),
                CommonTexts.share(archetype),
                archetype.traits().stream().map(Formats::text).toList(),
                link(archetype.exemplar()),
                archetype.runs().stream().limit(MOST_LINKS).map(this::link).toList(),
                Math.max(0, archetype.runs().size() - MOST_LINKS));
    }

    private static CommonView.BinRow bin(RiskEvaluation.Bin bin) {
        return new CommonView.BinRow(
                CommonTexts.interval(bin.from(), bin.to()),
                CommonTexts.percent(bin.predicted()),
                count(bin.runs()),
                count(bin.unstable()),
                CommonTexts.interval(bin.low(), bin.high()));
    }

    private Page.RunLink link(String runId) {
        return links.getOrDefault(runId, new Page.RunLink(-1, text(runId), ""));
    }
}
