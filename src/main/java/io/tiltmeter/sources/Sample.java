package io.tiltmeter.sources;

import java.io.Serializable;

/**
 * The beginning of a file, from which its format is recognised.
 *
 * @param path path below the input, with {@code /}
 * @param head first bytes, at most {@link #MAX_BYTES}
 * @param whole whether {@code head} is the whole file
 */
public record Sample(String path, byte[] head, boolean whole) implements Serializable {
    public static final int MAX_BYTES = 64 * 1024;
}
