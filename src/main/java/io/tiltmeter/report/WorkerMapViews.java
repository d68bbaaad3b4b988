package io.tiltmeter.report;

import static io.tiltmeter.report.Formats.count;
import static io.tiltmeter.report.Formats.number;
import static io.tiltmeter.report.Formats.steps;
import static io.tiltmeter.report.Formats.text;

import io.tiltmeter.model.WorkerMap;
import io.tiltmeter.model.WorkerMap.Unit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Draws maps of workers. The scale of ratios is the same in all maps, so that they can be compared; differences have no scale
 * of their own and are drawn against the largest of the map. Blue is below, orange above: told apart whatever colours a reader
 * sees.
 */
final class WorkerMapViews {
    /** Ratios at which the colour changes; below the first is as good as equal. */
    private static final double[] RATIOS = {1.1, 1.3, 2, 4};
    /** Shares of the largest difference at which the colour changes. */
    private static final double[] OF_LARGEST = {0.2, 0.4, 0.6, 0.8};
    /** Shares of the steps at which the colour changes. */
    private static final double[] SHARES = {0.05, 0.25, 0.5, 0.75};

    private static final int ROW_HEIGHT = 14;
    private static final int LEFT = 96;
    private static final int WIDTH = 640;
    private static final int BELOW = 20;

    private final WorkerMap map;
    private final double largest;
    private final double[] edges;

    private WorkerMapViews(WorkerMap map) {
        this.map = map;
        largest = Arrays.stream(map.value())
                .filter(Double::isFinite)
                .map(Math::abs)
                .max()
                .orElse(0);
        edges = switch (map.unit()) {
            case LOG_RATIO -> Arrays.stream(RATIOS).map(Math::log).toArray();
            case DIFFERENCE ->
                Arrays.stream(OF_LARGEST).map(share -> share * largest).toArray();
            case SHARE_EQUAL, SHARE_APART -> SHARES;
        };
    }

    static WorkerMapView view(WorkerMap map) {
        return new WorkerMapViews(map).view();
    }

    private WorkerMapView view() {
        int rows = map.worker().length;
        int height = rows * ROW_HEIGHT;
        String farthest = farthest();
        String shown = rows == map.all()
                ? count(rows, "worker")
                : count(rows) + " of " + count(map.all())
                        + " workers: those at fault, their neighbours and others at equal" + " distances";
        return new WorkerMapView(
                title(),
                text(map.metric()),
                farthest,
                title() + " (" + text(map.metric()) + "), " + shown + ", steps "
                        + steps(map.from()[0], map.to()[map.columns() - 1]) + ". " + farthest,
                map.columns(),
                lines(),
                height,
                height + BELOW,
                shades(),
                Integer.toString(markAt()),
                ticks(height),
                legend(shown));
    }

    private String title() {
        return switch (map.unit()) {
            case LOG_RATIO, DIFFERENCE -> "Workers against their peers";
            case SHARE_EQUAL -> "Workers that repeat data";
            case SHARE_APART -> "Workers with other parameters than their peers";
        };
    }

    /** A value in words. */
    private String words(double value) {
        return switch (map.unit()) {
            case LOG_RATIO -> number(Math.exp(value)) + " times its peers' median";
            case DIFFERENCE -> number(Math.abs(value)) + (value < 0 ? " below" : " above") + " its peers' median";
            case SHARE_EQUAL, SHARE_APART -> Math.round(100 * value) + " % of the steps";
        };
    }

    private String farthest() {
        int at = -1;
        int bad = -1;
        for (int i = 0; i < map.value().length; i++) {
            boolean known = Double.isFinite(map.value()[i]);
            at = known && (at < 0 || Math.abs(map.value()[i]) > Math.abs(map.value()[at])) ? i : at;
            bad = bad < 0 && map.nonFinite()[i] ? i : bad;
        }
        List<String> parts = new ArrayList<>();
        if (bad >= 0) {
            parts.add("worker " + map.worker()[bad / map.columns()] + " logged NaN or infinity");
        }
        if (at >= 0) {
            int column = at % map.columns();
            parts.add("farthest: worker " + map.worker()[at / map.columns()] + ", " + words(map.value()[at])
                    + " at steps " + steps(map.from()[column], map.to()[column]));
        }
        return String.join("; ", parts);
    }

    private List<WorkerMapView.Row> lines() {
        List<WorkerMapView.Row> lines = new ArrayList<>();
        for (int r = 0; r < map.worker().length; r++) {
            lines.add(new WorkerMapView.Row(
                    "worker " + map.worker()[r],
                    map.isNamed()[r],
                    Integer.toString(r * ROW_HEIGHT + ROW_HEIGHT - 3),
                    Integer.toString(r * ROW_HEIGHT),
                    told(r)));
        }
        return lines;
    }

    /** What a row shows before the first abnormal step, and from then on at its farthest. */
    private String told(int row) {
        double before = 0;
        int n = 0;
        double after = Double.NaN;
        boolean bad = false;
        for (int c = 0; c < map.columns(); c++) {
            double value = map.value(row, c);
            bad |= map.isNonFinite(row, c);
            if (Double.isNaN(value)) {
                continue;
            }
            if (map.to()[c] < map.onset()) {
                before += value;
                n++;
            } else if (Double.isNaN(after) || Math.abs(value) > Math.abs(after)) {
                after = value;
            }
        }
        String told = "worker " + map.worker()[row] + ": ";
        told += n == 0 ? "" : "before step " + count(map.onset()) + " " + words(before / n) + "; ";
        told += Double.isNaN(after) ? "nothing finite after" : "from then on up to " + words(after);
        return bad ? told + "; NaN or infinite" : told;
    }

    /** Colour of a cell; empty where there is nothing. */
    private String colour(int row, int column) {
        if (map.isNonFinite(row, column)) {
            return "bad";
        }
        double value = map.value(row, column);
        if (Double.isNaN(value)) {
            return "";
        }
        int level = 0;
        while (level < edges.length && Math.abs(value) > edges[level]) {
            level++;
        }
        return level == 0 ? "zero" : (value > 0 ? "up" : "down") + level;
    }

    /** Neighbours of one colour are one stroke, so that a map costs a few kilobytes whatever it shows. */
    private List<WorkerMapView.Shade> shades() {
        Map<String, StringBuilder> paths = new TreeMap<>();
        for (int r = 0; r < map.worker().length; r++) {
            int from = 0;
            for (int c = 1; c <= map.columns(); c++) {
                String colour = colour(r, from);
                if (c == map.columns() || !colour(r, c).equals(colour)) {
                    if (!colour.isEmpty()) {
                        paths.computeIfAbsent(colour, k -> new StringBuilder())
                                .append('M')
                                .append(from)
                                .append(' ')
                                .append(r)
                                .append(".5h")
                                .append(c - from);
                    }
                    from = c;
                }
            }
        }
        return paths.entrySet().stream()
                .map(e -> new WorkerMapView.Shade(e.getKey(), e.getValue().toString()))
                .toList();
    }

    private int markAt() {
        int column = 0;
        while (column < map.columns() - 1 && map.to()[column] < map.onset()) {
            column++;
        }
        return column;
    }

    private List<WorkerMapView.Tick> ticks(int height) {
        String y = Integer.toString(height + ROW_HEIGHT);
        List<WorkerMapView.Tick> ticks = new ArrayList<>();
        int mark = markAt();
        double share = mark / (double) map.columns();
        ticks.add(new WorkerMapView.Tick(
                Long.toString(LEFT + Math.round(share * WIDTH)),
                y,
                share < 0.15 ? "start" : share > 0.85 ? "end" : "middle",
                "▲ step " + count(map.onset())));
        if (share >= 0.3) {
            ticks.add(new WorkerMapView.Tick(Integer.toString(LEFT), y, "start", count(map.from()[0])));
        }
        if (share <= 0.7) {
            ticks.add(new WorkerMapView.Tick(
                    Integer.toString(LEFT + WIDTH), y, "end", count(map.to()[map.columns() - 1])));
        }
        return ticks;
    }

    private List<WorkerMapView.Key> legend(String shown) {
        List<WorkerMapView.Key> keys = new ArrayList<>();
        if (!map.unit().isShare()) {
            for (int level = edges.length; level >= 1; level--) {
                keys.add(new WorkerMapView.Key("down" + level, down(level)));
            }
        }
        keys.add(new WorkerMapView.Key(
                "zero", map.unit() == Unit.LOG_RATIO ? "within " + number(RATIOS[0]) + " times" : "less"));
        for (int level = 1; level <= edges.length; level++) {
            keys.add(new WorkerMapView.Key("up" + level, up(level)));
        }
        boolean bad = false;
        boolean empty = false;
        for (int i = 0; i < map.value().length; i++) {
            bad |= map.nonFinite()[i];
            empty |= Double.isNaN(map.value()[i]) && !map.nonFinite()[i];
        }
        if (bad) {
            keys.add(new WorkerMapView.Key("bad", "NaN or infinite"));
        }
        if (empty) {
            keys.add(new WorkerMapView.Key("none", "nothing logged"));
        }
        keys.add(new WorkerMapView.Key("words", shown));
        return keys;
    }

    private String down(int level) {
        return switch (map.unit()) {
            case LOG_RATIO -> "below 1/" + number(RATIOS[level - 1]);
            default -> "−" + number(edges[level - 1]);
        };
    }

    private String up(int level) {
        return switch (map.unit()) {
            case LOG_RATIO ->
                "above " + number(RATIOS[level - 1]) + (level == edges.length ? " times the peers' median" : "");
            case DIFFERENCE ->
                "+" + number(edges[level - 1]) + (level == edges.length ? " and more against the peers' median" : "");
            case SHARE_EQUAL, SHARE_APART ->
                "above " + Math.round(100 * edges[level - 1]) + " %" + (level == edges.length ? " of the steps" : "");
        };
    }
}
