package io.tiltmeter.spark;

/** The input cannot be used as a whole; the message says what, got and wanted. Ends a job with exit code 3. */
public final class InputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public InputException(String message) {
        super(message);
    }
}
