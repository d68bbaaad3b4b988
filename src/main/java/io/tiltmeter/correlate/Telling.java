package io.tiltmeter.correlate;

import io.tiltmeter.correlate.FleetRun.Event;
import io.tiltmeter.model.Pattern;
import io.tiltmeter.model.Pattern.Confounder;
import io.tiltmeter.model.Pattern.Contrast;
import io.tiltmeter.model.Severity;
import io.tiltmeter.stats.Robust;
import io.tiltmeter.stats.Tails;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Puts claims that stand into patterns. */
final class Telling {
    private final List<FleetRun> runs;

    Telling(List<FleetRun> runs) {
        this.runs = runs;
    }

    Pattern pattern(Competition.Standing standing) {
        Claim claim = standing.claim();
        if (claim instanceof StepClaim step) {
            return step.pattern().withConfounders(standing.confounders());
        }
        if (claim instanceof TimeClaim time) {
            return time(time, standing.confounders());
        }
        return attribute((AttributeClaim) claim, standing.confounders());
    }

    private Pattern attribute(AttributeClaim claim, List<Confounder> rejected) {
        Strata.Outcome outcome = claim.outcome();
        List<Confounder> confounders = new ArrayList<>();
        claim.aliases()
                .forEach(alias ->
                        confounders.add(new Confounder(alias.axis().text(), alias.value(), claim.qValue(), 1, false)));
        confounders.addAll(rejected);
        List<Contrast> contrasts = outcome.others() == 0
                ? List.of()
                : List.of(new Contrast("comparable runs without it", outcome.affectedOthers(), outcome.others()));
        String text = String.format(
                Locale.ROOT,
                "%d of the %d runs with %s %s have a %s%s; by chance %.2g would%s",
                outcome.hits(),
                outcome.exposed(),
                claim.axis().text().replace('_', ' '),
                claim.value(),
                claim.kind().detector(),
                pointing(claim),
                outcome.expected(),
                claim.detail().isEmpty() ? "" : "; " + claim.detail());
        return pattern(
                claim,
                claim.exposure().project(),
                claim.kind(),
                outcome.exposed(),
                outcome.expected(),
                contrasts,
                confounders,
                text);
    }

    private static String pointing(AttributeClaim claim) {
        return claim.exposure().shares().length == 0
                ? ""
                : claim.axis() == Axis.SHARD ? " where they read it" : " there";
    }

    private Pattern time(TimeClaim claim, List<Confounder> confounders) {
        int exposed = claim.exposed().cardinality();
        int hits = claim.hits().cardinality();
        double expected = 1 + claim.chance() * claim.others();
        return pattern(
                claim,
                "",
                claim.kind(),
                exposed,
                expected,
                exposed == hits ? List.of() : List.of(new Contrast("runs that were training then", 0, exposed - hits)),
                confounders,
                String.format(
                        Locale.ROOT,
                        "%d of the %d runs that were training at %s have a %s within these minutes; by chance %.2g would",
                        hits,
                        exposed,
                        claim.value(),
                        claim.kind().detector(),
                        expected));
    }

    private Pattern pattern(
            Claim claim,
            String project,
            Kind kind,
            int exposed,
            double expected,
            List<Contrast> contrasts,
            List<Confounder> confounders,
            String evidence) {
        Collection<Event> events = kind.events(claim.hits());
        double chance = expected / exposed;
        double[] share = Tails.clopperPearson(exposed, events.size(), PatternFinder.CONFIDENCE);
        List<String> members = claim.hits().stream()
                .mapToObj(run -> runs.get(run).run().runId())
                .sorted()
                .toList();
        return new Pattern(
                claim.axis().text(),
                claim.value(),
                project.isEmpty() ? common(claim) : project,
                kind.detector(),
                metric(events),
                severity(events),
                events.stream().mapToLong(Event::step).min().orElse(0),
                events.stream().mapToLong(Event::step).max().orElse(0),
                members,
                exposed,
                events.size() / expected,
                share[0] / chance,
                share[1] / chance,
                claim.qValue(),
                Robust.median(events.stream().mapToDouble(Event::score).toArray()),
                "",
                contrasts,
                confounders,
                evidence,
                claim.axis().advice());
    }

    /** The project of all exposed runs; empty where there are several. */
    private String common(Claim claim) {
        List<String> projects = claim.exposed().stream()
                .mapToObj(run -> runs.get(run).project())
                .distinct()
                .limit(2)
                .toList();
        return projects.size() == 1 ? projects.get(0) : "";
    }

    /** The metric that most of the incidents show in. */
    private static String metric(Collection<Event> events) {
        Map<String, Integer> counts = new TreeMap<>();
        events.forEach(event -> counts.merge(event.metric(), 1, Integer::sum));
        return counts.entrySet().stream()
                .max(Map.Entry.<String, Integer>comparingByValue()
                        .thenComparing(Map.Entry.comparingByKey(Comparator.reverseOrder())))
                .map(Map.Entry::getKey)
                .orElse("");
    }

    /** The highest severity that at least half of the incidents reach. */
    private static Severity severity(Collection<Event> events) {
        List<Severity> sorted = events.stream()
                .map(Event::severity)
                .sorted(Comparator.reverseOrder())
                .toList();
        return sorted.get((sorted.size() - 1) / 2);
    }
}
