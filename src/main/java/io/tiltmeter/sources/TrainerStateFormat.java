package io.tiltmeter.sources;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.google.auto.service.AutoService;
import io.tiltmeter.model.Metric;
import java.io.IOException;

/**
 * State of the Hugging Face Trainer: an object with {@code log_history}, or the bare list of its entries. A logged loss
 * is the mean since the last one. The closing entry, which sums the training up ({@code train_runtime}), becomes
 * attributes of the run.
 */
@AutoService(LogFormat.class)
public final class TrainerStateFormat implements LogFormat {
    private static final String HISTORY = "log_history";
    private static final String SUMMARY = "train_runtime";

    @Override
    public String id() {
        return "hf-trainer";
    }

    @Override
    public String title() {
        return "Hugging Face trainer_state.json, and JSON lists of {step, loss, …}";
    }

    @Override
    public int recognise(Sample sample) {
        boolean list = Samples.beginsWith(sample, '[');
        if (!list && !Samples.beginsWith(sample, '{')) {
            return 0;
        }
        try (JsonParser parser = Samples.json(sample)) {
            if (list) {
                return parser.nextToken() == JsonToken.START_OBJECT && isPoint(parser, sample.names()) ? 80 : 0;
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean history = parser.currentName().equals(HISTORY);
                if (parser.nextToken() == JsonToken.START_ARRAY && history) {
                    return 95;
                }
                parser.skipChildren();
            }
        } catch (IOException e) {
            // A sample may end anywhere.
        }
        return 0;
    }

    private static boolean isPoint(JsonParser parser, MetricNames names) throws IOException {
        JsonRows.Line line = JsonRows.object(parser, new NameCache(names));
        Row row = line.row(0);
        return row.values.has(Metric.LOSS)
                || row.values.has(Metric.EVAL_LOSS)
                || line.step() != null && !row.values.isEmpty();
    }

    @Override
    public void read(LogFile file, RecordSink sink) throws IOException {
        Rejects rejects = new Rejects(file);
        RunAssembler runs = new RunAssembler(file, sink);
        NameCache names = new NameCache(file.names());
        Ordinals ordinals = new Ordinals();
        JsonFiles.read(file, rejects, parser -> {
            JsonToken first = parser.nextToken();
            if (first == JsonToken.START_ARRAY) {
                history(parser, names, runs, ordinals, rejects);
                return;
            }
            if (first != JsonToken.START_OBJECT) {
                throw new UnreadableFileException("Log '" + file.path() + "' begins with " + JsonFiles.name(first)
                        + " but must be a JSON object with '" + HISTORY + "'");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken token = parser.nextToken();
                if (name.equals(HISTORY) && token == JsonToken.START_ARRAY) {
                    history(parser, names, runs, ordinals, rejects);
                } else if (token.isScalarValue() && token != JsonToken.VALUE_NULL) {
                    runs.attribute(name, parser.getText());
                    Long steps = name.equals("max_steps") ? Runs.wholeNumber(parser.getText()) : null;
                    if (steps != null) {
                        runs.planned(steps);
                    }
                } else {
                    parser.skipChildren();
                }
            }
        });
        runs.finish();
        ordinals.warn(rejects);
        rejects.handTo(sink);
    }

    private static void history(
            JsonParser parser, NameCache names, RunAssembler runs, Ordinals ordinals, Rejects rejects)
            throws IOException {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                rejects.reject(parser.currentLocation().getLineNr(), "Entry of the history must be a JSON object");
                parser.skipChildren();
                continue;
            }
            JsonRows.Line line = JsonRows.object(parser, names);
            if (line.has(SUMMARY)) {
                line.forEach((name, value) -> runs.attribute(name, Double.toString(value)));
                continue;
            }
            Long step = line.step();
            Row row = line.row(step == null ? 0 : step);
            if (row.isEmpty()) {
                continue;
            }
            if (step == null) {
                row = line.row(ordinals.next(line.run(), line.worker()));
            }
            row.mean = row.values.has(Metric.LOSS);
            runs.add(line.run(), line.worker(), "", row);
        }
    }
}
