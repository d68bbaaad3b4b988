package io.tiltmeter.config;

/** A setting is wrong; the message is one line saying what, got and wanted. Ends a job with exit code 2. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ConfigException(String message) {
        super(message);
    }
}
