package io.tiltmeter.report;

import io.tiltmeter.cost.FleetCost;
import io.tiltmeter.model.RunCost;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.TimeUse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the runs of made-up reports cost. */
final class SampleCost {
    private SampleCost() {}

    /** A run of four workers and 100 worker-hours: so many are lost, a quarter to a restart and the rest to replay. */
    static RunCost run(String runId, double lost, String basis) {
        double[] seconds = new double[TimeUse.values().length];
        seconds[TimeUse.PRODUCTIVE.ordinal()] = (100 - lost) * FleetCost.HOUR;
        seconds[TimeUse.REPLAY.ordinal()] = 0.75 * lost * FleetCost.HOUR;
        seconds[TimeUse.RESTART.ordinal()] = 0.25 * lost * FleetCost.HOUR;
        return new RunCost(runId, "", basis, 4, 1000, 30, 1.5, 7200, seconds);
    }

    static RunRecord owned(String runId, @Nullable String project, @Nullable String owner) {
        return new RunRecord(
                runId, project, owner, null, null, null, null, null, null, null, null, null, null, null, null, null,
                null, Map.of());
    }

    /** The report with the cost of each run but the last, of which nothing is known; owners take turns. */
    static FleetReport add(FleetReport report, double price, String currency, String basis, String... owners) {
        List<FleetCost.Entry> entries = new ArrayList<>();
        for (int i = 0; i < report.runs().size(); i++) {
            RunRecord run = report.runs().get(i).run();
            RunCost cost = i + 1 == report.runs().size()
                    ? RunCost.notObservable(run.runId(), basis)
                    : run(run.runId(), 4 * (i % 5 + 1), basis);
            entries.add(new FleetCost.Entry(owned(run.runId(), run.project(), owners[i % owners.length]), cost));
        }
        return report.withCost(FleetCost.of(entries, price, currency));
    }
}
