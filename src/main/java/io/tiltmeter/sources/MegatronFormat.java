package io.tiltmeter.sources;

import com.google.auto.service.AutoService;
import io.tiltmeter.model.Metric;
import io.tiltmeter.sources.MetricNames.Target;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Console lines of Megatron-LM and Megatron-DeepSpeed: {@code iteration N/ M | key: value | …}, with any prefix, and
 * {@code validation loss at iteration N | lm loss value: …}. Loss and elapsed time are means over the logging interval
 * ({@code step_span}); the other values of the line are those of its last step. An interval without a loss whose line
 * counts NaN iterations had no finite one: its loss is NaN.
 */
@AutoService(LogFormat.class)
public final class MegatronFormat implements LogFormat {
    private static final String ITERATION = "iteration ";
    private static final String VALIDATION = "validation loss at iteration ";
    private static final String NAN_ITERATIONS = "number of nan iterations";

    @Override
    public String id() {
        return "megatron";
    }

    @Override
    public String title() {
        return "Megatron-LM and Megatron-DeepSpeed console: iteration N/ M | lm loss: … | grad norm: …";
    }

    @Override
    public boolean beginsAnywhere() {
        return true;
    }

    @Override
    public int recognise(Sample sample) {
        for (String line : Samples.text(sample).lines().toList()) {
            if (line.indexOf('|') > 0 && header(line) != null) {
                return 95;
            }
        }
        return 0;
    }

    @Override
    public void read(LogFile file, RecordSink sink) throws IOException {
        Rejects rejects = new Rejects(file);
        RunAssembler runs = new RunAssembler(file, sink);
        NameCache names = new NameCache(file.names());
        try (BoundedLines lines = new BoundedLines(file, rejects)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                Header header = header(line);
                if (header != null) {
                    Row row = row(line, header, names, rejects, lines.number());
                    if (header.planned() > 0) {
                        runs.planned(header.planned());
                    }
                    runs.add(row);
                }
            }
        }
        runs.finish();
        rejects.handTo(sink);
    }

    /**
     * The beginning of an iteration's line.
     *
     * @param planned last step of the training, 0 in a validation's line
     * @param valuesAt where the values begin, just behind the first bar
     */
    private record Header(long step, long planned, int valuesAt, int startAt) {}

    private static @Nullable Header header(String line) {
        boolean validation = false;
        int start = line.indexOf(VALIDATION);
        int at;
        if (start >= 0) {
            validation = true;
            at = start + VALIDATION.length();
        } else {
            start = line.indexOf(ITERATION);
            at = start + ITERATION.length();
        }
        int bar = start < 0 ? -1 : line.indexOf('|', at);
        if (bar < 0) {
            return null;
        }
        String place = line.substring(at, bar).strip();
        int slash = place.indexOf('/');
        Long step = digits(slash < 0 ? place : place.substring(0, slash));
        Long planned = slash < 0 ? (validation ? (Long) 0L : null) : digits(place.substring(slash + 1));
        return step == null || planned == null ? null : new Header(step, planned, bar + 1, start);
    }

    private static @Nullable Long digits(String text) {
        String word = text.strip();
        boolean number = !word.isEmpty() && word.length() <= 18 && word.chars().allMatch(c -> c >= '0' && c <= '9');
        return number ? (Long) Long.parseLong(word) : null;
    }

    private static Row row(String line, Header header, NameCache names, Rejects rejects, long lineNumber) {
        Row row = new Row(header.step());
        row.mean = header.planned() > 0;
        row.timeMicros = time(line, header.startAt());
        double nanIterations = 0;
        int from = header.valuesAt();
        while (from < line.length()) {
            int bar = line.indexOf('|', from);
            int end = bar < 0 ? line.length() : bar;
            int colon = line.lastIndexOf(':', end - 1);
            if (colon > from) {
                String name = line.substring(from, colon).strip();
                String word = line.substring(colon + 1, end).strip();
                if (Texts.isNumber(word)) {
                    double value = Texts.number(word);
                    Target target = names.of(name);
                    nanIterations = name.equals(NAN_ITERATIONS) ? value : nanIterations;
                    row.put(name, target, value);
                } else {
                    rejects.warn(
                            lineNumber,
                            "Value of '" + Texts.clean(name, 60) + "' is '" + Texts.clean(word, 40)
                                    + "' but must be a number; the rest of the line was read");
                }
            } else if (end > from && !line.substring(from, end).isBlank()) {
                rejects.warn(lineNumber, "Line is cut off within a name; the rest of it was read");
            }
            from = end + 1;
        }
        if (nanIterations > 0 && !row.values.has(Metric.LOSS)) {
            row.values.set(Metric.LOSS, Double.NaN);
        }
        return row;
    }

    /** Time in brackets before the iteration, as {@code [2024-05-01 12:00:00]}, taken as UTC; null without one. */
    private static @Nullable Long time(String line, int before) {
        int open = line.indexOf('[');
        while (open >= 0 && open < before) {
            int close = line.indexOf(']', open);
            if (close < 0) {
                return null;
            }
            Long time = close - open >= 20 ? Texts.timeMicros(line.substring(open + 1, close)) : null;
            if (time != null) {
                return time;
            }
            open = line.indexOf('[', close);
        }
        return null;
    }
}
