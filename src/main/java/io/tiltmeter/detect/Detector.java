package io.tiltmeter.detect;

import io.tiltmeter.model.AttemptRecord;
import io.tiltmeter.model.Coverage;
import io.tiltmeter.model.Finding;
import io.tiltmeter.model.RunRecord;
import io.tiltmeter.model.StepPoint;
import java.util.List;
import java.util.Optional;

/**
 * Judges one run from its steps, in bounded memory. An implementation is one file, stateless, registered with
 * {@code @AutoService(Detector.class)}. The same code runs over a run's digests in the nightly scan and online in
 * training.
 */
public interface Detector {

    DetectorInfo info();

    /** A new observer of one run. */
    Tracker track(RunContext run, DetectorSettings settings);

    /** What is known of the run before its first step. */
    record RunContext(RunRecord run) {}

    /**
     * Observes one run: starts in order, within a start steps ascending. Memory must not grow with the number of
     * steps (findings are capped at {@link #MAX_FINDINGS}).
     */
    interface Tracker {
        /** Most findings one detector may make of one run; the last says how many were left out. */
        int MAX_FINDINGS = 200;

        /** A new attempt begins; {@code attempt} is empty if the fleet has no row for it in its table of attempts. */
        default void attempt(int number, Optional<AttemptRecord> attempt) {}

        void observe(StepPoint point);

        /**
         * What the workers did against one another in the next window of steps of this attempt. Only a scan of whole blocks
         * shows it; windows come in the order of their steps.
         */
        default void workers(WorkerWindow window) {}

        /** The verdict after the last step (or so far, when called online). */
        Assessment assess();
    }

    /**
     * A detector's answer for one run. Findings found, or observed and clear, or why it could not tell.
     *
     * @param reason empty when observed
     */
    record Assessment(Coverage.Status status, String reason, List<Finding> findings) {
        public Assessment {
            findings = List.copyOf(findings);
        }

        public static Assessment observed(List<Finding> findings) {
            return new Assessment(Coverage.Status.OBSERVED, "", findings);
        }

        public static Assessment notObservable(String reason) {
            return new Assessment(Coverage.Status.NOT_OBSERVABLE, reason, List.of());
        }

        public static Assessment inconclusive(String reason) {
            return new Assessment(Coverage.Status.INCONCLUSIVE, reason, List.of());
        }
    }
}
