package io.tiltmeter.sources;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** A log to be read, with what its surroundings say about the run. */
public interface LogFile {

    /** Path as the user gave it, for messages. */
    String path();

    /** Run id derived from the folder structure; formats with several runs in a file append {@code /suffix} to it. */
    String runId();

    /** Project (folder of siblings) of the run. */
    String project();

    /** Settings from configuration files beside the log, flattened with dots. */
    Map<String, String> attributes();

    /** Length in bytes. */
    long length();

    /** What the foreign names of metrics in this log mean. */
    default MetricNames names() {
        return MetricNames.standard();
    }

    /**
     * Whether reading this file hands over the run's {@code runs} and {@code attempts} rows. False for all but the first
     * file where several files make one run.
     */
    default boolean announcesRun() {
        return true;
    }

    /** A new stream over the bytes; the caller closes it. */
    InputStream open() throws IOException;
}
