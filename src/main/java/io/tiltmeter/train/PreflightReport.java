package io.tiltmeter.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the pre-flight checks found, in the order in which they ran.
 *
 * @param checks one for every check, those that do not apply too
 * @param rangeTest the learning-rate range test's points, in ascending rates; empty where it did not run
 */
public record PreflightReport(List<Check> checks, List<Point> rangeTest) {
    private static final int NARROWEST = 40;
    private static final int CURVE_ROWS = 8;

    /** How a check ended. */
    public enum Level {
        /** As it should be. */
        PASS("ok"),
        /** Worth a look before training. */
        WARNING("warn"),
        /** Training this would be a waste. */
        FAIL("FAIL"),
        /** The check says nothing about this network or data. */
        NOT_APPLICABLE("n/a");

        private final String word;

        Level(String word) {
            this.word = word;
        }
    }

    /**
     * One check's verdict.
     *
     * @param measured what was seen, for a reader
     * @param expected what a sound network or data set shows
     * @param meaning what is checked
     * @param advice what to do where it does not pass
     * @param source where the expectation and its limits come from
     * @param numbers the numbers behind it, by name
     */
    public record Check(
            String id,
            Level level,
            String measured,
            String expected,
            String meaning,
            String advice,
            String source,
            SortedMap<String, Double> numbers) {
        /** Copies the numbers. */
        public Check {
            numbers = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(numbers));
        }
    }

    /**
     * A step of the range test.
     *
     * @param loss loss of the step's batch before the step
     * @param smoothed centred moving average
     */
    public record Point(double rate, double loss, double smoothed) {}

    /** Copies the lists. */
    public PreflightReport {
        checks = List.copyOf(checks);
        rangeTest = List.copyOf(rangeTest);
    }

    /** Whether any check failed. */
    public boolean failed() {
        return worst() == Level.FAIL;
    }

    /** The check of that id. */
    public Check check(String id) {
        return checks.stream()
                .filter(check -> check.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no check '" + id + "', only "
                        + checks.stream().map(Check::id).toList()));
    }

    private Level worst() {
        Level worst = Level.PASS;
        for (Check check : checks) {
            if (check.level() == Level.FAIL || check.level() == Level.WARNING && worst == Level.PASS) {
                worst = check.level();
            }
        }
        return worst;
    }

    /** The verdict as text of so many columns, at least 40: a line a check, advice for those that do not pass. */
    public String render(int width) {
        int columns = Math.max(width, NARROWEST);
        int idWidth =
                checks.stream().mapToInt(check -> check.id().length()).max().orElse(0);
        List<String> lines = new ArrayList<>();
        for (Check check : checks) {
            String head = String.format(
                    Locale.ROOT, "%-4s  %-" + Math.max(1, idWidth) + "s  ", check.level().word, check.id());
            boolean quiet = check.level() == Level.PASS || check.level() == Level.NOT_APPLICABLE;
            if (quiet) {
                lines.add(cut(head + check.measured(), columns));
                continue;
            }
            String indent = "      ";
            wrap(lines, head, " ".repeat(Math.min(head.length(), columns / 2)), check.measured(), columns);
            wrap(lines, indent + "expected  ", indent + "          ", check.expected(), columns);
            wrap(lines, indent + "advice    ", indent + "          ", check.advice(), columns);
            wrap(lines, indent + "source    ", indent + "          ", check.source(), columns);
        }
        lines.addAll(curve(columns));
        lines.add(
                switch (worst()) {
                    case FAIL -> "Pre-flight failed: " + count(Level.FAIL) + " of " + checks.size() + " checks.";
                    case WARNING -> "Pre-flight passed with " + count(Level.WARNING) + " warnings.";
                    default -> "Pre-flight passed.";
                });
        return String.join("\n", lines) + "\n";
    }

    private long count(Level level) {
        return checks.stream().filter(check -> check.level() == level).count();
    }

    /** Loss over the logarithm of the rate, a star for each column. */
    private List<String> curve(int width) {
        List<Point> points =
                rangeTest.stream().filter(p -> Double.isFinite(p.smoothed())).toList();
        if (points.size() < 2) {
            return List.of();
        }
        // Beyond twice the loss of the start the curve only says "diverged", and would flatten the rest.
        double ceiling = 2 * points.get(0).smoothed();
        double low = points.stream().mapToDouble(Point::smoothed).min().orElse(0);
        double high = Math.min(
                ceiling, points.stream().mapToDouble(Point::smoothed).max().orElse(1));
        int columns = Math.min(width - 12, points.size());
        List<String> lines = new ArrayList<>(List.of("", "loss by learning rate"));
        for (int row = 0; row < CURVE_ROWS; row++) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < columns; column++) {
                Point point = points.get((int) ((long) column * (points.size() - 1) / Math.max(1, columns - 1)));
                double height = high > low ? (Math.min(point.smoothed(), high) - low) / (high - low) : 0;
                line.append(CURVE_ROWS - 1 - (int) Math.round(height * (CURVE_ROWS - 1)) == row ? '*' : ' ');
            }
            String label = row == 0 ? Preflight.number(high) : row == CURVE_ROWS - 1 ? Preflight.number(low) : "";
            lines.add(String.format(Locale.ROOT, "%9s |%s", label, line).stripTrailing());
        }
        String first = Preflight.number(points.get(0).rate());
        String last = Preflight.number(points.get(points.size() - 1).rate());
        lines.add(" ".repeat(11) + first + " ".repeat(Math.max(1, columns - first.length() - last.length())) + last);
        lines.add("");
        return lines;
    }

    private static String cut(String line, int width) {
        return line.length() <= width ? line : line.substring(0, width - 1) + "…";
    }

    private static void wrap(List<String> lines, String first, String indent, String text, int width) {
        StringBuilder line = new StringBuilder(first);
        boolean empty = true;
        for (String word : text.split(" ", -1)) {
            if (!empty && line.length() + 1 + word.length() > width) {
                lines.add(line.toString());
                line = new StringBuilder(indent);
                empty = true;
            }
            line.append(empty ? "" : " ").append(word);
            empty = false;
            while (line.length() > width) {
                lines.add(line.substring(0, width));
                line = new StringBuilder(indent).append(line.substring(width));
            }
        }
        lines.add(line.toString().stripTrailing());
    }

    /** The report as JSON, the same bytes for the same report; non-finite numbers are strings. */
    public String json() {
        StringBuilder out =
                new StringBuilder("{\"schema\":1,\"failed\":").append(failed()).append(",\"checks\":[");
        for (int i = 0; i < checks.size(); i++) {
            Check check = checks.get(i);
            out.append(i == 0 ? "\n" : ",\n").append("{\"id\":");
            quote(out, check.id());
            out.append(",\"level\":\"")
                    .append(check.level().name().toLowerCase(Locale.ROOT))
                    .append('"');
            text(out, "measured", check.measured());
            text(out, "expected", check.expected());
            text(out, "meaning", check.meaning());
            text(out, "advice", check.advice());
            text(out, "source", check.source());
            out.append(",\"numbers\":{");
            String comma = "";
            for (Map.Entry<String, Double> number : check.numbers().entrySet()) {
                out.append(comma);
                quote(out, number.getKey());
                number(out.append(':'), number.getValue());
                comma = ",";
            }
            out.append("}}");
        }
        out.append("],\n\"range_test\":[");
        for (int i = 0; i < rangeTest.size(); i++) {
            Point point = rangeTest.get(i);
            number(out.append(i == 0 ? "\n" : ",\n").append("{\"rate\":"), point.rate());
            number(out.append(",\"loss\":"), point.loss());
            number(out.append(",\"smoothed\":"), point.smoothed());
            out.append('}');
        }
        return out.append("]}\n").toString();
    }

    private static void text(StringBuilder out, String name, String value) {
        quote(out.append(",\"").append(name).append("\":"), value);
    }

    private static void number(StringBuilder out, double value) {
        out.append(Double.isFinite(value) ? Double.toString(value) : "\"" + value + "\"");
    }

    private static void quote(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
