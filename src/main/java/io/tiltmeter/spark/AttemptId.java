package io.tiltmeter.spark;

import java.io.Serializable;

/** One start of one run. */
record AttemptId(String runId, int attempt) implements Comparable<AttemptId>, Serializable {
    @Override
    public int compareTo(AttemptId other) {
        int byRun = runId.compareTo(other.runId);
        return byRun != 0 ? byRun : Integer.compare(attempt, other.attempt);
    }
}
