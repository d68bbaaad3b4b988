package io.tiltmeter.sources;

import com.google.auto.service.AutoService;
import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.sources.MetricNames.Role;
import io.tiltmeter.sources.MetricNames.Target;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A table with a row a step and a column a metric. Empty cells are not logged. A column {@code run} holds several runs,
 * {@code rank} several workers; without {@code step} the rows are numbered.
 */
@AutoService(LogFormat.class)
public final class WideCsvFormat implements LogFormat {

    @Override
    public String id() {
        return "csv-wide";
    }

    @Override
    public String title() {
        return "CSV, a row a step and a column a metric: step,train_loss,val_loss,lr";
    }

    @Override
    public int recognise(Sample sample) {
        CsvSample table = CsvSample.of(sample);
        if (table == null) {
            return 0;
        }
        boolean step = false;
        boolean loss = false;
        boolean value = false;
        for (int i = 0; i < table.header().size(); i++) {
            Target target = sample.names().resolve(table.header().get(i));
            boolean number = i < table.firstRow().size()
                    && (table.firstRow().get(i).isEmpty()
                            || Texts.isNumber(table.firstRow().get(i)));
            step |= target.role() == Role.STEP && number;
            loss |= (target.metric() == Metric.LOSS || target.metric() == Metric.EVAL_LOSS) && number;
            value |= (target.role() == Role.METRIC || target.role() == Role.OTHER) && number;
        }
        return step && loss ? 75 : step && value || loss ? 50 : 0;
    }

    @Override
    public void read(LogFile file, RecordSink sink) throws IOException {
        Rejects rejects = new Rejects(file);
        RunAssembler runs = new RunAssembler(file, sink);
        Ordinals ordinals = new Ordinals();
        try (CsvRows rows = new CsvRows(file, rejects)) {
            List<String> header = rows.header();
            List<Target> targets = new ArrayList<>();
            for (String name : header) {
                targets.add(file.names().resolve(name));
            }
            boolean stepped = targets.stream().anyMatch(target -> target.role() == Role.STEP);
            for (List<String> cells = rows.next(); cells != null; cells = rows.next()) {
                read(cells, header, targets, stepped, runs, ordinals, rejects, rows.number());
            }
        }
        runs.finish();
        ordinals.warn(rejects);
        rejects.handTo(sink);
    }

    private static void read(
            List<String> cells,
            List<String> header,
            List<Target> targets,
            boolean stepped,
            RunAssembler runs,
            Ordinals ordinals,
            Rejects rejects,
            long line)
            throws UnreadableFileException {
        String run = "";
        int worker = StepRecord.NO_WORKER;
        Long step = null;
        Long time = null;
        for (int i = 0; i < cells.size(); i++) {
            String cell = cells.get(i).strip();
            switch (targets.get(i).role()) {
                case RUN -> run = cell;
                case WORKER -> worker = CsvCells.worker(cell);
                case STEP -> step = step == null ? CsvCells.step(cell) : step;
                case TIME -> time = time == null ? CsvCells.time(cell) : time;
                default -> {}
            }
        }
        if (stepped && step == null) {
            rejects.reject(line, "Step of the row must be a whole number that is not negative");
            return;
        }
        Row row = new Row(step == null ? ordinals.next(run, worker) : step);
        row.timeMicros = time;
        for (int i = 0; i < cells.size(); i++) {
            Role role = targets.get(i).role();
            String cell = cells.get(i).strip();
            if (CsvCells.isAbsent(cell) || role == Role.IGNORED) {
                continue;
            }
            if (Texts.isNumber(cell)) {
                row.put(header.get(i), targets.get(i), Texts.number(cell));
            } else if (role == Role.METRIC) {
                rejects.warn(
                        line,
                        "Value of '" + Texts.clean(header.get(i), 60).toLowerCase(Locale.ROOT)
                                + "' must be a number; the rest of the row was read");
            }
        }
        if (!row.isEmpty()) {
            runs.add(run, worker, "", row);
        }
    }
}
