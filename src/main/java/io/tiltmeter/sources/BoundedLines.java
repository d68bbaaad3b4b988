package io.tiltmeter.sources;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Lines of strict UTF-8, each of bounded length. A line that is too long or not UTF-8 is rejected and the next one
 * follows; however long it is, no more than the bound is held. Compressed data that breaks off ends the lines.
 */
final class BoundedLines implements Closeable {
    /** Longest line accepted, in bytes: one-run-a-row tables have lines of several MB. */
    static final int MAX_LINE = 16 * 1024 * 1024;

    private final InputStream in;
    private final int maxLine;
    private final Rejects rejects;
    private final byte[] buffer = new byte[64 * 1024];
    private int position;
    private int limit;
    private byte[] line = new byte[1024];
    private long number;

    BoundedLines(LogFile file, Rejects rejects) throws IOException {
        this(file.open(), MAX_LINE, rejects);
    }

    BoundedLines(InputStream in, int maxLine, Rejects rejects) {
        this.in = in;
        this.maxLine = maxLine;
        this.rejects = rejects;
    }

    /** Number of the line last returned, from 1. */
    long number() {
        return number;
    }

    /** The next good line without its end, or null at the end of the file. */
    @Nullable
    String next() throws IOException {
        while (true) {
            long length = fill();
            if (length < 0) {
                return null;
            }
            number++;
            if (length > maxLine) {
                rejects.reject(number, "Line has " + length + " bytes but at most " + maxLine + " are read");
                continue;
            }
            int end = (int) length;
            if (end > 0 && line[end - 1] == '\r') {
                end--;
            }
            try {
                return Utf8.decode(line, 0, end);
            } catch (CharacterCodingException e) {
                rejects.reject(number, "Line is not UTF-8 text");
            }
        }
    }

    /** Reads a line into {@link #line} as far as it fits; its full length, or -1 at the end of the file. */
    private long fill() throws IOException {
        long length = 0;
        boolean any = false;
        while (true) {
            if (position == limit) {
                limit = read();
                position = 0;
                if (limit <= 0) {
                    limit = 0;
                    return any ? length : -1;
                }
            }
            any = true;
            int end = position;
            while (end < limit && buffer[end] != '\n') {
                end++;
            }
            int part = end - position;
            if (length + part <= maxLine) {
                keep((int) length, part);
            }
            length += part;
            boolean complete = end < limit;
            position = complete ? end + 1 : end;
            if (complete) {
                return length;
            }
        }
    }

    /** The next bytes; -1 at the end, or where compressed data breaks off or is damaged. */
    private int read() throws IOException {
        try {
            return in.read(buffer);
        } catch (EOFException | ZipException e) {
            rejects.reject(
                    number + 1,
                    "Compressed data is cut off or damaged (" + e.getMessage()
                            + "); the rest of the file was not read");
            return -1;
        }
    }

    private void keep(int length, int part) {
        if (length + part > line.length) {
            line = Arrays.copyOf(line, (int) Math.min(maxLine, Math.max(2L * line.length, length + part)));
        }
        System.arraycopy(buffer, position, line, length, part);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
