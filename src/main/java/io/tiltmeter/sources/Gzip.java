package io.tiltmeter.sources;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/** Looks through gzip, recognised by its first two bytes. */
final class Gzip {
    private static final int BUFFER = 64 * 1024;

    private Gzip() {}

    /** The stream, decompressed if it is compressed. */
    static InputStream plain(InputStream stream) throws IOException {
        BufferedInputStream buffered = new BufferedInputStream(stream, BUFFER);
        buffered.mark(2);
        int first = buffered.read();
        int second = buffered.read();
        buffered.reset();
        return first == 0x1f && second == 0x8b ? new GZIPInputStream(buffered, BUFFER) : buffered;
    }
}
