package io.tiltmeter.correlate.mining;

import io.tiltmeter.correlate.RunSettings;
import io.tiltmeter.model.RunRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;

/**
 * How what is known of a run before it starts becomes numbers: a number as itself, or as its logarithm where all are
 * positive and span a factor of {@value #WIDE}, brought to mean 0 and variance 1; a text as one indicator for each of its
 * usual values; and for settings that some runs lack an indicator of that. Learned from runs, without their outcomes.
 *
 * @param columns in the order of the encoded vector
 * @param leaveOut names of settings to pass over
 */
public record RiskFeatures(List<Column> columns, List<String> leaveOut) {
    /** Most columns; of more, those of the settings that most runs have are kept. */
    public static final int MOST_COLUMNS = 100;

    private static final double WIDE = 100;
    /** Fewest runs that an indicator is 1 for, and 0 for: fewer cannot tell its effect. */
    private static final int FEWEST_RUNS = 5;
    /** Most values of one text that are told apart. */
    private static final int MOST_LEVELS = 20;

    public RiskFeatures {
        columns = List.copyOf(columns);
        leaveOut = List.copyOf(leaveOut);
    }

    /** What a column holds. */
    public enum Kind {
        /** (value − centre) / scale. */
        NUMBER,
        /** (ln value − centre) / scale. */
        LOGARITHM,
        /** 1 where the text is the level. */
        LEVEL,
        /** 1 where the setting is missing. */
        MISSING
    }

    /**
     * One column.
     *
     * @param level the text of a {@link Kind#LEVEL}, else empty
     */
    public record Column(String setting, Kind kind, String level, double centre, double scale) {
        /** What the column is about, for people. */
        public String text() {
            switch (kind) {
                case LEVEL:
                    return setting + "=" + level;
                case MISSING:
                    return setting + " not set";
                case LOGARITHM:
                    return "log " + setting;
                default:
                    return setting;
            }
        }

        /** Value of the column; a missing or unreadable number is the mean, 0. */
        double of(Map<String, String> settings) {
            String value = settings.get(setting);
            if (kind == Kind.MISSING) {
                return value == null ? 1 : 0;
            }
            if (kind == Kind.LEVEL) {
                return level.equals(value) ? 1 : 0;
            }
            OptionalDouble number = value == null ? OptionalDouble.empty() : RunSettings.number(value);
            if (number.isEmpty() || kind == Kind.LOGARITHM && number.getAsDouble() <= 0) {
                return 0;
            }
            double x = kind == Kind.LOGARITHM ? Math.log(number.getAsDouble()) : number.getAsDouble();
            return (x - centre) / scale;
        }
    }

    /** The columns that tell these runs apart. */
    public static RiskFeatures learn(List<RunRecord> runs, Set<String> leaveOut) {
        Map<String, List<String>> values = new TreeMap<>();
        runs.forEach(run -> Attributes.of(run, leaveOut)
                .forEach((name, value) ->
                        values.computeIfAbsent(name, n -> new ArrayList<>()).add(value)));
        List<Column> columns = new ArrayList<>();
        values.entrySet().stream()
                .sorted((a, b) -> {
                    int most = Integer.compare(b.getValue().size(), a.getValue().size());
                    return most != 0 ? most : a.getKey().compareTo(b.getKey());
                })
                .forEach(setting -> columns.addAll(columns(setting.getKey(), setting.getValue(), runs.size())));
        return new RiskFeatures(
                columns.subList(0, Math.min(MOST_COLUMNS, columns.size())),
                leaveOut.stream().sorted().toList());
    }

    private static List<Column> columns(String setting, List<String> values, int runs) {
        List<Column> columns = new ArrayList<>();
        double[] numbers = values.stream()
                .map(RunSettings::number)
                .filter(OptionalDouble::isPresent)
                .mapToDouble(OptionalDouble::getAsDouble)
                .sorted()
                .toArray();
        boolean numeric = numbers.length == values.size();
        if (numeric && numbers[0] < numbers[numbers.length - 1]) {
            columns.add(number(setting, numbers));
        } else if (!numeric) {
            Map<String, Integer> counts = new HashMap<>();
            values.forEach(value -> counts.merge(value, 1, Integer::sum));
            counts.entrySet().stream()
                    .filter(level -> level.getValue() >= FEWEST_RUNS && runs - level.getValue() >= FEWEST_RUNS)
                    .sorted(Map.Entry.<String, Integer>comparingByValue()
                            .reversed()
                            .thenComparing(Map.Entry.comparingByKey()))
                    .limit(MOST_LEVELS)
                    .forEach(level -> columns.add(new Column(setting, Kind.LEVEL, level.getKey(), 0, 1)));
        }
        int missing = runs - values.size();
        if (missing >= FEWEST_RUNS && values.size() >= FEWEST_RUNS) {
            columns.add(new Column(setting, Kind.MISSING, "", 0, 1));
        }
        return columns;
    }

    private static Column number(String setting, double[] sorted) {
        boolean logarithm = sorted[0] > 0 && sorted[sorted.length - 1] / sorted[0] >= WIDE;
        double mean = 0;
        for (double value : sorted) {
            mean += (logarithm ? Math.log(value) : value) / sorted.length;
        }
        double squares = 0;
        for (double value : sorted) {
            double difference = (logarithm ? Math.log(value) : value) - mean;
            squares += difference * difference / sorted.length;
        }
        return new Column(setting, logarithm ? Kind.LOGARITHM : Kind.NUMBER, "", mean, Math.sqrt(squares));
    }

    /** The run as a vector; what the runs learned from did not have is passed over. */
    public double[] encode(RunRecord run) {
        Map<String, String> settings = Attributes.of(run, Set.copyOf(leaveOut));
        return columns.stream().mapToDouble(column -> column.of(settings)).toArray();
    }

    /** Settings of the run that the columns are about: without any, an encoded run says nothing. */
    public int known(RunRecord run) {
        Set<String> known = new HashSet<>();
        columns.forEach(column -> known.add(column.setting()));
        known.retainAll(Attributes.of(run, Set.copyOf(leaveOut)).keySet());
        return known.size();
    }
}
