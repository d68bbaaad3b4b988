package io.tiltmeter.model;

import java.io.Serializable;

/**
 * Whether a detector could judge a run, so that silence is never mistaken for health.
 *
 * @param reason what was missing, empty when observed
 */
public record Coverage(String runId, String detector, Status status, String reason) implements Serializable {
    public enum Status {
        /** The detector judged the run. */
        OBSERVED,
        /** It needs data that the run did not log. */
        NOT_OBSERVABLE,
        /** The data was there but too short or too coarse. */
        INCONCLUSIVE
    }
}
