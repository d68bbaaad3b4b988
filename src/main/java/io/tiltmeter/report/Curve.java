package io.tiltmeter.report;

import io.tiltmeter.model.Chart;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/** A chart split into starts of the run, each with ascending steps, and what can be said and drawn of it. */
final class Curve {
    /** How far the highest value must rise above the median before a curve is drawn logarithmically. */
    private static final double LOG_RATIO = 30;

    private static final int DIGITS = 5;

    private final Chart chart;
    private final List<Part> parts;
    private final double lowest;
    private final double highest;
    private final int nonFinite;
    private final boolean logarithmic;

    /** Buckets {@code from} to {@code to} (exclusive) of one attempt. */
    record Part(int attempt, int from, int to) {}

    Curve(Chart chart) {
        this.chart = chart;
        this.parts = split(chart);
        double[] finite = finiteValues(chart);
        this.lowest = finite.length == 0 ? Double.NaN : finite[0];
        this.highest = finite.length == 0 ? Double.NaN : finite[finite.length - 1];
        this.logarithmic = finite.length > 0 && lowest > 0 && highest > LOG_RATIO * finite[finite.length / 2];
        int count = 0;
        for (int i = 0; i < chart.steps().length; i++) {
            count += isFinite(i) ? 0 : 1;
        }
        this.nonFinite = count;
    }

    String metric() {
        return chart.metric();
    }

    List<Part> parts() {
        return parts;
    }

    /** Whether the curve spans so much that a linear axis would hide all but its peak. */
    boolean isLogarithmic() {
        return logarithmic;
    }

    boolean isEmpty() {
        return chart.steps().length == 0;
    }

    /** Last value and range in words. */
    String readout() {
        if (isEmpty()) {
            return "no values";
        }
        String text = "last " + Formats.number(chart.last()[chart.last().length - 1]);
        if (!Double.isNaN(lowest)) {
            text += " · low " + Formats.number(lowest) + " · high " + Formats.number(highest);
        }
        return nonFinite == 0 ? text : text + " · " + Formats.count(nonFinite) + " non-finite";
    }

    /** Writes the curve as {@code report.js} reads it: for each part steps, last, and low and high where they differ. */
    void write(Json json) throws IOException {
        json.object().name("parts").array();
        for (Part part : parts) {
            json.object().field("attempt", part.attempt()).name("x").array();
            for (int i = part.from(); i < part.to(); i++) {
                json.value(chart.steps()[i]);
            }
            json.endArray();
            values(json, "last", chart.last(), part);
            if (hasBand(part)) {
                values(json, "low", chart.low(), part);
                values(json, "high", chart.high(), part);
            }
            json.endObject();
        }
        json.endArray().endObject();
    }

    private static void values(Json json, String name, double[] values, Part part) throws IOException {
        json.name(name).array();
        for (int i = part.from(); i < part.to(); i++) {
            json.value(values[i], DIGITS);
        }
        json.endArray();
    }

    private boolean hasBand(Part part) {
        for (int i = part.from(); i < part.to(); i++) {
            if (Double.doubleToLongBits(chart.low()[i]) != Double.doubleToLongBits(chart.last()[i])
                    || Double.doubleToLongBits(chart.high()[i]) != Double.doubleToLongBits(chart.last()[i])) {
                return true;
            }
        }
        return false;
    }

    /** The curve as SVG paths of at most {@code width / 2} points. */
    Sparkline sparkline(int width, int height, OptionalLong incidentStep) {
        if (isEmpty()) {
            return new Sparkline(width, height, "", "", "", "");
        }
        long first = Arrays.stream(chart.steps()).min().orElse(0);
        long last = Arrays.stream(chart.steps()).max().orElse(0);
        Drawing drawing = new Drawing(width, height, first, Math.max(1, last - first));
        int stride = Math.max(1, (int) Math.ceil(chart.steps().length / (width / 2.0)));
        for (Part part : parts) {
            drawing.begin();
            for (int i = part.from(); i < part.to(); i += stride) {
                drawing.bucket(i, Math.min(part.to(), i + stride));
            }
            drawing.finishBand();
        }
        incidentStep.ifPresent(drawing::mark);
        return drawing.sparkline();
    }

    /** Collects the paths of a sparkline. */
    private final class Drawing {
        private final int width;
        private final int height;
        private final long firstStep;
        private final long steps;
        private final StringBuilder line = new StringBuilder();
        private final StringBuilder band = new StringBuilder();
        private final StringBuilder nonFiniteTicks = new StringBuilder();
        private final StringBuilder mark = new StringBuilder();
        private final List<String> upper = new ArrayList<>();
        private final List<String> lower = new ArrayList<>();
        private boolean penDown;

        Drawing(int width, int height, long firstStep, long steps) {
            this.width = width;
            this.height = height;
            this.firstStep = firstStep;
            this.steps = steps;
        }

        void begin() {
            penDown = false;
        }

        void bucket(int from, int to) {
            double low = Double.POSITIVE_INFINITY;
            double high = Double.NEGATIVE_INFINITY;
            double value = Double.NaN;
            boolean bad = false;
            for (int i = from; i < to; i++) {
                bad |= !isFinite(i);
                low = Double.isFinite(chart.low()[i]) ? Math.min(low, chart.low()[i]) : low;
                high = Double.isFinite(chart.high()[i]) ? Math.max(high, chart.high()[i]) : high;
                value = Double.isFinite(chart.last()[i]) ? chart.last()[i] : value;
            }
            String x = x(chart.steps()[from]);
            if (bad) {
                nonFiniteTicks.append('M').append(x).append(" 0v4");
            }
            if (Double.isNaN(value)) {
                penDown = false;
                finishBand();
                return;
            }
            line.append(penDown ? 'L' : 'M').append(x).append(' ').append(y(value));
            if (!penDown) {
                line.append("h0");
            }
            penDown = true;
            if (low <= high) {
                upper.add(x + " " + y(high));
                lower.add(x + " " + y(low));
            }
        }

        void finishBand() {
            if (!upper.equals(lower)) {
                band.append('M').append(String.join("L", upper));
                for (int i = lower.size() - 1; i >= 0; i--) {
                    band.append('L').append(lower.get(i));
                }
                band.append('Z');
            }
            upper.clear();
            lower.clear();
        }

        void mark(long step) {
            mark.append('M')
                    .append(x(Math.max(firstStep, Math.min(firstStep + steps, step))))
                    .append(' ')
                    .append(height)
                    .append("v-5");
        }

        Sparkline sparkline() {
            return new Sparkline(
                    width, height, line.toString(), band.toString(), nonFiniteTicks.toString(), mark.toString());
        }

        private String x(long step) {
            return coordinate(2 + (step - firstStep) * (width - 4.0) / steps);
        }

        private String y(double value) {
            double bottom = logarithmic ? Math.log(lowest) : lowest;
            double top = logarithmic ? Math.log(highest) : highest;
            double at = logarithmic ? Math.log(value) : value;
            double share = top > bottom ? (at - bottom) / (top - bottom) : 0.5;
            return coordinate(height - 3 - share * (height - 8.0));
        }
    }

    private static String coordinate(double value) {
        long tenths = Math.round(value * 10);
        long fraction = Math.abs(tenths % 10);
        String whole = (tenths < 0 && tenths > -10 ? "-" : "") + tenths / 10;
        return fraction == 0 ? whole : whole + "." + fraction;
    }

    private boolean isFinite(int bucket) {
        return Double.isFinite(chart.last()[bucket])
                && Double.isFinite(chart.low()[bucket])
                && Double.isFinite(chart.high()[bucket]);
    }

    private static double[] finiteValues(Chart chart) {
        return java.util.stream.Stream.of(chart.low(), chart.high(), chart.last())
                .flatMapToDouble(Arrays::stream)
                .filter(Double::isFinite)
                .sorted()
                .toArray();
    }

    private static List<Part> split(Chart chart) {
        List<Part> parts = new ArrayList<>();
        int from = 0;
        for (int i = 1; i <= chart.steps().length; i++) {
            boolean ends = i == chart.steps().length
                    || chart.attempts()[i] != chart.attempts()[i - 1]
                    || chart.steps()[i] <= chart.steps()[i - 1];
            if (ends) {
                parts.add(new Part(chart.attempts()[from], from, i));
                from = i;
            }
        }
        return parts;
    }
}
