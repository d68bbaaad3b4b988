package io.tiltmeter.sources;

/**
 * The beginning of a file, decompressed, from which its format is recognised; or a part from further inside, see {@link
 * LogFormat#beginsAnywhere}.
 *
 * @param path path below the input, with {@code /}
 * @param head first bytes, at most {@link #MAX_BYTES}
 * @param whole whether {@code head} is the whole file
 * @param names what the names of metrics mean
 */
public record Sample(String path, byte[] head, boolean whole, MetricNames names) {
    public static final int MAX_BYTES = 64 * 1024;
}
