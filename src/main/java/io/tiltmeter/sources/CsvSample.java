package io.tiltmeter.sources;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The beginning of a table: its header and the first cells of its first row, which may be longer than the sample.
 *
 * @param firstRow as far as the sample goes; only cells that are complete
 */
record CsvSample(List<String> header, List<String> firstRow) {

    /** The table in the sample, or null if it does not look like one. */
    static @Nullable CsvSample of(Sample sample) {
        String text = Samples.text(sample);
        int headerEnd = text.indexOf('\n');
        if (headerEnd <= 0 || Samples.beginsWith(sample, '{') || Samples.beginsWith(sample, '[')) {
            return null;
        }
        String headerLine = text.substring(0, headerEnd).strip();
        char separator = CsvRows.separator(headerLine);
        List<String> header = CsvRows.split(headerLine, separator);
        if (header == null || header.size() < 2) {
            return null;
        }
        int rowEnd = text.indexOf('\n', headerEnd + 1);
        String row = text.substring(headerEnd + 1, rowEnd < 0 ? text.length() : rowEnd);
        List<String> cells = CsvRows.split(row.strip(), separator);
        // Cut off within a quoted cell: the cells before it.
        for (int quote = row.lastIndexOf('"'); cells == null && quote > 0; quote = row.lastIndexOf('"', quote - 1)) {
            cells = CsvRows.split(row.substring(0, quote), separator);
        }
        return cells == null || cells.isEmpty() || cells.size() > header.size() ? null : new CsvSample(header, cells);
    }
}
