package io.tiltmeter.report;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON as a stream, the same bytes for the same calls on every JDK. Numbers that JSON does not know become the
 * strings {@code "NaN"}, {@code "Infinity"} and {@code "-Infinity"}.
 */
final class Json {
    private static final int MOST_DIGITS = 17;
    /** Powers of ten up to 10^22, the last that a double holds exactly. */
    private static final double[] POWERS = IntStream.rangeClosed(0, 22)
            .mapToDouble(i -> Double.parseDouble("1e" + i))
            .toArray();

    private static final double LARGEST_PLAIN_INTEGER = 1e15;

    private final Appendable out;
    private final boolean pretty;
    private final boolean insideHtml;
    private int depth;
    private int flatSince;
    private boolean first = true;
    private boolean named;

    private Json(Appendable out, boolean pretty, boolean insideHtml) {
        this.out = out;
        this.pretty = pretty;
        this.insideHtml = insideHtml;
    }

    /** A writer for files that people open: one field a line, except in flat objects. */
    static Json pretty(Appendable out) {
        return new Json(out, true, false);
    }

    /** A writer without white space, whose output can stand in an HTML script element: it contains no {@code <}. */
    static Json embedded(Appendable out) {
        return new Json(out, false, true);
    }

    Json object() throws IOException {
        return open('{');
    }

    /** Begins an object that is written on one line. */
    Json flatObject() throws IOException {
        open('{');
        flatSince = flatSince == 0 ? depth : flatSince;
        return this;
    }

    Json endObject() throws IOException {
        return close('}');
    }

    Json array() throws IOException {
        return open('[');
    }

    /** Begins an array that is written on one line. */
    Json flatArray() throws IOException {
        open('[');
        flatSince = flatSince == 0 ? depth : flatSince;
        return this;
    }

    Json endArray() throws IOException {
        return close(']');
    }

    Json name(String name) throws IOException {
        separate();
        quote(name);
        out.append(pretty ? ": " : ":");
        named = true;
        return this;
    }

    Json value(@Nullable String value) throws IOException {
        separate();
        if (value == null) {
            out.append("null");
        } else {
            quote(value);
        }
        return this;
    }

    Json value(long value) throws IOException {
        separate();
        out.append(Long.toString(value));
        return this;
    }

    Json value(boolean value) throws IOException {
        separate();
        out.append(Boolean.toString(value));
        return this;
    }

    Json value(double value) throws IOException {
        return value(value, MOST_DIGITS);
    }

    /** Writes a number rounded to some significant digits. */
    Json value(double value, int digits) throws IOException {
        if (!Double.isFinite(value)) {
            return value(Double.toString(value));
        }
        separate();
        out.append(digits >= MOST_DIGITS ? shortest(value) : text(rounded(value, digits)));
        return this;
    }

    Json field(String name, @Nullable String value) throws IOException {
        return name(name).value(value);
    }

    Json field(String name, long value) throws IOException {
        return name(name).value(value);
    }

    Json field(String name, double value) throws IOException {
        return name(name).value(value);
    }

    Json field(String name, boolean value) throws IOException {
        return name(name).value(value);
    }

    /** Ends the document with a line feed. */
    void end() throws IOException {
        out.append('\n');
    }

    /** Rounds to a few digits; curves have so many numbers that going by way of a double's exact decimals would tell. */
    private static BigDecimal rounded(double value, int digits) {
        double size = Math.abs(value);
        if (digits > 9 || !(size >= 1e-12 && size < 1e12)) {
            return new BigDecimal(value, new MathContext(digits));
        }
        int scale = digits - 1 - (int) Math.floor(Math.log10(size));
        double shifted = scale >= 0 ? value * POWERS[scale] : value / POWERS[-scale];
        return BigDecimal.valueOf(Math.round(shifted), scale);
    }

    private static String shortest(double value) {
        for (int digits = 15; digits < MOST_DIGITS; digits++) {
            BigDecimal rounded = new BigDecimal(value, new MathContext(digits));
            if (rounded.doubleValue() == value) {
                return text(rounded);
            }
        }
        return text(new BigDecimal(value, new MathContext(MOST_DIGITS)));
    }

    private static String text(BigDecimal value) {
        double size = Math.abs(value.doubleValue());
        if (size == 0) {
            return "0";
        }
        BigDecimal stripped = value.stripTrailingZeros();
        return size >= 1e-6 && size < LARGEST_PLAIN_INTEGER ? stripped.toPlainString() : stripped.toString();
    }

    private Json open(char bracket) throws IOException {
        separate();
        out.append(bracket);
        depth++;
        first = true;
        return this;
    }

    private Json close(char bracket) throws IOException {
        boolean empty = first;
        boolean flat = flatSince > 0;
        if (flatSince == depth) {
            flatSince = 0;
        }
        depth--;
        first = false;
        if (!empty && !flat) {
            newLine();
        }
        out.append(bracket);
        return this;
    }

    /** Writes what has to stand before the next name or value. */
    private void separate() throws IOException {
        if (named) {
            named = false;
            return;
        }
        if (!first) {
            out.append(pretty && flatSince > 0 ? ", " : ",");
        }
        if (depth > 0 && flatSince == 0) {
            newLine();
        }
        first = false;
    }

    private void newLine() throws IOException {
        if (pretty) {
            out.append('\n');
            for (int i = 0; i < depth; i++) {
                out.append("  ");
            }
        }
    }

    private void quote(String text) throws IOException {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                out.append(c).append(text.charAt(++i));
            } else if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c == '\n') {
                out.append("\\n");
            } else if (mustEscape(c)) {
                escape(c);
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    /** Control and format characters, halves of pairs, and inside HTML whatever could end or open an element. */
    private boolean mustEscape(char c) {
        return c < ' '
                || (c >= 0x7f && c <= 0x9f)
                || (c >= 0x2028 && c <= 0x202e)
                || (c >= 0x2066 && c <= 0x2069)
                || Character.isSurrogate(c)
                || (insideHtml && (c == '<' || c == '>' || c == '&'));
    }

    private void escape(char c) throws IOException {
        out.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
            out.append(Character.forDigit((c >> shift) & 0xf, 16));
        }
    }
}
