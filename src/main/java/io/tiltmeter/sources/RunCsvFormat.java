package io.tiltmeter.sources;

import com.google.auto.service.AutoService;
import io.tiltmeter.model.StepRecord;
import io.tiltmeter.sources.MetricNames.Role;
import io.tiltmeter.sources.MetricNames.Target;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A table with a row a run, whose cells hold lists: {@code seed,train_loss,val_loss} with {@code [6.4, 6.0, …]}. Columns
 * {@code train_losses_1 … train_losses_N} are the same metric of N trials, each a run of its own. The rows of a file are
 * one experiment, so the file is their project. The other cells become attributes of the run. Without a list of steps the longest list's places are the steps, from 0; a shorter list (the
 * losses of validation) covers the same training, so its points are spread evenly over the longest, the last on the
 * last. Cumulative times give step times only where there are steps; else they stay as they are.
 */
@AutoService(LogFormat.class)
public final class RunCsvFormat implements LogFormat {
    private static final Set<String> SEEDS = Set.of("seeds", "seed_list");

    @Override
    public String id() {
        return "csv-runs";
    }

    @Override
    public String title() {
        return "CSV, a row a run, with lists in its cells: seed,train_loss,val_loss";
    }

    @Override
    public int recognise(Sample sample) {
        CsvSample table = CsvSample.of(sample);
        if (table == null) {
            return 0;
        }
        for (int i = 0; i < table.firstRow().size(); i++) {
            boolean series = isSeries(
                    sample.names().resolve(Column.of(table.header().get(i)).name()));
            if (series && isList(table.firstRow().get(i))) {
                return 85;
            }
        }
        return 0;
    }

    /** A column, and the trial it is of; 0 where all trials share it. */
    private record Column(String name, int trial) {
        static Column of(String header) {
            int cut = header.lastIndexOf('_');
            String number = header.substring(cut + 1);
            boolean numbered = cut > 0
                    && !number.isEmpty()
                    && number.length() <= 6
                    && number.chars().allMatch(c -> c >= '0' && c <= '9');
            return numbered ? new Column(header.substring(0, cut), Integer.parseInt(number)) : new Column(header, 0);
        }
    }

    @Override
    public void read(LogFile file, RecordSink sink) throws IOException {
        Rejects rejects = new Rejects(file);
        boolean ordinals = false;
        long rowsRead = 0;
        try (CsvRows rows = new CsvRows(file, rejects)) {
            List<Column> columns = new ArrayList<>();
            List<Target> targets = new ArrayList<>();
            for (String name : rows.header()) {
                Column column = Column.of(name);
                columns.add(column);
                targets.add(file.names().resolve(column.name()));
            }
            for (List<String> cells = rows.next(); cells != null; cells = rows.next()) {
                rowsRead++;
                ordinals |= read(file, sink, rejects, rows, cells, columns, targets, rowsRead);
            }
        }
        if (rowsRead == 0) {
            new RunAssembler(file, file.runId(), sink).finish();
        }
        if (ordinals) {
            rejects.warn(0, "Lists have no steps; their points were numbered, the longest list's from 0");
        }
        rejects.handTo(sink);
    }

    /** Reads a row; whether its points had to be numbered. */
    private static boolean read(
            LogFile file,
            RecordSink sink,
            Rejects rejects,
            CsvRows rows,
            List<String> cells,
            List<Column> columns,
            List<Target> targets,
            long rowNumber)
            throws IOException {
        Map<Integer, List<Series>> trials = new TreeMap<>();
        Map<String, String> attributes = new HashMap<>();
        Series seeds = null;
        for (int i = 0; i < cells.size(); i++) {
            String cell = cells.get(i).strip();
            Column column = columns.get(i);
            if (!isList(cell)) {
                if (!CsvCells.isAbsent(cell) && attributes.size() < ConfigFiles.MAX_KEYS) {
                    attributes.put(Texts.clean(rows.header().get(i), 200), Texts.clean(cell, ConfigFiles.MAX_VALUE));
                }
                continue;
            }
            Series list = list(cell, column.name(), targets.get(i));
            if (list == null) {
                rejects.warn(
                        rows.number(),
                        "List in column '" + Texts.clean(rows.header().get(i), 60)
                                + "' must hold numbers only; the rest of the row was read");
            } else if (SEEDS.contains(column.name())) {
                seeds = list;
            } else {
                trials.computeIfAbsent(column.trial(), key -> new ArrayList<>()).add(list);
            }
        }
        List<Series> shared = trials.getOrDefault(0, List.of());
        boolean several = trials.keySet().stream().anyMatch(trial -> trial > 0);
        if (trials.isEmpty()) {
            trials.put(0, List.of());
        }
        boolean ordinals = false;
        for (Map.Entry<Integer, List<Series>> trial : trials.entrySet()) {
            int number = trial.getKey();
            if (several && number == 0) {
                continue;
            }
            List<Series> lists = new ArrayList<>(trial.getValue());
            if (number > 0) {
                lists.addAll(shared);
            }
            RunAssembler runs = new RunAssembler(file, file.runId(), sink);
            String label = "row-" + rowNumber + (number > 0 ? "/trial-" + number : "");
            runs.describe(label, seed(attributes, seeds, number), attributes);
            ordinals |= numbered(lists).handTo(runs, label);
            runs.finish();
        }
        return ordinals;
    }

    private static @Nullable Long seed(Map<String, String> attributes, @Nullable Series seeds, int trial) {
        int at = Math.max(0, trial - 1);
        return seeds != null && at < seeds.size()
                ? (Long) (long) seeds.value(at)
                : Runs.wholeNumber(attributes.get("seed"));
    }

    private record Numbered(SeriesTable table, boolean ordinals) {
        boolean handTo(RunAssembler runs, String label) throws UnreadableFileException {
            table.handTo(runs, label, StepRecord.NO_WORKER, null);
            return ordinals;
        }
    }

    /** Gives the points of the lists their steps. */
    private static Numbered numbered(List<Series> lists) {
        Series steps = null;
        int longest = 0;
        for (Series list : lists) {
            if (list.target.role() == Role.STEP && steps == null) {
                steps = list;
            }
            longest = Math.max(longest, list.size());
        }
        SeriesTable table = new SeriesTable();
        for (Series list : lists) {
            if (!isSeries(list.target)) {
                continue;
            }
            boolean stepped = steps != null && steps.size() == list.size();
            boolean elapsed = list.target.role() == Role.CUMULATIVE_SECONDS && !stepped;
            Target target = elapsed ? new Target(Role.OTHER, null, list.foreign, list.target.factor()) : list.target;
            Series placed = new Series(list.foreign, target);
            for (int i = 0; i < list.size(); i++) {
                Long step = stepped && steps != null
                        ? Row.step(steps.value(i))
                        : (Long) ((i + 1L) * longest / list.size() - 1);
                if (step != null) {
                    placed.add(step, list.value(i));
                }
            }
            table.add(placed);
        }
        return new Numbered(table, steps == null && longest > 0);
    }

    private static boolean isSeries(Target target) {
        return target.role() == Role.METRIC || target.role() == Role.OTHER || target.role() == Role.CUMULATIVE_SECONDS;
    }

    private static boolean isList(String cell) {
        return cell.length() >= 2 && cell.charAt(0) == '[' && cell.charAt(cell.length() - 1) == ']';
    }

    /** The numbers of a list as Python writes it, {@code None} left out; null if there is anything else in it. */
    private static @Nullable Series list(String cell, String name, Target target) {
        Series series = new Series(name, target);
        int end = cell.length() - 1;
        for (int at = 1; at < end; ) {
            int comma = cell.indexOf(',', at);
            int stop = comma < 0 || comma > end ? end : comma;
            String word = cell.substring(at, stop).strip();
            if (Texts.isNumber(word)) {
                series.add(series.size(), Texts.number(word));
            } else if (!word.isEmpty() && !CsvCells.isAbsent(word)) {
                return null;
            }
            at = stop + 1;
        }
        return series;
    }
}
