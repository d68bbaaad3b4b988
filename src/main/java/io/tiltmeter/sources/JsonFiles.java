package io.tiltmeter.sources;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/** Reads files that are one JSON document, as a stream. */
final class JsonFiles {
    /** Takes the document's tokens. */
    interface Body {
        void read(JsonParser parser) throws IOException;
    }

    private JsonFiles() {}

    /**
     * Runs the body over the file. Where the JSON breaks off or is wrong, what came before counts and the rest is
     * rejected.
     *
     * @throws UnreadableFileException if already the first token is no JSON
     */
    static void read(LogFile file, Rejects rejects, Body body) throws IOException {
        try (InputStream in = file.open();
                JsonParser parser = Json.FACTORY.createParser(in)) {
            try {
                body.read(parser);
            } catch (JsonProcessingException e) {
                int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
                if (parser.currentToken() == null
                        && parser.currentTokenLocation().getByteOffset() <= 0) {
                    throw new UnreadableFileException("Log '" + file.path() + "' is not JSON: " + problem(e));
                }
                rejects.reject(line, "JSON is wrong or cut off, the rest of the file was not read: " + problem(e));
            } catch (EOFException | ZipException e) {
                rejects.reject(
                        parser.currentLocation().getLineNr(),
                        "Compressed data is cut off or damaged (" + e.getMessage()
                                + "); the rest of the file was not read");
            }
        }
    }

    /** Counts one more point held in memory. */
    static void count(long[] points) throws UnreadableFileException {
        if (++points[0] > Series.MAX_POINTS) {
            throw new UnreadableFileException("Log holds more than " + Series.MAX_POINTS
                    + " points in one JSON document; split it or convert it to JSON lines");
        }
    }

    /** A token in words. */
    static String name(@Nullable JsonToken token) {
        return token == null ? "nothing" : token.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** The value at the parser, as messages show it. */
    static String shown(JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        return token != null && token.isScalarValue()
                ? '\'' + Texts.clean(parser.getText(), 40) + '\''
                : "a list or an object";
    }

    private static String problem(JsonProcessingException e) {
        String message = e.getOriginalMessage();
        return message == null ? "" : Texts.clean(message, 200);
    }
}
