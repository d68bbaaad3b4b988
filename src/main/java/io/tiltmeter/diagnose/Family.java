package io.tiltmeter.diagnose;

import io.tiltmeter.model.Finding;

/** What a finding is about; findings of different families are no cause of one another. */
enum Family {
    /** Values of training: losses, gradients, scales, inputs. */
    LEARNING,
    /** How long steps take. */
    TIME,
    /** How often the run was started, and whether it went on as before. */
    RESTARTS,
    /** Whether the log is of one run at all. */
    LOG,
    /** How the run ended as a whole, told apart from what happened on the way. */
    OUTCOME;

    static Family of(Finding finding) {
        switch (finding.detector()) {
            case "restart":
            case "replay-mismatch":
            case "replay-noise":
            case "resume-damage":
            case "data-cursor":
                return RESTARTS;
            case "conflicting-rows":
                return LOG;
            case "aborted-run":
            case "empty-run":
            case "no-learning":
            case "plateau-among-siblings":
                return OUTCOME;
            default:
                return finding.metric().endsWith("_seconds") ? TIME : LEARNING;
        }
    }
}
