package io.tiltmeter.sources;

import io.tiltmeter.model.StepRecord;
import org.jspecify.annotations.Nullable;

/** What cells of tables mean. */
final class CsvCells {
    private CsvCells() {}

    /** Whether the cell says that there is no value; {@code nan} is one. */
    static boolean isAbsent(String cell) {
        return cell.isEmpty() || cell.equals("None") || cell.equals("null") || cell.equals("NULL") || cell.equals("-");
    }

    /** The step, or null if the cell holds none. */
    static @Nullable Long step(String cell) {
        return Texts.isNumber(cell) ? Row.step(Texts.number(cell)) : null;
    }

    /** The worker, or {@link StepRecord#NO_WORKER} if the cell holds none. */
    static int worker(String cell) {
        Long worker = Runs.wholeNumber(cell);
        return worker != null && worker >= 0 && worker <= Integer.MAX_VALUE
                ? (int) (long) worker
                : StepRecord.NO_WORKER;
    }

    /** Microseconds since the epoch, or null if the cell holds no such time. */
    static @Nullable Long time(String cell) {
        return Texts.timeMicros(cell);
    }
}
