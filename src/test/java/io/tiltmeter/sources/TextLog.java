package io.tiltmeter.sources;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/** A log in memory, of run {@code r} in project {@code p}. */
record TextLog(String path, byte[] bytes, Map<String, String> attributes, MetricNames names) implements LogFile {

    static TextLog of(String path, String text) {
        return of(path, text.getBytes(StandardCharsets.UTF_8));
    }

    static TextLog of(String path, byte[] bytes) {
        return new TextLog(path, bytes, Map.of(), MetricNames.standard());
    }

    TextLog with(Map<String, String> settings) {
        return new TextLog(path, bytes, settings, names);
    }

    TextLog with(MetricNames other) {
        return new TextLog(path, bytes, attributes, other);
    }

    /** Reads the log; fails the test where the format gives it up. */
    Collected read(LogFormat format) {
        try {
            return readOrFail(format);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Collected readOrFail(LogFormat format) throws IOException {
        Collected collected = new Collected();
        format.read(this, collected);
        return collected;
    }

    Sample sample() {
        return new Sample(
                path,
                Arrays.copyOf(bytes, Math.min(bytes.length, Sample.MAX_BYTES)),
                bytes.length <= Sample.MAX_BYTES,
                names);
    }

    /** Id of the format that the content has among all, or {@code none}. */
    String recognised() {
        return FormatRegistry.load().recognise(sample()).map(LogFormat::id).orElse("none");
    }

    @Override
    public String runId() {
        return "r";
    }

    @Override
    public String project() {
        return "p";
    }

    @Override
    public long length() {
        return bytes.length;
    }

    @Override
    public InputStream open() throws IOException {
        return Gzip.plain(new ByteArrayInputStream(bytes));
    }
}
