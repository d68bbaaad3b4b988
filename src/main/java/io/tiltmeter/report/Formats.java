package io.tiltmeter.report;

import io.tiltmeter.model.Metric;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** How numbers and foreign text look to people, the same in HTML and in the terminal. */
public final class Formats {
    private static final int DIGITS = 4;
    private static final int CONTROL_PICTURES = 0x2400;

    private Formats() {}

    /** A count or step with thousands separators. */
    static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** A count with its noun, e.g. {@code 1 run}, {@code 1,200 runs}. */
    static String count(long value, String noun) {
        return count(value) + " " + noun + (value == 1 ? "" : "s");
    }

    /** A range of steps, or the one step. */
    static String steps(long from, long to) {
        return from == to ? count(from) : count(from) + "–" + count(to);
    }

    /** A measured value with four significant digits. */
    static String number(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "∞" : "-∞";
        }
        if (value == 0) {
            return "0";
        }
        BigDecimal rounded = new BigDecimal(value).round(new MathContext(DIGITS, RoundingMode.HALF_EVEN));
        double size = Math.abs(rounded.doubleValue());
        if (size >= 1e6 || size < 1e-3) {
            BigDecimal stripped = rounded.stripTrailingZeros();
            int exponent = stripped.precision() - stripped.scale() - 1;
            return stripped.movePointLeft(exponent).toPlainString() + "e" + exponent;
        }
        if (size >= 1000) {
            return count(Math.round(value));
        }
        return rounded.stripTrailingZeros().toPlainString();
    }

    /** Name of a metric for headings; foreign metrics keep their name. */
    static String metricTitle(String metric) {
        return Metric.byColumn(metric).map(Metric::meaning).orElseGet(() -> text(metric));
    }

    /**
     * Foreign text made safe to look at: control characters become their pictures, characters that change the direction
     * of writing and halves of pairs become their code, so that no name can hide or rearrange what stands around it.
     */
    public static String text(String text) {
        int i = 0;
        while (i < text.length() && isHarmless(text, i)) {
            i += Character.charCount(text.codePointAt(i));
        }
        if (i == text.length()) {
            return text;
        }
        StringBuilder safe = new StringBuilder(text.length() + 16).append(text, 0, i);
        while (i < text.length()) {
            int c = text.codePointAt(i);
            if (isHarmless(text, i)) {
                safe.appendCodePoint(c);
            } else if (c == '\n' || c == '\t' || c == '\r') {
                safe.append(' ');
            } else if (c < ' ') {
                safe.append((char) (CONTROL_PICTURES + c));
            } else {
                safe.append(String.format(Locale.ROOT, "⟨U+%04X⟩", c));
            }
            i += Character.charCount(c);
        }
        return safe.toString();
    }

    private static boolean isHarmless(String text, int index) {
        int c = text.codePointAt(index);
        return c >= ' '
                && !(c >= 0x7f && c <= 0x9f)
                && !(c >= 0x200e && c <= 0x200f)
                && !(c >= 0x2028 && c <= 0x202e)
                && !(c >= 0x2066 && c <= 0x2069)
                && c != 0xfeff
                && !(c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    }
}
