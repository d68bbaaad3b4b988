package io.tiltmeter.sources;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Strict decoding of UTF-8. */
final class Utf8 {
    private Utf8() {}

    /**
     * The text of the bytes, without a byte order mark at its beginning.
     *
     * @throws CharacterCodingException if the bytes are not UTF-8
     */
    static String decode(byte[] bytes, int from, int length) throws CharacterCodingException {
        int start = from;
        int left = length;
        if (left >= 3
                && (bytes[start] & 0xFF) == 0xEF
                && (bytes[start + 1] & 0xFF) == 0xBB
                && (bytes[start + 2] & 0xFF) == 0xBF) {
            start += 3;
            left -= 3;
        }
        for (int i = start; i < start + left; i++) {
            if (bytes[i] < 0) {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT)
                        .decode(ByteBuffer.wrap(bytes, start, left))
                        .toString();
            }
        }
        return new String(bytes, start, left, StandardCharsets.ISO_8859_1);
    }
}
