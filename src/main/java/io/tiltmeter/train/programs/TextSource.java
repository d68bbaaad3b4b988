package io.tiltmeter.train.programs;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Real text for character models: the licence this program comes with, in an alphabet of 32 characters. */
final class TextSource {
    private TextSource() {}

    private static final String ALPHABET = " abcdefghijklmnopqrstuvwxyz.,-()";

    /** Characters told apart. */
    static final int CLASSES = ALPHABET.length();

    /** The whole text as class numbers. Runs of white space are one space, other characters a dash. */
    static int[] classes() {
        String text;
        try (InputStream in = TextSource.class.getResourceAsStream("LICENSE")) {
            if (in == null) {
                throw new IllegalStateException("The resource 'LICENSE' is missing from the program");
            }
            text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return classes(text);
    }

    static int[] classes(String text) {
        return text.strip()
                .toLowerCase(Locale.ROOT)
                .replaceAll("\\s+", " ")
                .chars()
                .map(c -> {
                    int at = ALPHABET.indexOf(c);
                    return at < 0 ? ALPHABET.indexOf('-') : at;
                })
                .toArray();
    }
}
