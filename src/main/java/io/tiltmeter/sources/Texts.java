package io.tiltmeter.sources;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Small functions over text that comes from logs. */
final class Texts {
    private static final double LARGEST_FLOAT = Float.MAX_VALUE;
    // Frameworks replace infinity by the largest number; printed with few digits it comes back a little smaller.
    private static final double ALMOST_LARGEST_DOUBLE = 1.797e308;

    private Texts() {}

    /** The text without control characters (each becomes U+FFFD), cut to a length. */
    static String clean(String text, int maxLength) {
        String cut = text.length() <= maxLength ? text : text.substring(0, maxLength);
        for (int i = 0; i < cut.length(); i++) {
            if (Character.isISOControl(cut.charAt(i))) {
                StringBuilder cleaned = new StringBuilder(cut);
                for (int j = i; j < cleaned.length(); j++) {
                    if (Character.isISOControl(cleaned.charAt(j))) {
                        cleaned.setCharAt(j, '\uFFFD');
                    }
                }
                return cleaned.toString();
            }
        }
        return cut;
    }

    /**
     * The number written in the text, with the spellings of NaN and infinity that programs print. The largest number of
     * the type stands for infinity.
     *
     * @throws NumberFormatException if there is none
     */
    static double number(CharSequence text) {
        String word = text.toString().strip();
        if (word.length() >= 2 && word.charAt(0) == '"' && word.charAt(word.length() - 1) == '"') {
            word = word.substring(1, word.length() - 1).strip();
        }
        if (word.isEmpty()) {
            throw new NumberFormatException("Empty text is no number");
        }
        char last = word.charAt(word.length() - 1);
        if (last >= '0' && last <= '9' || last == '.') {
            return finiteOrInfinite(Double.parseDouble(word));
        }
        String lower = word.toLowerCase(Locale.ROOT);
        boolean signed = lower.charAt(0) == '-' || lower.charAt(0) == '+';
        double sign = lower.charAt(0) == '-' ? -1 : 1;
        return switch (signed ? lower.substring(1) : lower) {
            case "nan" -> Double.NaN;
            case "inf", "infinity" -> sign * Double.POSITIVE_INFINITY;
            default -> throw new NumberFormatException("'" + clean(word, 40) + "' is no number");
        };
    }

    /** Whether {@link #number} would succeed. */
    static boolean isNumber(CharSequence text) {
        try {
            number(text);
            return true;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /** Infinity where the value is the largest number of a float or double, else the value. */
    static double finiteOrInfinite(double value) {
        double size = Math.abs(value);
        return size >= ALMOST_LARGEST_DOUBLE || size == LARGEST_FLOAT
                ? Math.copySign(Double.POSITIVE_INFINITY, value)
                : value;
    }

    /**
     * Microseconds since the epoch of a time given in seconds, milliseconds, microseconds or nanoseconds, told apart by
     * size; null where the number is no time of this century.
     */
    static @Nullable Long epochMicros(double time) {
        if (!(time >= 9e8 && time < 5e18)) {
            return null;
        }
        double micros = time < 1e11 ? time * 1e6 : time < 1e14 ? time * 1e3 : time < 1e17 ? time : time / 1e3;
        return Math.round(micros);
    }

    /**
     * Microseconds since the epoch of a time given as a number (see {@link #epochMicros}) or as ISO 8601 writes it, with a
     * space or {@code T} between day and time; taken as UTC without an offset. Null where the text is no such time.
     */
    static @Nullable Long timeMicros(String text) {
        String word = text.strip();
        if (isNumber(word)) {
            return epochMicros(number(word));
        }
        // Shorter than any day with a time, or longer than any time with nanoseconds and an offset.
        if (word.length() < 16 || word.length() > 40) {
            return null;
        }
        try {
            TemporalAccessor time = DateTimeFormatter.ISO_DATE_TIME.parseBest(
                    word.replace(' ', 'T').replace(',', '.'), OffsetDateTime::from, LocalDateTime::from);
            Instant instant = time instanceof OffsetDateTime
                    ? ((OffsetDateTime) time).toInstant()
                    : ((LocalDateTime) time).toInstant(ZoneOffset.UTC);
            return ChronoUnit.MICROS.between(Instant.EPOCH, instant);
        } catch (DateTimeException | ArithmeticException e) {
            return null;
        }
    }

    /** The last part of a path. */
    static String fileName(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** The path without its last part, empty at the top. */
    static String folder(String path) {
        int cut = path.lastIndexOf('/');
        return cut < 0 ? "" : path.substring(0, cut);
    }

    /** The file name's extension in lower case without the dot, empty without one; {@code .gz} is looked through. */
    static String extension(String path) {
        String name = withoutGz(fileName(path));
        int dot = extensionDot(name);
        return dot < 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
    }

    /** The path without the extension of its last part. */
    static String withoutExtension(String path) {
        String shorter = withoutGz(path);
        int nameAt = shorter.lastIndexOf('/') + 1;
        int dot = extensionDot(shorter.substring(nameAt));
        return dot < 0 ? shorter : shorter.substring(0, nameAt + dot);
    }

    private static String withoutGz(String path) {
        return path.toLowerCase(Locale.ROOT).endsWith(".gz") ? path.substring(0, path.length() - 3) : path;
    }

    // "v0.40" has no extension: one begins with a letter and is short.
    private static int extensionDot(String name) {
        int dot = name.lastIndexOf('.');
        boolean extension = dot > 0
                && name.length() - dot - 1 >= 1
                && name.length() - dot - 1 <= 8
                && Character.isLetter(name.charAt(dot + 1))
                && name.substring(dot + 1).chars().allMatch(Character::isLetterOrDigit);
        return extension ? dot : -1;
    }
}
