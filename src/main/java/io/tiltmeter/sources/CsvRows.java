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
    /** Most lines that one row may have. */
    private static final int MOST_LINES = 10_000;

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
        Splitter splitter = new Splitter(separator);
        if (!splitter.feed(first)) {
            lines.close();
            throw new UnreadableFileException("Table '" + file.path() + "' has a header with an open quote");
        }
        List<String> names = splitter.cells();
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
            List<String> cells = cells(line);
            // A separator too much at the end of the line.
            while (cells.size() > header.size() && cells.get(cells.size() - 1).isBlank()) {
                cells.remove(cells.size() - 1);
            }
            if (!cells.isEmpty() && cells.size() != header.size()) {
                rejects.reject(number, "Row has " + cells.size() + " cells but the header has " + header.size());
            } else if (!cells.isEmpty()) {
                return cells;
            }
        }
        return null;
    }

    /** The cells of the row that begins with the line; none, and a rejection, if a quote in it is not closed. */
    private List<String> cells(String line) throws IOException {
        Splitter splitter = new Splitter(separator);
        int length = line.length();
        int spanned = 1;
        boolean complete = splitter.feed(line);
        while (!complete) {
            String more = length > BoundedLines.MAX_LINE || spanned >= MOST_LINES ? null : lines.next();
            if (more == null) {
                rejects.reject(
                        number,
                        "Row has a quote that is not closed, so it and the " + (spanned - 1)
                                + " lines behind it were not read");
                return List.of();
            }
            spanned++;
            length += more.length();
            complete = splitter.feed(more);
        }
        return splitter.cells();
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
        Splitter splitter = new Splitter(separator);
        return splitter.feed(row) ? splitter.cells() : null;
    }

    /** Takes a row line by line, so that a cell over many lines costs no more than its length. */
    private static final class Splitter {
        private final char separator;
        private final List<String> cells = new ArrayList<>();
        /** The quoted cell so far; empty while none is open. */
        private final StringBuilder quoted = new StringBuilder();

        private boolean open;

        Splitter(char separator) {
            this.separator = separator;
        }

        List<String> cells() {
            return cells;
        }

        /** Takes a line; whether the row is complete with it. */
        boolean feed(String line) {
            int at = 0;
            if (open) {
                quoted.append('\n');
                at = quoted(line, 0);
            }
            while (!open && at >= 0) {
                if (at < line.length() && line.charAt(at) == '"') {
                    open = true;
                    at = quoted(line, at + 1);
                } else {
                    int end = line.indexOf(separator, at);
                    cells.add(line.substring(at, end < 0 ? line.length() : end));
                    at = end < 0 ? -1 : end + 1;
                }
            }
            return !open;
        }

        /** Reads on in an open quote; where the next cell begins, or -1 if there is none on this line. */
        private int quoted(String line, int begin) {
            int from = begin;
            while (true) {
                int quote = line.indexOf('"', from);
                if (quote < 0) {
                    quoted.append(line, from, line.length());
                    return -1;
                }
                quoted.append(line, from, quote);
                from = quote + 1;
                if (from == line.length() || line.charAt(from) != '"') {
                    break;
                }
                quoted.append('"');
                from++;
            }
            int end = line.indexOf(separator, from);
            cells.add(quoted.append(line, from, end < 0 ? line.length() : end).toString());
            quoted.setLength(0);
            open = false;
            return end < 0 ? -1 : end + 1;
        }
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
