package io.tiltmeter.sources;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Joins series of one run and worker by step and hands the rows on in order. */
final class SeriesTable {
    private final List<Series> series = new ArrayList<>();

    void add(Series column) {
        series.add(column);
    }

    /** Length of the longest series. */
    int longest() {
        return series.stream().mapToInt(Series::size).max().orElse(0);
    }

    /**
     * Hands all rows to the assembler.
     *
     * @param timesMicros time of each step, which then is an ordinal, or null
     */
    void handTo(RunAssembler runs, String label, int worker, long @Nullable [] timesMicros)
            throws UnreadableFileException {
        series.forEach(Series::sort);
        int[] cursor = new int[series.size()];
        while (true) {
            long step = Long.MAX_VALUE;
            for (int i = 0; i < cursor.length; i++) {
                if (cursor[i] < series.get(i).size()) {
                    step = Math.min(step, series.get(i).step(cursor[i]));
                }
            }
            if (step == Long.MAX_VALUE) {
                return;
            }
            Row row = new Row(step);
            if (timesMicros != null && step < timesMicros.length) {
                row.timeMicros = timesMicros[(int) step];
            }
            for (int i = 0; i < cursor.length; i++) {
                Series column = series.get(i);
                // One point a row: a step repeated within a series comes again in the next row.
                if (cursor[i] < column.size() && column.step(cursor[i]) == step) {
                    row.put(column.foreign, column.target, column.value(cursor[i]++));
                }
            }
            runs.add(label, worker, "", row);
        }
    }
}
