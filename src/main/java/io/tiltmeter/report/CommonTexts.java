package io.tiltmeter.report;

import static io.tiltmeter.report.Formats.count;
import static io.tiltmeter.report.Formats.number;
import static io.tiltmeter.report.Formats.text;

import io.tiltmeter.model.Archetype;
import io.tiltmeter.model.Combination;
import io.tiltmeter.model.CommonTraits;
import io.tiltmeter.model.RiskEvaluation;
import io.tiltmeter.model.RiskScore;
import io.tiltmeter.model.SymptomOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Sentences on what incidents have in common, the same in HTML and in the terminal. */
final class CommonTexts {
    private CommonTexts() {}

    /** Settings side by side. */
    static String items(Combination combination) {
        return combination.items().stream().map(Formats::text).collect(Collectors.joining(" · "));
    }

    /** How many runs of how many, and how sure that is. */
    static String share(Combination combination) {
        return count(combination.cases()) + " of " + count(combination.runs(), "run");
    }

    static String order(SymptomOrder order, Map<String, String> titles) {
        return title(order.first(), titles) + " precedes " + title(order.then(), titles) + " in "
                + count(order.before())
                + " of " + count(order.runs(), "run") + " that have both ("
                + count(order.after()) + " the other way round, " + count(order.together())
                + " at the same step), median lead " + steps(order.medianLead()) + ", q " + number(order.qValue());
    }

    private static String title(String detector, Map<String, String> titles) {
        return text(titles.getOrDefault(detector, detector));
    }

    private static String steps(double lead) {
        return number(lead) + (lead == 1 ? " step" : " steps");
    }

    /** What the risk model is worth. */
    static String worth(RiskEvaluation risk) {
        String runs = count(risk.runs(), "run") + ", " + count(risk.unstable()) + " unstable, " + held(risk);
        return risk.useful()
                ? "Risk from settings, " + risk.model() + ": " + percent(risk.skill())
                        + " less squared error than the base rate (95 % interval "
                        + interval(risk.skillLow(), risk.skillHigh())
                        + "), AUC " + number2(risk.auc()) + " (" + number2(risk.aucLow()) + "–"
                        + number2(risk.aucHigh())
                        + "), on " + runs
                : "Risk from settings: no better than the base rate (" + risk.model() + ", skill "
                        + percent(risk.skill())
                        + ", 95 % interval " + interval(risk.skillLow(), risk.skillHigh()) + "), on " + runs
                        + "; no run is scored by it";
    }

    private static String held(RiskEvaluation risk) {
        return risk.grouping().equals("project")
                ? count(risk.groups(), "project") + ", none of which helped to predict itself"
                : "single runs held out, for there are too few projects: it may know its siblings";
    }

    /** What is said of a run to come. */
    static String score(RiskScore score) {
        List<String> parts = new ArrayList<>();
        if (!Double.isNaN(score.risk())) {
            parts.add("risk " + percent(score.risk()) + " (of similar runs " + interval(score.low(), score.high())
                    + " went wrong)");
        }
        if (!score.archetype().isEmpty()) {
            parts.add("so far nearest to “" + text(score.archetype()) + "”");
        }
        return String.join(", ", parts) + ", by the models of " + text(score.modelDate());
    }

    /** The most important of each part, a line each, the most useful part first; scores stand for the worth of their model. */
    static List<String> lines(CommonTraits common, Map<String, String> titles) {
        List<String> lines = new ArrayList<>();
        common.combinations().stream()
                .limit(1)
                .forEach(c -> lines.add(items(c) + ": " + title(c.kind(), titles) + " in " + share(c) + ", lift "
                        + number(c.lift()) + ", q " + number(c.qValue())
                        + more(common.combinations().size())));
        common.archetypes().stream()
                .limit(1)
                .forEach(a -> lines.add(count(a.runs().size()) + " of " + count(a.of(), "run") + " with trouble: "
                        + text(a.name()) + ", e.g. " + text(a.exemplar())
                        + more(common.archetypes().size())));
        if (common.scores().isEmpty()) {
            common.risk().ifPresent(risk -> lines.add(worth(risk)));
        }
        common.scores().stream()
                .limit(1)
                .forEach(s -> lines.add(
                        text(s.runId()) + ": " + score(s) + more(common.scores().size())));
        common.orders().stream()
                .limit(1)
                .forEach(o -> lines.add(order(o, titles) + more(common.orders().size())));
        return lines;
    }

    private static String more(int all) {
        return all > 1 ? "; " + count(all - 1) + " more" : "";
    }

    static String percent(double share) {
        return Double.isFinite(share) ? String.format(Locale.ROOT, "%.0f %%", 100 * share) : number(share);
    }

    static String interval(double low, double high) {
        return Double.isFinite(low) && Double.isFinite(high)
                ? String.format(Locale.ROOT, "%.0f to %.0f %%", 100 * low, 100 * high)
                : "unknown";
    }

    private static String number2(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.2f", value) : number(value);
    }

    /** One archetype's share. */
    static String share(Archetype archetype) {
        return count(archetype.runs().size()) + " of " + count(archetype.of(), "run");
    }
}
