package io.tiltmeter.spark;

/** Where a job says how far it is. */
@FunctionalInterface
public interface Progress {
    /** A new stage began; one short line. */
    void stage(String line);
}
