package io.tiltmeter.sources;

import com.google.auto.service.AutoService;
import io.tiltmeter.model.Metric;
import java.io.IOException;
import java.util.List;

/**
 * One JSON object a line, as {@code {"step": 10, "train_loss": 3.2, "lr": 1e-3, "step_time_ms": 310}}. Nested objects
 * are named with slashes. Without a step the lines are counted; a {@code rank} makes the values those of a worker, a
 * {@code run} several runs, and a {@code split} tells a loss of validation.
 */
@AutoService(LogFormat.class)
public final class JsonLinesFormat implements LogFormat {
    private static final int PROBED = 20;

    @Override
    public String id() {
        return "jsonl";
    }

    @Override
    public String title() {
        return "JSON lines: {\"step\": …, \"train_loss\": …, \"val_loss\": …, \"lr\": …, \"step_time_ms\": …}";
    }

    @Override
    public int recognise(Sample sample) {
        if (!Samples.beginsWith(sample, '{')) {
            return 0;
        }
        List<String> lines = Samples.lines(sample, PROBED);
        int points = 0;
        int steps = 0;
        int objects = 0;
        for (String line : lines) {
            JsonRows.Line parsed;
            try {
                parsed = JsonRows.line(line, new NameCache(sample.names()));
            } catch (IOException e) {
                continue;
            }
            objects++;
            Row row = parsed.row(0);
            steps += parsed.step() != null ? 1 : 0;
            points += row.values.has(Metric.LOSS)
                            || row.values.has(Metric.EVAL_LOSS)
                            || parsed.step() != null && !row.isEmpty()
                    ? 1
                    : 0;
        }
        // A single object on one line without a step is a summary or settings, no series.
        boolean series = objects >= 2 || steps > 0;
        return points > 0 && series && objects * 2 > lines.size() ? 85 : 0;
    }

    @Override
    public void read(LogFile file, RecordSink sink) throws IOException {
        Rejects rejects = new Rejects(file);
        RunAssembler runs = new RunAssembler(file, sink);
        NameCache names = new NameCache(file.names());
        Ordinals ordinals = new Ordinals();
        try (BoundedLines lines = new BoundedLines(file, rejects)) {
            for (String text = lines.next(); text != null; text = lines.next()) {
                if (text.isBlank()) {
                    continue;
                }
                JsonRows.Line line;
                try {
                    line = JsonRows.line(text, names);
                } catch (IOException e) {
                    rejects.reject(lines.number(), "Line is not a JSON object");
                    continue;
                }
                Long step = line.step();
                Row row = line.row(step != null ? step : 0);
                if (!row.isEmpty()) {
                    if (step == null) {
                        row = line.row(ordinals.next(line.run(), line.worker()));
                    }
                    runs.add(line.run(), line.worker(), "", row);
                }
            }
        }
        runs.finish();
        ordinals.warn(rejects);
        rejects.handTo(sink);
    }
}
