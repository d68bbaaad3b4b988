package io.tiltmeter.sources;

import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Looks into the beginning of a file. */
final class Samples {
    private Samples() {}

    /** The sample as text; bytes that are not UTF-8, as one cut off at its end, become U+FFFD. */
    static String text(Sample sample) {
        String text = new String(sample.head(), StandardCharsets.UTF_8);
        return text.startsWith("\uFEFF") ? text.substring(1) : text;
    }

    /** The first complete lines that are not blank, at most {@code most}. */
    static List<String> lines(Sample sample, int most) {
        String text = text(sample);
        if (!sample.whole()) {
            int end = text.lastIndexOf('\n');
            text = end < 0 ? "" : text.substring(0, end);
        }
        return text.lines().filter(line -> !line.isBlank()).limit(most).toList();
    }

    /** Whether the sample begins as a JSON object; cheap, before parsing. */
    static boolean beginsWith(Sample sample, char wanted) {
        byte[] head = sample.head();
        int i = head.length >= 3 && (head[0] & 0xFF) == 0xEF && (head[1] & 0xFF) == 0xBB ? 3 : 0;
        while (i < head.length && (head[i] == ' ' || head[i] == '\n' || head[i] == '\r' || head[i] == '\t')) {
            i++;
        }
        return i < head.length && head[i] == wanted;
    }

    /** A parser over the sample, at its first token; the sample may end in the middle. */
    static JsonParser json(Sample sample) throws IOException {
        JsonParser parser = Json.FACTORY.createParser(text(sample));
        if (parser.nextToken() == null) {
            parser.close();
            throw new IOException("Sample holds no JSON");
        }
        return parser;
    }
}
