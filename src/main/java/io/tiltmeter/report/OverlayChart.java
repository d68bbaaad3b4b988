package io.tiltmeter.report;

import io.tiltmeter.model.Chart;
import io.tiltmeter.model.Finding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;

/** Draws the curves of several runs over one another. */
final class OverlayChart {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 280;
    private static final int LEFT = 64;
    private static final int RIGHT = 14;
    private static final int TOP = 16;
    private static final int BOTTOM = 26;
    private static final int BAND_PLACES = 150;
    private static final int FEWEST_IN_BAND = 3;

    /** How far the highest value must lie above the lowest before the axis is logarithmic. */
    private static final double LOG_RATIO = 3;

    private final List<Chart> charts;
    private final double firstStep;
    private final double lastStep;
    private final double low;
    private final double high;
    private final boolean logarithmic;

    /** @param charts one a run, all of one metric; an empty chart for a run without it */
    OverlayChart(List<Chart> charts) {
        this.charts = charts;
        firstStep = steps().min().orElse(0);
        lastStep = Math.max(firstStep + 1, steps().max().orElse(1));
        double[] values = charts.stream()
                .flatMapToDouble(chart -> Arrays.stream(chart.last()))
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        double least = values.length == 0 ? 0 : values[0];
        double most = values.length == 0 ? 1 : values[values.length - 1];
        logarithmic = least > 0 && most > LOG_RATIO * least;
        low = least;
        high = most > least ? most : least + 1;
    }

    private DoubleStream steps() {
        return charts.stream()
                .flatMapToDouble(chart -> Arrays.stream(chart.steps()).asDoubleStream());
    }

    /**
     * The picture.
     *
     * @param colours colour of each run by its place; runs without one are drawn faint and make the band
     */
    ComparisonPage.Overlay draw(Map<Integer, Integer> colours, List<Finding> findings) {
        List<ComparisonPage.Line> lines = new ArrayList<>();
        List<Chart> others = new ArrayList<>();
        for (int run = 0; run < charts.size(); run++) {
            if (!colours.containsKey(run)) {
                others.add(charts.get(run));
                lines.add(new ComparisonPage.Line(path(charts.get(run)), -1));
            }
        }
        colours.forEach((run, colour) -> lines.add(new ComparisonPage.Line(path(charts.get(run)), colour)));
        return new ComparisonPage.Overlay(
                Formats.metricTitle(charts.get(0).metric()) + (logarithmic ? " (logarithmic)" : ""),
                WIDTH,
                HEIGHT,
                lines,
                others.size() < FEWEST_IN_BAND ? "" : band(others),
                ticks(firstStep, lastStep, false).stream()
                        .map(step ->
                                new ComparisonPage.Tick(coordinate(x(step)), Formats.count((long) step.doubleValue())))
                        .toList(),
                ticks(low, high, logarithmic).stream()
                        .map(value -> new ComparisonPage.Tick(coordinate(y(value)), Formats.number(value)))
                        .toList(),
                findings.stream()
                        .mapToLong(Finding::stepFrom)
                        .filter(step -> step >= firstStep && step <= lastStep)
                        .distinct()
                        .sorted()
                        .mapToObj(step -> new ComparisonPage.Tick(coordinate(x(step)), Formats.count(step)))
                        .toList());
    }

    private String path(Chart chart) {
        StringBuilder path = new StringBuilder();
        boolean down = false;
        for (int i = 0; i < chart.steps().length; i++) {
            double value = chart.last()[i];
            if (Double.isFinite(value)) {
                path.append(down ? 'L' : 'M')
                        .append(coordinate(x(chart.steps()[i])))
                        .append(' ')
                        .append(coordinate(y(value)));
            }
            down = Double.isFinite(value);
        }
        return path.toString();
    }

    /** The range of curves at equal distances. */
    private String band(List<Chart> others) {
        List<String> upper = new ArrayList<>();
        List<String> lower = new ArrayList<>();
        for (int place = 0; place <= BAND_PLACES; place++) {
            double step = firstStep + (lastStep - firstStep) * place / BAND_PLACES;
            double[] values = others.stream()
                    .map(chart -> at(chart, step))
                    .filter(OptionalDouble::isPresent)
                    .mapToDouble(OptionalDouble::getAsDouble)
                    .sorted()
                    .toArray();
            if (values.length >= FEWEST_IN_BAND) {
                upper.add(coordinate(x(step)) + " " + coordinate(y(values[values.length - 1])));
                lower.add(0, coordinate(x(step)) + " " + coordinate(y(values[0])));
            }
        }
        return upper.isEmpty() ? "" : "M" + String.join("L", upper) + "L" + String.join("L", lower) + "Z";
    }

    /** The curve's height at a step, as it is drawn: on the line between its points on both sides. */
    private static OptionalDouble at(Chart chart, double step) {
        int found = Arrays.binarySearch(chart.steps(), (long) step);
        int left = found >= 0 ? found : -found - 2;
        if (left < 0 || step > chart.steps()[chart.steps().length - 1]) {
            return OptionalDouble.empty();
        }
        int right = Math.min(left + 1, chart.steps().length - 1);
        double length = Math.max(1, chart.steps()[right] - chart.steps()[left]);
        double share = (step - chart.steps()[left]) / length;
        double value = chart.last()[left] * (1 - share) + chart.last()[right] * share;
        return Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
    }

    /** Round places on an axis: 1, 2 and 5 times powers of ten. */
    private static List<Double> ticks(double from, double to, boolean logarithmic) {
        List<Double> ticks = new ArrayList<>();
        if (logarithmic) {
            boolean wide = to / from > 100;
            for (int power = (int) Math.floor(Math.log10(from)); power <= Math.log10(to); power++) {
                for (int mantissa : wide ? new int[] {1} : new int[] {1, 2, 3, 5, 7}) {
                    double tick = mantissa * Math.pow(10, power);
                    if (tick >= from && tick <= to) {
                        ticks.add(tick);
                    }
                }
            }
            return ticks;
        }
        double raw = (to - from) / 6;
        double power = Math.pow(10, Math.floor(Math.log10(raw)));
        double gap = raw / power > 5 ? 10 * power : raw / power > 2 ? 5 * power : raw / power > 1 ? 2 * power : power;
        for (long i = (long) Math.ceil(from / gap); i * gap <= to; i++) {
            ticks.add(i * gap);
        }
        return ticks;
    }

    private double x(double step) {
        return LEFT + (step - firstStep) / (lastStep - firstStep) * (WIDTH - LEFT - RIGHT);
    }

    private double y(double value) {
        double share = logarithmic
                ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))
                : (value - low) / (high - low);
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    }

    private static String coordinate(double value) {
        return Double.toString(Math.round(value * 10) / 10.0);
    }
}
