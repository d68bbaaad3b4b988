package io.tiltmeter.validate;

/** What a check says of one metric; ordered by gravity. */
public enum Status {
    /** The effect is below its bound, beyond reasonable doubt or by an exact count. */
    PASS,
    /** Too little data to tell an effect at the bound from none. */
    INCONCLUSIVE,
    /** Beyond the bound for a warning. */
    WARN,
    /** Beyond the bound for a failure. */
    FAIL;

    /** The graver of both. */
    public Status and(Status other) {
        return compareTo(other) >= 0 ? this : other;
    }
}
