package io.tiltmeter.diagnose;

import io.tiltmeter.model.Cause;
import io.tiltmeter.model.Finding;

/**
 * Which of two things seen at the same step comes first in the way a training step is computed: data, then one worker's
 * copy of the model, then anything else of that worker, then the loss scale, then gradients, and last the loss, in which all of them show.
 */
enum First {
    DATA,
    REPLICA,
    WORKER,
    SCALE,
    GRADIENT,
    LOSS;

    static First of(Finding finding) {
        if (finding.cause() == Cause.DATA) {
            return DATA;
        }
        if (finding.cause() == Cause.WORKER) {
            boolean isReplica = finding.detector().equals("replica-drift")
                    || finding.detector().equals("frozen-worker");
            return isReplica ? REPLICA : WORKER;
        }
        switch (finding.metric()) {
            case "loss_scale":
                return SCALE;
            case "loss":
            case "eval_loss":
                return LOSS;
            default:
                return GRADIENT;
        }
    }
}
