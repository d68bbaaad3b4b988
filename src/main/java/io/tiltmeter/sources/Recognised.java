package io.tiltmeter.sources;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipException;

/**
 * What a file is, told from its content. Workers find it out, and it is small, so that a driver can collect it for every
 * file of a fleet: only a file of settings brings its content along.
 *
 * @param detail id of the format of a log, or why a file cannot be read; else empty
 * @param settings settings in the file, by key; empty unless it holds some
 */
public record Recognised(InputFile file, Kind kind, String detail, Map<String, String> settings)
        implements Serializable {

    /** What a file may be. */
    public enum Kind {
        /** A log with content. */
        LOG,
        /** Nothing: no bytes, only white space, or an empty JSON object or list. */
        EMPTY,
        /** A file of settings. */
        SETTINGS,
        /** One setting, named after the file, as trackers write them into {@code params/} and {@code tags/}. */
        ONE_SETTING,
        /** Anything else. */
        OTHER,
        /** A file that cannot be opened or decompressed. */
        UNREADABLE
    }

    /** How far into a file it is looked for lines of a log that stand behind other text. */
    static final int FURTHEST = 4 * 1024 * 1024;

    public Recognised {
        settings = Map.copyOf(settings);
    }

    /** Opens a file's content. */
    @FunctionalInterface
    public interface Content {
        InputStream open() throws IOException;
    }

    /**
     * Looks into the file. Never fails: a file that cannot be read is {@link Kind#UNREADABLE}.
     *
     * @param formats the formats that it may have
     * @param names what the names of metrics mean
     */
    public static Recognised of(InputFile file, Content content, FormatRegistry formats, MetricNames names) {
        try (InputStream stream = content.open()) {
            return of(file, Gzip.plain(stream), formats, names);
        } catch (IOException e) {
            String problem = e.getMessage() == null ? e.toString() : e.getMessage();
            return new Recognised(file, Kind.UNREADABLE, "Cannot be read: " + Texts.clean(problem, 300), Map.of());
        }
    }

    private static Recognised of(InputFile file, InputStream plain, FormatRegistry formats, MetricNames names)
            throws IOException {
        byte[] bytes = upTo(plain, Sample.MAX_BYTES + 1);
        boolean whole = bytes.length <= Sample.MAX_BYTES;
        Sample sample = new Sample(file.path(), whole ? bytes : Arrays.copyOf(bytes, Sample.MAX_BYTES), whole, names);
        if (EmptyLogs.isEmpty(sample)) {
            return new Recognised(file, Kind.EMPTY, "", Map.of());
        }
        Optional<LogFormat> format = formats.recognise(sample);
        if (format.isEmpty() && !whole && isText(bytes)) {
            format = furtherOn(file, bytes, plain, formats, names);
        }
        if (format.isPresent()) {
            return new Recognised(file, Kind.LOG, format.get().id(), Map.of());
        }
        Optional<Map<String, String>> settings = ConfigFiles.settings(sample);
        if (settings.isPresent()) {
            return new Recognised(file, Kind.SETTINGS, "", settings.get());
        }
        Optional<Map<String, String>> one = ConfigFiles.oneSetting(sample);
        return one.map(setting -> new Recognised(file, Kind.ONE_SETTING, "", setting))
                .orElseGet(() -> new Recognised(file, Kind.OTHER, "", Map.of()));
    }

    /** Looks behind the beginning for lines of a log: what the program printed first may be long. */
    private static Optional<LogFormat> furtherOn(
            InputFile file, byte[] begun, InputStream plain, FormatRegistry formats, MetricNames names)
            throws IOException {
        byte[] rest = lastLine(begun);
        for (int seen = begun.length; seen < FURTHEST; ) {
            byte[] more = upTo(plain, Sample.MAX_BYTES);
            if (more.length == 0) {
                break;
            }
            seen += more.length;
            byte[] window = Arrays.copyOf(rest, rest.length + more.length);
            System.arraycopy(more, 0, window, rest.length, more.length);
            Optional<LogFormat> format = formats.recogniseInside(new Sample(file.path(), window, false, names));
            if (format.isPresent() || !isText(more)) {
                return format;
            }
            rest = lastLine(window);
        }
        return Optional.empty();
    }

    /** What stands behind the last line end, so that a line is not cut in two; nothing of a very long line. */
    private static byte[] lastLine(byte[] window) {
        int from = window.length;
        while (from > 0 && window[from - 1] != '\n') {
            from--;
        }
        return from == 0 ? new byte[0] : Arrays.copyOfRange(window, from, window.length);
    }

    private static boolean isText(byte[] bytes) {
        for (byte b : bytes) {
            if (b == 0) {
                return false;
            }
        }
        return true;
    }

    /** The next bytes; fewer at the end, or where compressed data breaks off. */
    private static byte[] upTo(InputStream plain, int most) throws IOException {
        byte[] bytes = new byte[Math.min(most, 8192)];
        int length = 0;
        try {
            while (length < most) {
                if (length == bytes.length) {
                    bytes = Arrays.copyOf(bytes, Math.min(most, 2 * length));
                }
                int got = plain.read(bytes, length, bytes.length - length);
                if (got < 0) {
                    break;
                }
                length += got;
            }
        } catch (EOFException | ZipException e) {
            if (length == 0) {
                throw e;
            }
        }
        return Arrays.copyOf(bytes, length);
    }
}
