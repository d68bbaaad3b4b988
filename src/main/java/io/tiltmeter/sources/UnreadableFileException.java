package io.tiltmeter.sources;

import java.io.IOException;

/** A file is not readable as the format it was taken for; the message says what, got and wanted. */
public final class UnreadableFileException extends IOException {
    private static final long serialVersionUID = 1L;

    public UnreadableFileException(String message) {
        super(message);
    }
}
