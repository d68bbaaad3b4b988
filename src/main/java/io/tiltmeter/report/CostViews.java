package io.tiltmeter.report;

import static io.tiltmeter.report.Formats.count;
import static io.tiltmeter.report.Formats.text;

import io.tiltmeter.cost.FleetCost;
import io.tiltmeter.model.RunCost;
import io.tiltmeter.model.TimeUse;
import io.tiltmeter.report.FleetReport.RunReport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/** Turns what the runs cost into the text of its section. */
final class CostViews {
    private static final int MOST_LINES = 20;
    private static final int MOST_RUNS = 20;
    private static final int BAR = 1000;

    private final FleetReport report;
    private final FleetCost fleet;
    private final Map<String, Page.RunLink> links;

    CostViews(FleetReport report, Map<String, Page.RunLink> links) {
        this.report = report;
        this.fleet = report.cost();
        this.links = links;
    }

    CostView view() {
        List<RunReport> lossy = report.runs().stream()
                .filter(run -> cost(run).isObserved() && FleetCost.lost(cost(run)) > 0)
                .sorted(Comparator.comparingDouble((RunReport run) -> FleetCost.lost(cost(run)))
                        .reversed()
                        .thenComparing(run -> run.run().runId()))
                .toList();
        return new CostView(
                !fleet.isEmpty(),
                facts(),
                fleet.notObserved() == 0
                        ? ""
                        : "Not in these numbers: " + count(fleet.notObserved(), "run")
                                + " of whose time nothing is known, because neither step_seconds nor times were logged.",
                fleet.hasPrice() ? text(fleet.currency()) : "",
                uses(),
                losses().stream().map(TimeUse::text).toList(),
                table(fleet.owners()),
                table(fleet.projects()),
                lossy.stream().limit(MOST_RUNS).map(this::run).toList(),
                more(lossy.size(), MOST_RUNS, "run"));
    }

    private RunCost cost(RunReport run) {
        String id = run.run().runId();
        return Objects.requireNonNullElseGet(fleet.runs().get(id), () -> RunCost.notObservable(id, "not reckoned"));
    }

    private List<Page.Fact> facts() {
        FleetCost.Line total = fleet.total();
        List<Page.Fact> facts = new ArrayList<>();
        facts.add(new Page.Fact("goodput", CostTexts.percent(total.goodput())));
        facts.add(new Page.Fact("worker-hours", CostTexts.amount(total.allocated())));
        facts.add(new Page.Fact("of them lost", CostTexts.amount(total.lost())));
        if (fleet.hasPrice()) {
            facts.add(new Page.Fact("cost", CostTexts.money(fleet, total.allocated())));
            facts.add(new Page.Fact("of it lost", CostTexts.money(fleet, total.lost())));
        }
        return facts;
    }

    private List<CostView.UseRow> uses() {
        List<CostView.UseRow> rows = new ArrayList<>();
        double all = fleet.total().allocated();
        double before = 0;
        for (TimeUse use : TimeUse.values()) {
            double hours = fleet.total().hours(use);
            long from = all > 0 ? Math.round(BAR * before / all) : 0;
            before += hours;
            long to = all > 0 ? Math.round(BAR * before / all) : 0;
            rows.add(new CostView.UseRow(
                    use.text(),
                    CostTexts.amount(hours),
                    CostTexts.percent(hours / all),
                    money(hours),
                    use.meaning(),
                    Long.toString(from),
                    Long.toString(to - from)));
        }
        return rows;
    }

    private String money(double hours) {
        return fleet.hasPrice() ? CostTexts.amount(fleet.money(hours)) : "";
    }

    /** Empty where none of them has a name: then there is nothing to tell apart. */
    private CostView.Table table(List<FleetCost.Line> lines) {
        if (lines.stream().allMatch(line -> line.name().isEmpty())) {
            return new CostView.Table(List.of(), "");
        }
        return new CostView.Table(
                lines.stream()
                        .limit(MOST_LINES)
                        .map(line -> new CostView.LineRow(
                                CostTexts.name(line),
                                count(line.runs()),
                                CostTexts.amount(line.allocated()),
                                CostTexts.percent(line.goodput()),
                                CostTexts.amount(line.lost()),
                                money(line.lost()),
                                parts(line.allocated(), line::hours)))
                        .toList(),
                more(lines.size(), MOST_LINES, "line"));
    }

    private CostView.RunRow run(RunReport run) {
        RunCost cost = cost(run);
        String owner = run.run().owner();
        return new CostView.RunRow(
                links.getOrDefault(
                        run.run().runId(), new Page.RunLink(-1, text(run.run().runId()), "")),
                owner == null ? "" : text(owner),
                CostTexts.amount(FleetCost.allocated(cost)),
                CostTexts.percent(cost.goodput()),
                CostTexts.amount(FleetCost.lost(cost)),
                money(FleetCost.lost(cost)),
                parts(FleetCost.allocated(cost), use -> FleetCost.hours(cost, use)),
                text(cost.basis()));
    }

    private static List<TimeUse> losses() {
        return Arrays.stream(TimeUse.values())
                .filter(use -> use != TimeUse.PRODUCTIVE)
                .toList();
    }

    private static List<String> parts(double allocated, ToDoubleFunction<TimeUse> hours) {
        return losses().stream()
                .map(use -> CostTexts.part(hours.applyAsDouble(use), allocated))
                .toList();
    }

    private static String more(int all, int shown, String noun) {
        return all > shown ? "and " + count(all - shown, "more " + noun) + ", in findings.json and the table cost" : "";
    }
}
