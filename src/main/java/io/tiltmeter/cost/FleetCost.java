package io.tiltmeter.cost;

import io.tiltmeter.model.RunCost;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.TimeUse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the runs of a fleet cost together.
 *
 * @param runs what each run cost, by its id
 * @param total all runs whose time is known
 * @param owners by owner, the one with the greatest loss first
 * @param projects by project, the one with the greatest loss first
 * @param notObserved runs of whose time nothing is known
 * @param price price of a worker-hour, 0 if unknown
 * @param currency its currency
 */
public record FleetCost(
        Map<String, RunCost> runs,
        Line total,
        List<Line> owners,
        List<Line> projects,
        int notObserved,
        double price,
        String currency) {
    /** Seconds of an hour. */
    public static final double HOUR = 3600;

    public FleetCost {
        runs = Collections.unmodifiableMap(new TreeMap<>(runs));
        owners = List.copyOf(owners);
        projects = List.copyOf(projects);
    }

    /** Of a fleet of which nothing is known. */
    public static FleetCost none() {
        return of(List.of(), 0, "");
    }

    /** A run and what it cost. */
    public record Entry(RunRecord run, RunCost cost) {}

    /**
     * Some of the runs together.
     *
     * @param name who they belong to; empty where that is not known
     * @param workerHours by {@link TimeUse#ordinal()}
     */
    public record Line(String name, int runs, List<Double> workerHours) {
        public Line {
            workerHours = List.copyOf(workerHours);
        }

        public double hours(TimeUse use) {
            return workerHours.get(use.ordinal());
        }

        /** All worker-hours. */
        public double allocated() {
            return workerHours.stream().mapToDouble(Double::doubleValue).sum();
        }

        /** Worker-hours that were not productive. */
        public double lost() {
            return allocated() - hours(TimeUse.PRODUCTIVE);
        }

        /** Productive share; NaN without any time. */
        public double goodput() {
            return hours(TimeUse.PRODUCTIVE) / allocated();
        }
    }

    /** Sums up runs, whatever their order. */
    public static FleetCost of(List<Entry> entries, double price, String currency) {
        List<Entry> known = entries.stream()
                .filter(entry -> entry.cost().isObserved())
                .sorted(Comparator.comparing((Entry entry) -> entry.run().runId()))
                .toList();
        return new FleetCost(
                entries.stream().collect(Collectors.toMap(entry -> entry.run().runId(), Entry::cost)),
                line("", known),
                by(known, RunRecord::owner),
                by(known, RunRecord::project),
                entries.size() - known.size(),
                price,
                currency);
    }

    /** Whether it was reckoned of any run, be it that nothing is known of it. */
    public boolean isEmpty() {
        return runs.isEmpty();
    }

    /** Worker-hours of one use of a run. */
    public static double hours(RunCost cost, TimeUse use) {
        return cost.seconds(use) / HOUR;
    }

    /** All worker-hours of a run. */
    public static double allocated(RunCost cost) {
        return cost.allocated() / HOUR;
    }

    /** Worker-hours of a run that were not productive. */
    public static double lost(RunCost cost) {
        return allocated(cost) - hours(cost, TimeUse.PRODUCTIVE);
    }

    /** Whether worker-hours have a price. */
    public boolean hasPrice() {
        return price > 0;
    }

    /** What so many worker-hours cost, 0 without a price. */
    public double money(double workerHours) {
        return price * workerHours;
    }

    private static List<Line> by(List<Entry> entries, Function<RunRecord, @Nullable String> read) {
        Map<String, List<Entry>> groups = new TreeMap<>();
        for (Entry entry : entries) {
            String name = read.apply(entry.run());
            groups.computeIfAbsent(name == null ? "" : name, n -> new ArrayList<>())
                    .add(entry);
        }
        List<Line> lines = new ArrayList<>();
        groups.forEach((name, group) -> lines.add(line(name, group)));
        lines.sort(Comparator.comparingDouble(Line::lost).reversed().thenComparing(Line::name));
        return lines;
    }

    private static Line line(String name, List<Entry> entries) {
        List<Double> hours = new ArrayList<>();
        for (TimeUse use : TimeUse.values()) {
            hours.add(entries.stream()
                            .mapToDouble(entry -> entry.cost().seconds(use))
                            .sum()
                    / HOUR);
        }
        return new Line(name, entries.size(), hours);
    }
}
