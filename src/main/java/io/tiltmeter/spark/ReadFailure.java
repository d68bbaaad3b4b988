package io.tiltmeter.spark;

import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkThrowable;

/** Tells from a failed job whether one unreadable file was to blame. */
final class ReadFailure {
    private ReadFailure() {}

    private static final int DEEPEST = 30;

    /** The file that could not be read, if that is why the job failed. */
    static Optional<String> file(Throwable failure) {
        Throwable at = failure;
        for (int depth = 0; at != null && depth < DEEPEST; depth++) {
            if (at instanceof SparkThrowable thrown
                    && String.valueOf(thrown.getCondition()).startsWith("FAILED_READ_FILE")) {
                Map<String, String> parameters = thrown.getMessageParameters();
                String path = parameters == null ? null : parameters.get("path");
                if (path != null) {
                    return Optional.of(MetricTables.pathOf(path));
                }
            }
            at = at.getCause();
        }
        return Optional.empty();
    }

    /** What to say of the file. */
    static String damaged(Throwable failure) {
        return "Damaged inside: its footer is sound but its data is not (" + reason(failure) + ")";
    }

    /** Why, in one line: the innermost message. */
    private static String reason(Throwable failure) {
        Throwable at = failure;
        for (int depth = 0; at.getCause() != null && depth < DEEPEST; depth++) {
            at = at.getCause();
        }
        String message = at.getMessage() == null ? at.getClass().getSimpleName() : at.getMessage();
        String line = message.lines().findFirst().orElse("");
        return line.length() > 200 ? line.substring(0, 200) + "…" : line;
    }
}
