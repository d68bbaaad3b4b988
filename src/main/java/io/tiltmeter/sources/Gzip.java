package io.tiltmeter.sources;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
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

    /** The sample of the decompressed content; the sample itself if it is not compressed or not readable. */
    static Sample plain(Sample sample) {
        byte[] head = sample.head();
        if (head.length < 2 || (head[0] & 0xff) != 0x1f || (head[1] & 0xff) != 0x8b) {
            return sample;
        }
        byte[] plain = new byte[Sample.MAX_BYTES];
        int length = 0;
        boolean whole = false;
        try (GZIPInputStream stream = new GZIPInputStream(new ByteArrayInputStream(head))) {
            while (length < plain.length && !whole) {
                int got = stream.read(plain, length, plain.length - length);
                if (got < 0) {
                    whole = sample.whole();
                    break;
                }
                length += got;
            }
        } catch (IOException e) {
            // The sample ends within the compressed data: what came out so far is its beginning.
            whole = false;
        }
        return new Sample(sample.path(), Arrays.copyOf(plain, length), whole);
    }
}
