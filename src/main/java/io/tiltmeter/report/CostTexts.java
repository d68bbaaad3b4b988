package io.tiltmeter.report;

import io.tiltmeter.cost.FleetCost;
import io.tiltmeter.model.TimeUse;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What runs cost, in words. */
final class CostTexts {
    /** Where no owner or project was logged. */
    static final String NOBODY = "not logged";

    private static final int MOST_OWNERS = 3;
    private static final double LEAST_PART = 0.0005;

    private CostTexts() {}

    /** An amount of worker-hours or money: as many digits as matter to somebody who pays. */
    static String amount(double value) {
        double size = Math.abs(value);
        if (size >= 100 || value == 0) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
        if (size >= 0.1) {
            return String.format(Locale.ROOT, size >= 10 ? "%.1f" : "%.2f", value);
        }
        return new BigDecimal(value)
                .round(new MathContext(2, RoundingMode.HALF_EVEN))
                .stripTrailingZeros()
                .toPlainString();
    }

    /** A part of an amount; 0 where it is less than half a thousandth of it. */
    static String part(double value, double whole) {
        return amount(value < LEAST_PART * whole ? 0 : value);
    }

    /** An amount of money with its currency, of so many worker-hours. */
    static String money(FleetCost fleet, double workerHours) {
        return amount(fleet.money(workerHours)) + " " + Formats.text(fleet.currency());
    }

    /** A share in per cent; {@code —} of nothing. */
    static String percent(double share) {
        return Double.isNaN(share) ? "—" : String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    static String name(FleetCost.Line line) {
        return line.name().isEmpty() ? NOBODY : Formats.text(line.name());
    }

    /** Uses by which time was lost, the greatest first. */
    static List<TimeUse> losses(FleetCost.Line line) {
        return Arrays.stream(TimeUse.values())
                .filter(use -> use != TimeUse.PRODUCTIVE && line.hours(use) >= LEAST_PART * line.allocated())
                .sorted(Comparator.comparingDouble(line::hours).reversed())
                .toList();
    }

    /** Heading of these lines, which says how many runs they leave out. */
    static String heading(FleetCost fleet) {
        return "What it cost"
                + (fleet.notObserved() == 0
                        ? ""
                        : ", without " + Formats.count(fleet.notObserved(), "run") + " of unknown time");
    }

    /** Lines for a terminal; none where nothing is known of any run's time. */
    static List<String> lines(FleetCost fleet) {
        FleetCost.Line total = fleet.total();
        List<String> lines = new ArrayList<>();
        if (total.runs() == 0) {
            return lines;
        }
        String money = fleet.hasPrice() ? " (" + money(fleet, total.lost()) + ")" : "";
        lines.add(amount(total.allocated()) + " worker-hours · goodput " + percent(total.goodput()) + " · "
                + amount(total.lost()) + " lost" + money + parts(total));
        List<FleetCost.Line> owners = fleet.owners();
        if (owners.stream().anyMatch(line -> !line.name().isEmpty())) {
            lines.add("by owner: "
                    + owners.stream()
                            .limit(MOST_OWNERS)
                            .map(line -> name(line) + " lost " + amount(line.lost())
                                    + (fleet.hasPrice() ? " (" + money(fleet, line.lost()) + ")" : "") + " of "
                                    + amount(line.allocated()))
                            .collect(Collectors.joining(" · "))
                    + (owners.size() > MOST_OWNERS
                            ? " · " + Formats.count(owners.size() - MOST_OWNERS) + " more"
                            : ""));
        }
        return lines;
    }

    private static String parts(FleetCost.Line line) {
        String parts = losses(line).stream()
                .map(use -> use.text() + " " + amount(line.hours(use)))
                .collect(Collectors.joining(" · "));
        return parts.isEmpty() ? "" : ": " + parts;
    }
}
