package io.tiltmeter.sources;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.google.auto.service.AutoService;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.sources.MetricNames.Role;
import java.io.IOException;
import java.util.Set;

/**
 * JSON that holds each metric as {@code {"start_step": 1, "step_interval": 1, "values": {"1": 10.3}}}, values also as a
 * list (Megatron-LM's golden values). NaN before a metric's first number is a step that was not logged (a resumed run's
 * first half); NaN behind it is what was measured.
 */
@AutoService(LogFormat.class)
public final class MetricObjectsFormat implements LogFormat {
    private static final Set<String> FIELDS = Set.of("start_step", "end_step", "step_interval", "values");

    @Override
    public String id() {
        return "metric-objects";
    }

    @Override
    public String title() {
        return "JSON of {metric: {start_step, step_interval, values}} (Megatron-LM golden values)";
    }

    @Override
    public int recognise(Sample sample) {
        if (!Samples.beginsWith(sample, '{')) {
            return 0;
        }
        int found = 0;
        try (JsonParser parser = Samples.json(sample)) {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                if (parser.nextToken() != JsonToken.START_OBJECT) {
                    parser.skipChildren();
                    continue;
                }
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String field = parser.currentName();
                    JsonToken token = parser.nextToken();
                    if (field.equals("values") && token.isStructStart()) {
                        return 95;
                    }
                    found += FIELDS.contains(field) ? 1 : 0;
                    parser.skipChildren();
                }
                if (found == 0) {
                    return 0;
                }
            }
        } catch (IOException e) {
            // A sample may end anywhere.
        }
        return found >= 2 ? 60 : 0;
    }

    @Override
    public void read(LogFile file, RecordSink sink) throws IOException {
        Rejects rejects = new Rejects(file);
        RunAssembler runs = new RunAssembler(file, sink);
        SeriesTable table = new SeriesTable();
        long[] points = new long[1];
        JsonFiles.read(file, rejects, parser -> {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new UnreadableFileException("Log '" + file.path() + "' begins with "
                        + JsonFiles.name(parser.currentToken()) + " but must be a JSON object of metrics");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken token = parser.nextToken();
                if (token == JsonToken.START_OBJECT) {
                    Series series = new Series(name, file.names().resolve(name));
                    // What was read of a metric that is cut off counts, too.
                    if (series.target.role() == Role.METRIC || series.target.role() == Role.OTHER) {
                        table.add(series);
                        metric(parser, series, points, rejects);
                    } else {
                        parser.skipChildren();
                    }
                } else if (token.isScalarValue() && token != JsonToken.VALUE_NULL) {
                    runs.attribute(name, parser.getText());
                } else {
                    parser.skipChildren();
                }
            }
        });
        table.handTo(runs, "", StepRecord.NO_WORKER, null);
        runs.finish();
        rejects.handTo(sink);
    }

    private static void metric(JsonParser parser, Series series, long[] points, Rejects rejects) throws IOException {
        long start = 0;
        long interval = 1;
        Series list = new Series(series.foreign, series.target);
        try {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken token = parser.nextToken();
                Double number = Json.number(parser);
                Long whole = number == null ? null : Row.step(number);
                if (field.equals("start_step") && whole != null) {
                    start = whole;
                } else if (field.equals("step_interval") && whole != null && whole >= 1) {
                    interval = whole;
                } else if (field.equals("values") && token == JsonToken.START_OBJECT) {
                    byStep(parser, series, points, rejects);
                } else if (field.equals("values") && token == JsonToken.START_ARRAY) {
                    for (long i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
                        value(parser, list, i, points, rejects);
                    }
                } else {
                    parser.skipChildren();
                }
            }
        } finally {
            for (int i = 0; i < list.size(); i++) {
                // In double, so that a hostile interval does not overflow.
                Long step = Row.step(start + (double) list.step(i) * interval);
                if (step != null) {
                    series.add(step, list.value(i));
                }
            }
            series.sort();
            series.dropMissing();
        }
    }

    private static void byStep(JsonParser parser, Series series, long[] points, Rejects rejects) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            Long step = CsvCells.step(parser.currentName());
            parser.nextToken();
            if (step == null) {
                rejects.reject(
                        parser.currentLocation().getLineNr(),
                        "Step of metric '" + Texts.clean(series.foreign, 60)
                                + "' must be a whole number that is not negative");
                parser.skipChildren();
            } else {
                value(parser, series, step, points, rejects);
            }
        }
    }

    private static void value(JsonParser parser, Series series, long step, long[] points, Rejects rejects)
            throws IOException {
        Double value = Json.number(parser);
        if (value != null) {
            JsonFiles.count(points);
            series.add(step, value);
        } else if (parser.currentToken() != JsonToken.VALUE_NULL) {
            rejects.reject(
                    parser.currentLocation().getLineNr(),
                    "Value of metric '" + Texts.clean(series.foreign, 60) + "' must be a number");
            parser.skipChildren();
        }
    }
}
