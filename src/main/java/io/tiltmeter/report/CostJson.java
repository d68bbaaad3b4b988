package io.tiltmeter.report;

import io.tiltmeter.cost.FleetCost;
import io.tiltmeter.model.RunCost;
import io.tiltmeter.model.TimeUse;
import java.io.IOException;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Writes the members {@code cost} of {@code findings.json}: of each run, and of the fleet. */
final class CostJson {
    private CostJson() {}

    /** The member of a run, where its cost was reckoned. */
    static void run(String runId, FleetCost fleet, Json json) throws IOException {
        RunCost cost = fleet.runs().get(runId);
        if (cost == null) {
            return;
        }
        json.name("cost").object().field("reason", cost.reason());
        if (cost.isObserved()) {
            json.field("basis", cost.basis())
                    .field("workers", cost.workers())
                    .field("steps", cost.steps())
                    .field("replayed_steps", cost.replayedSteps())
                    .field("healthy_step_seconds", cost.healthyStepSeconds())
                    .field("idle_hours", cost.idleSeconds() / FleetCost.HOUR)
                    .field("goodput", cost.goodput());
            hours(json, FleetCost.allocated(cost), FleetCost.lost(cost), use -> FleetCost.hours(cost, use));
            money(json, fleet, FleetCost.allocated(cost), FleetCost.lost(cost));
        }
        json.endObject();
    }

    /** The member of the fleet, where the cost of any run was reckoned. */
    static void fleet(FleetCost fleet, Json json) throws IOException {
        if (fleet.isEmpty()) {
            return;
        }
        json.name("cost").object().field("not_observed", fleet.notObserved());
        if (fleet.hasPrice()) {
            json.name("price")
                    .flatObject()
                    .field("worker_hour", fleet.price())
                    .field("currency", fleet.currency())
                    .endObject();
        }
        json.name("total");
        line(json, fleet, fleet.total(), "");
        lines(json, fleet, "owners", "owner", fleet.owners());
        lines(json, fleet, "projects", "project", fleet.projects());
        json.endObject();
    }

    private static void lines(Json json, FleetCost fleet, String name, String key, List<FleetCost.Line> lines)
            throws IOException {
        json.name(name).array();
        for (FleetCost.Line line : lines) {
            line(json, fleet, line, key);
        }
        json.endArray();
    }

    private static void line(Json json, FleetCost fleet, FleetCost.Line line, String key) throws IOException {
        json.object();
        if (!key.isEmpty()) {
            json.field(key, line.name().isEmpty() ? null : line.name());
        }
        json.field("runs", line.runs()).field("goodput", line.goodput());
        hours(json, line.allocated(), line.lost(), line::hours);
        money(json, fleet, line.allocated(), line.lost());
        json.endObject();
    }

    private static void hours(Json json, double allocated, double lost, ToDoubleFunction<TimeUse> hours)
            throws IOException {
        json.name("worker_hours").flatObject().field("allocated", allocated).field("lost", lost);
        for (TimeUse use : TimeUse.values()) {
            json.field(use.text(), hours.applyAsDouble(use));
        }
        json.endObject();
    }

    private static void money(Json json, FleetCost fleet, double allocated, double lost) throws IOException {
        if (fleet.hasPrice()) {
            json.name("money")
                    .flatObject()
                    .field("allocated", fleet.money(allocated))
                    .field("lost", fleet.money(lost))
                    .endObject();
        }
    }
}
