package io.tiltmeter.simulate;

import io.tiltmeter.model.Severity;
import io.tiltmeter.model.StepRecord;
import org.jspecify.annotations.Nullable;

/**
 * The truth about one planted fault.
 *
 * @param firstStep first logged step at which any metric departs from health, e.g. where the gradient norm leads the loss
 * @param lastStep last logged step affected
 * @param worker the worker at fault, or {@link StepRecord#NO_WORKER}
 * @param detector id of the detector expected to find it; null for controls and where none is named
 * @param severity severity expected of that finding
 * @param description what was planted, in one sentence
 */
public record PlantedFault(
        String runId,
        FaultKind kind,
        long firstStep,
        long lastStep,
        int worker,
        @Nullable String detector,
        Severity severity,
        String description) {

    public PlantedFault {
        if (lastStep < firstStep) {
            throw new IllegalArgumentException("Fault '" + kind.text() + "' of run '" + runId + "' ends at step "
                    + lastStep + " before it begins at " + firstStep);
        }
    }
}
