package io.tiltmeter.sources;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.sources.MetricNames.Role;
import io.tiltmeter.sources.MetricNames.Target;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.ObjDoubleConsumer;
import org.jspecify.annotations.Nullable;

/** Reads JSON objects that describe one point each. */
final class JsonRows {
    private static final int MAX_DEPTH = 8;
    private static final int MAX_FIELDS = 2000;
    private static final Set<String> HELD_OUT =
            Set.of("val", "valid", "validation", "eval", "evaluation", "test", "dev");

    private record Value(String foreign, Target target, double value) {}

    /** One object. */
    static final class Line {
        private final List<Value> values = new ArrayList<>();
        private @Nullable Long step;
        private @Nullable Long timeMicros;
        private int worker = StepRecord.NO_WORKER;
        private String run = "";
        private boolean heldOut;

        @Nullable
        Long step() {
            return step;
        }

        int worker() {
            return worker;
        }

        String run() {
            return run;
        }

        /** Whether the object has a field of this name. */
        boolean has(String foreign) {
            return values.stream().anyMatch(value -> value.foreign().equals(foreign));
        }

        /** Hands over every value that belongs to the point. */
        void forEach(ObjDoubleConsumer<String> action) {
            values.forEach(value -> action.accept(value.foreign(), value.value()));
        }

        /** The object's values as a row of the given step. */
        Row row(long atStep) {
            Row row = new Row(atStep);
            row.timeMicros = timeMicros;
            for (Value value : values) {
                Target target = value.target();
                if (heldOut && target.metric() == Metric.LOSS) {
                    target = new Target(Role.METRIC, Metric.EVAL_LOSS, Metric.EVAL_LOSS.column(), 1);
                }
                row.put(value.foreign(), target, value.value());
            }
            return row;
        }
    }

    private JsonRows() {}

    /**
     * The single object in the text.
     *
     * @throws IOException if the text is anything else
     */
    static Line line(String text, NameCache names) throws IOException {
        try (JsonParser parser = Json.FACTORY.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("Line is not a JSON object");
            }
            Line line = object(parser, names);
            if (parser.nextToken() != null) {
                throw new IOException("Line goes on after its JSON object");
            }
            return line;
        }
    }

    /** The object at the parser, which stands at its start and then at its end. */
    static Line object(JsonParser parser, NameCache names) throws IOException {
        Line line = new Line();
        fields(parser, "", 0, names, line);
        return line;
    }

    private static void fields(JsonParser parser, String prefix, int depth, NameCache names, Line line)
            throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = prefix.isEmpty() ? parser.currentName() : prefix + parser.currentName();
            JsonToken token = parser.nextToken();
            if (token == null) {
                throw new IOException("JSON object is cut off");
            }
            if (token == JsonToken.START_OBJECT && depth < MAX_DEPTH) {
                fields(parser, name + '/', depth + 1, names, line);
            } else if (token.isStructStart()) {
                parser.skipChildren();
            } else if (token != JsonToken.VALUE_NULL && line.values.size() < MAX_FIELDS) {
                field(parser, name, names.of(name), line);
            }
        }
    }

    private static void field(JsonParser parser, String name, Target target, Line line) throws IOException {
        Double value = Json.number(parser);
        switch (target.role()) {
            case STEP -> {
                if (line.step == null && value != null) {
                    line.step = Row.step(value);
                }
            }
            case TIME -> {
                Long time = Texts.timeMicros(parser.getText());
                if (time != null) {
                    line.timeMicros = line.timeMicros == null ? time : line.timeMicros;
                } else if (value != null) {
                    // A duration that is called like a time of day.
                    line.values.add(new Value(name, new Target(Role.OTHER, null, name, 1), value));
                }
            }
            case WORKER -> {
                if (value != null && value >= 0 && value <= Integer.MAX_VALUE) {
                    line.worker = (int) (double) value;
                }
            }
            case RUN -> line.run = Texts.clean(parser.getText(), 500);
            case SPLIT -> line.heldOut = HELD_OUT.contains(parser.getText().toLowerCase(Locale.ROOT));
            case IGNORED -> {}
            case CUMULATIVE_SECONDS, METRIC, OTHER -> {
                if (value != null) {
                    line.values.add(new Value(name, target, value));
                }
            }
        }
    }
}
