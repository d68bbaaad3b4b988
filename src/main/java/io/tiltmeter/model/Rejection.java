package io.tiltmeter.model;

import java.io.Serializable;

/**
 * Input that was not taken as it stood.
 *
 * @param file path of the file, as the user gave it
 * @param line first line (from 1) or 0 when the whole file is meant
 * @param reason what was wrong and what would be right
 * @param count how many lines or rows
 * @param level {@code rejected}: not read; {@code warning}: read, but doubtful
 */
public record Rejection(String file, long line, String reason, long count, Level level) implements Serializable {
    public enum Level {
        REJECTED,
        WARNING
    }
}
