package io.tiltmeter.sources;

import com.google.auto.service.AutoService;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.sources.MetricNames.Role;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A table with a row a value: {@code step,metric,value}, with {@code run}, {@code rank} and {@code time} where there are
 * any. It may be ordered by step or by metric.
 */
@AutoService(LogFormat.class)
public final class LongCsvFormat implements LogFormat {
    private static final Set<String> METRIC = Set.of("metric", "name", "key", "tag", "metric_name");
    private static final Set<String> VALUE = Set.of("value", "metric_value");

    @Override
    public String id() {
        return "csv-long";
    }

    @Override
    public String title() {
        return "CSV, a row a value: run,step,metric,value";
    }

    /** Columns by their place; -1 without one. */
    private record Columns(int run, int step, int metric, int value, int worker, int time) {
        static @Nullable Columns of(List<String> header, MetricNames names) {
            int[] at = {-1, -1, -1, -1, -1, -1};
            for (int i = 0; i < header.size(); i++) {
                String key = MetricNames.normalise(header.get(i));
                Role role = names.resolve(header.get(i)).role();
                int slot = METRIC.contains(key) ? 2 : VALUE.contains(key) ? 3 : slot(role);
                if (slot >= 0 && at[slot] < 0) {
                    at[slot] = i;
                }
            }
            return at[1] < 0 || at[2] < 0 || at[3] < 0 ? null : new Columns(at[0], at[1], at[2], at[3], at[4], at[5]);
        }
    }

    private static int slot(Role role) {
        return switch (role) {
            case RUN -> 0;
            case STEP -> 1;
            case WORKER -> 4;
            case TIME -> 5;
            default -> -1;
        };
    }

    @Override
    public int recognise(Sample sample) {
        CsvSample table = CsvSample.of(sample);
        return table != null && Columns.of(table.header(), sample.names()) != null ? 90 : 0;
    }

    @Override
    public void read(LogFile file, RecordSink sink) throws IOException {
        Rejects rejects = new Rejects(file);
        RunAssembler runs = new RunAssembler(file, sink);
        NameCache names = new NameCache(file.names());
        try (CsvRows rows = new CsvRows(file, rejects)) {
            Columns columns = Columns.of(rows.header(), file.names());
            if (columns == null) {
                throw new UnreadableFileException("Table '" + file.path() + "' has columns "
                        + Texts.clean(String.join(", ", rows.header()), 200) + " but needs step, metric and value");
            }
            Value held = null;
            Boolean byMetric = null;
            for (List<String> cells = rows.next(); cells != null; cells = rows.next()) {
                Value value = value(cells, columns, names, rejects, rows.number());
                if (value == null) {
                    continue;
                }
                if (byMetric == null && held == null) {
                    held = value;
                    continue;
                }
                if (held != null) {
                    // The second row tells the order: the same step again, or already another.
                    byMetric = !held.sharesStep(value);
                    held.addTo(runs, byMetric);
                    held = null;
                }
                value.addTo(runs, Boolean.TRUE.equals(byMetric));
            }
            if (held != null) {
                held.addTo(runs, false);
            }
        }
        runs.finish();
        rejects.handTo(sink);
    }

    private record Value(String run, int worker, String metric, Row row) {
        boolean sharesStep(Value other) {
            return run.equals(other.run) && worker == other.worker && row.step == other.row.step;
        }

        void addTo(RunAssembler runs, boolean byMetric) throws UnreadableFileException {
            runs.add(run, worker, byMetric ? metric : "", row);
        }
    }

    private static @Nullable Value value(
            List<String> cells, Columns columns, NameCache names, Rejects rejects, long line) {
        Long step = CsvCells.step(cells.get(columns.step()).strip());
        String number = cells.get(columns.value()).strip();
        if (step != null && CsvCells.isAbsent(number)) {
            return null;
        }
        if (step == null || !Texts.isNumber(number)) {
            rejects.reject(line, "Row must have a step and a value that are numbers");
            return null;
        }
        String metric = cells.get(columns.metric()).strip();
        Row row = new Row(step);
        row.timeMicros = columns.time() < 0
                ? null
                : CsvCells.time(cells.get(columns.time()).strip());
        row.put(metric, names.of(metric), Texts.number(number));
        return new Value(
                columns.run() < 0 ? "" : cells.get(columns.run()).strip(),
                columns.worker() < 0
                        ? StepRecord.NO_WORKER
                        : CsvCells.worker(cells.get(columns.worker()).strip()),
                metric,
                row);
    }
}
