package io.tiltmeter.sources;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.google.auto.service.AutoService;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.sources.MetricNames.Role;
import io.tiltmeter.sources.MetricNames.Target;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * JSON of columns, each a list. Either the columns are metrics ({@code {"loss": […], "val_loss": […]}}), or they are
 * ranks ({@code {"event_time": […], "00": […], "01": […]}}); then they hold the one metric the file is named after, of
 * one worker each. Without a column of steps the points are numbered in order of time.
 */
@AutoService(LogFormat.class)
public final class JsonColumnsFormat implements LogFormat {

    @Override
    public String id() {
        return "json-columns";
    }

    @Override
    public String title() {
        return "JSON of lists: one a metric, or one a rank over event_time";
    }

    @Override
    public int recognise(Sample sample) {
        if (!Samples.beginsWith(sample, '{')) {
            return 0;
        }
        int ranks = 0;
        int metrics = 0;
        boolean ordered = false;
        try (JsonParser parser = Samples.json(sample)) {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                Target target = sample.names().resolve(name);
                if (parser.nextToken() == JsonToken.START_ARRAY
                        && parser.nextToken().isScalarValue()) {
                    ordered |= target.role() == Role.TIME || target.role() == Role.STEP;
                    metrics += target.role() == Role.METRIC ? 1 : 0;
                    ranks += rank(name) >= 0 ? 1 : 0;
                    while (parser.nextToken() != JsonToken.END_ARRAY) {
                        parser.skipChildren();
                    }
                } else if (parser.currentToken() != JsonToken.END_ARRAY) {
                    parser.skipChildren();
                }
            }
        } catch (IOException e) {
            // A sample may end anywhere.
        }
        return ordered && ranks >= 1 ? 90 : ranks == 0 && metrics >= 1 ? 80 : 0;
    }

    /** Values of a list; what is no number is absent, but keeps its place. */
    private record Column(String name, double[] values, BitSet present) {
        boolean has(int i) {
            return present.get(i);
        }
    }

    @Override
    public void read(LogFile file, RecordSink sink) throws IOException {
        Rejects rejects = new Rejects(file);
        RunAssembler runs = new RunAssembler(file, sink);
        List<Column> columns = new ArrayList<>();
        long[] points = new long[1];
        JsonFiles.read(file, rejects, parser -> {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new UnreadableFileException("Log '" + file.path() + "' begins with "
                        + JsonFiles.name(parser.currentToken()) + " but must be a JSON object of lists");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken token = parser.nextToken();
                if (token == JsonToken.START_ARRAY) {
                    columns.add(list(parser, name, points, rejects));
                } else if (token.isScalarValue() && token != JsonToken.VALUE_NULL) {
                    runs.attribute(name, parser.getText());
                } else {
                    parser.skipChildren();
                }
            }
        });
        tables(file, columns, rejects, runs);
        runs.finish();
        rejects.handTo(sink);
    }

    private static void tables(LogFile file, List<Column> columns, Rejects rejects, RunAssembler runs)
            throws UnreadableFileException {
        Column steps = null;
        Column times = null;
        for (Column column : columns) {
            Role role = file.names().resolve(column.name()).role();
            steps = role == Role.STEP && steps == null ? column : steps;
            times = role == Role.TIME && times == null ? column : times;
        }
        String metric = metricOf(file.path());
        int[] order = order(columns, steps == null ? times : null);
        Map<Integer, SeriesTable> tables = new TreeMap<>();
        for (Column column : columns) {
            int rank = steps != null || times != null ? rank(column.name()) : -1;
            String name = rank >= 0 ? metric : column.name();
            Target target = file.names().resolve(name);
            if (target.role() != Role.METRIC && target.role() != Role.OTHER) {
                continue;
            }
            Series series = new Series(name, target);
            for (int i = 0; i < order.length; i++) {
                int at = order[i];
                Long step = steps == null ? (Long) (long) i : steps.has(at) ? Row.step(steps.values()[at]) : null;
                if (column.has(at) && step != null) {
                    series.add(step, column.values()[at]);
                }
            }
            tables.computeIfAbsent(rank, key -> new SeriesTable()).add(series);
        }
        if (steps == null && !tables.isEmpty()) {
            rejects.warn(0, "Points have no step; they were numbered in order of time");
        }
        long[] micros = steps == null && times != null ? micros(times, order) : null;
        for (Map.Entry<Integer, SeriesTable> table : tables.entrySet()) {
            int worker = table.getKey() < 0 ? StepRecord.NO_WORKER : table.getKey();
            table.getValue().handTo(runs, "", worker, micros);
        }
    }

    private static Column list(JsonParser parser, String name, long[] points, Rejects rejects) throws IOException {
        double[] values = new double[64];
        BitSet present = new BitSet();
        int size = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            JsonFiles.count(points);
            if (size == values.length) {
                values = Arrays.copyOf(values, 2 * size);
            }
            Double value = Json.number(parser);
            if (value != null) {
                values[size] = value;
                present.set(size);
            } else if (parser.currentToken() == JsonToken.VALUE_STRING
                    && CsvCells.isAbsent(parser.getText().strip())) {
                rejects.warn(
                        parser.currentLocation().getLineNr(),
                        "Empty text stands for a number in a list; it was taken as not logged");
            } else if (parser.currentToken() != JsonToken.VALUE_NULL) {
                rejects.reject(
                        parser.currentLocation().getLineNr(),
                        "Value in list '" + Texts.clean(name, 60) + "' is " + JsonFiles.shown(parser)
                                + " but must be a number or null");
                parser.skipChildren();
            }
            size++;
        }
        return new Column(name, Arrays.copyOf(values, size), present);
    }

    /** Positions of the points in order of time, or as they stand. */
    private static int[] order(List<Column> columns, @Nullable Column times) {
        int longest = columns.stream()
                .mapToInt(column -> column.values().length)
                .max()
                .orElse(0);
        IntStream positions = IntStream.range(0, longest);
        return times == null
                ? positions.toArray()
                : positions
                        .filter(times::has)
                        .boxed()
                        .sorted(Comparator.comparingDouble(i -> times.values()[i]))
                        .mapToInt(i -> i)
                        .toArray();
    }

    /** Times in the given order, or null where they are no times of day. */
    private static long @Nullable [] micros(Column times, int[] order) {
        long[] micros = new long[order.length];
        for (int i = 0; i < order.length; i++) {
            Long time = Texts.epochMicros(times.values()[order[i]]);
            if (time == null) {
                return null;
            }
            micros[i] = time;
        }
        return micros;
    }

    /** The rank a column is named after ({@code 07}, {@code rank_7}, {@code worker7}), or -1. */
    private static int rank(String name) {
        String key = MetricNames.normalise(name);
        for (String prefix : List.of("rank", "worker", "gpu")) {
            if (key.startsWith(prefix)) {
                key = key.substring(prefix.length());
                key = key.startsWith("_") ? key.substring(1) : key;
                break;
            }
        }
        boolean digits = !key.isEmpty() && key.length() <= 9 && key.chars().allMatch(c -> c >= '0' && c <= '9');
        return digits ? Integer.parseInt(key) : -1;
    }

    /** The metric a file of ranks is named after, without words that only say that it is by rank. */
    private static String metricOf(String path) {
        String name = Texts.withoutExtension(Texts.fileName(path));
        return name.replaceFirst("^(?i)(?:(?:across|all|per|by|ranks?|workers?)[_ -])+", "");
    }
}
