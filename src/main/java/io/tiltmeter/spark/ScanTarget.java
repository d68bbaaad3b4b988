package io.tiltmeter.spark;

import java.io.Serializable;

/**
 * Windows to digest.
 *
 * @param rows number of their rows where all of them lie in one file, else {@link #UNKNOWN}: a task that has seen them all
 *     need not wait for others
 */
record ScanTarget(WindowRange windows, long rows) implements Serializable {
    static final long UNKNOWN = -1;
}
