package io.tiltmeter.simulate;

/** Puts planted faults into words. */
final class Labels {
    private Labels() {}

    static PlantedFault label(RunPlan plan, Fault fault) {
        FaultKind kind = fault.kind();
        return new PlantedFault(
                plan.runId,
                kind,
                plan.step(fault.first()),
                plan.step(fault.last()),
                fault.worker(),
                kind.detector().orElse(null),
                kind.severity(),
                describe(plan, fault));
    }

    private static String describe(RunPlan plan, Fault fault) {
        long first = plan.step(fault.first());
        long last = plan.step(fault.last());
        long loss = plan.step(fault.first() + Fault.LEAD);
        return switch (fault.kind()) {
            case LOSS_SPIKE ->
                "Gradient norm rises at step " + first + ", loss jumps at step " + loss + " and is back by step "
                        + last;
            case DIVERGENCE ->
                "Gradient norm grows from step " + first + ", loss runs away from step " + loss
                        + " and is NaN after step " + plan.step(fault.first() + Fault.LEAD + Fault.RUNAWAY_LENGTH);
            case OSCILLATION ->
                "Loss oscillates within 3 standard deviations of its noise from step " + first + "; no fault";
            case NEVER_LEARNS -> "Loss stays where it began";
            case GRADIENT_EXPLOSION ->
                "Gradient norm before clipping grows up to 400-fold from step " + first + " to step " + last;
            case LOSS_SCALE_COLLAPSE ->
                "Loss scale halves from step " + first + " on down to 1, most steps are skipped, learning stops";
            case STALL_ISOLATED ->
                Fault.STALLS.length + " single steps between " + first + " and " + last + " wait for data of worker "
                        + fault.worker();
            case STALL_CLUSTER -> "All workers wait in collectives from step " + first + " to step " + last;
            case NAN_INPUTS ->
                "Worker " + fault.worker() + " reads NaN inputs at step " + first
                        + ", its gradient is NaN there, the loss of the run from the next logged step on";
            case ABORTED_RUN -> "Run ends after step " + last + " of " + plan.spec.steps() + " planned";
            case EMPTY_RUN -> "Run logged no step";
            case RESTART -> "Crash after step " + last + ", resumed from the checkpoint of step " + plan.resumeStep();
            case SLOW_WORKER ->
                "Worker " + fault.worker() + " computes " + Fault.SLOWNESS + " times as long from step " + first
                        + " on";
            case LEARNING_RATE_TOO_HIGH ->
                "Learning rate ten times that of its siblings; loss levels off above them from" + " about step "
                        + first;
            case SHARED_DATA_ORDER ->
                "Loss of all runs of " + plan.projectName + " jumps from step " + first + " to step " + last;
        };
    }
}
