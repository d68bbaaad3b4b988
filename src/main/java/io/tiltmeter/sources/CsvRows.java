package io.tiltmeter.sources;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows of a table with a header, separated by comma, semicolon or tab. A cell in quotes may hold separators, doubled
 * quotes and line ends. A row with another number of cells than the header is rejected. Bounded like {@link
 * BoundedLines}, on which it stands: a general CSV parser gives the whole file up at a cell that is too long.
 */
final class CsvRows implements Closeable {
    private final BoundedLines lines;
    private final Rejects rejects;
    private final List<String> header;
    private final char separator;
    private long number;

    CsvRows(LogFile file, Rejects rejects) throws IOException {
        this.lines = new BoundedLines(file, rejects);
        this.rejects = rejects;
        String first = lines.next();
        while (first != null && first.isBlank()) {
            first = lines.next();
        }
        if (first == null) {
            lines.close();
            throw new UnreadableFileException("Table '" + file.path() + "' has no header");
        }
        this.separator = separator(first);
        List<String> names = split(first, separator);
        if (names == null) {
            lines.close();
            throw new UnreadableFileException("Table '" + file.path() + "' has a header with an open quote");
        }
        this.header = names;
    }

    List<String> header() {
        return header;
    }

    /** Number of the line the row last returned began on. */
    long number() {
        return number;
    }

    /** The next row with as many cells as the header, or null at the end. */
    @Nullable
    List<String> next() throws IOException {
        for (String line = lines.next(); line != null; line = lines.next()) {
            number = lines.number();
            if (line.isBlank()) {
                continue;
            }
            List<String> cells = split(line, separator);
            while (cells == null) {
                String more = lines.next();
                if (more == null || line.length() + more.length() > BoundedLines.MAX_LINE) {
                    rejects.reject(number, "Row has a quote that is not closed");
                    break;
                }
                line = line + '\n' + more;
                cells = split(line, separator);
            }
            if (cells == null) {
                continue;
            }
            if (cells.size() != header.size()) {
                rejects.reject(number, "Row has " + cells.size() + " cells but the header has " + header.size());
                continue;
            }
            return cells;
        }
        return null;
    }

    /** The separator that a header uses most. */
    static char separator(String header) {
        char best = ',';
        long most = 0;
        for (char candidate : new char[] {',', '\t', ';'}) {
            long count = header.chars().filter(c -> c == candidate).count();
            if (count > most) {
                best = candidate;
                most = count;
            }
        }
        return best;
    }

    /** The cells of a row; null where a quote is still open at its end. */
    static @Nullable List<String> split(String row, char separator) {
        List<String> cells = new ArrayList<>();
        int at = 0;
        while (true) {
            if (at < row.length() && row.charAt(at) == '"') {
                StringBuilder cell = new StringBuilder();
                int from = at + 1;
                while (true) {
                    int quote = row.indexOf('"', from);
                    if (quote < 0) {
                        return null;
                    }
                    cell.append(row, from, quote);
                    from = quote + 1;
                    if (from < row.length() && row.charAt(from) == '"') {
                        cell.append('"');
                        from++;
                    } else {
                        break;
                    }
                }
                int end = row.indexOf(separator, from);
                cell.append(row, from, end < 0 ? row.length() : end);
                cells.add(cell.toString());
                at = end;
            } else {
                int end = row.indexOf(separator, at);
                cells.add(row.substring(at, end < 0 ? row.length() : end));
                at = end;
            }
            if (at < 0) {
                return cells;
            }
            at++;
        }
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
