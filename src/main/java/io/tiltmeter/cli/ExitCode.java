package io.tiltmeter.cli;

/** How a command ended; where several apply, the highest counts. */
public enum ExitCode {
    SOUND(0, "sound"),
    FINDINGS(1, "findings at or above --fail-on"),
    USAGE(2, "usage or configuration is wrong"),
    INPUT(3, "input: nothing readable, or anything rejected under --strict"),
    BUG(4, "a bug of Tiltmeter");

    private final int code;
    private final String meaning;

    ExitCode(int code, String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    /** The number the process ends with. */
    public int code() {
        return code;
    }

    /** For help and {@code status.json}. */
    public String meaning() {
        return meaning;
    }

    /** The higher of both. */
    public ExitCode and(ExitCode other) {
        return code >= other.code ? this : other;
    }
}
