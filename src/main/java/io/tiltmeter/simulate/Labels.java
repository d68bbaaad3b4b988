package io.tiltmeter.simulate;

import io.tiltmeter.model.StepRecord;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Puts planted faults into words. */
final class Labels {
    private Labels() {}

    /** One label for each worker at fault; a slow host is one, and blames no single worker. */
    static Stream<PlantedFault> labels(RunPlan plan, Fault fault) {
        if (fault.kind() == FaultKind.SLOW_NODE && fault.count() > 1) {
            return Stream.of(label(plan, fault, StepRecord.NO_WORKER));
        }
        return IntStream.range(0, fault.count())
                .mapToObj(i -> label(plan, fault, fault.worker() + i * fault.spacing()));
    }

    private static PlantedFault label(RunPlan plan, Fault fault, int worker) {
        FaultKind kind = fault.kind();
        return new PlantedFault(
                plan.runId,
                kind,
                plan.step(fault.first()),
                plan.step(fault.last()),
                worker,
                kind.detector().orElse(null),
                kind.severity(),
                describe(plan, fault, worker));
    }

    private static String describe(RunPlan plan, Fault fault, int worker) {
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
            case WORKER_OUTLIER, THREE_OUTLIERS ->
                "Gradient of worker " + worker + " is " + Fault.OUTLIER + " times too long from step " + first + " on";
            case FLIPPED_GRADIENT -> "Gradient of worker " + worker + " has the wrong sign from step " + first + " on";
            case FROZEN_WORKER ->
                "Worker " + worker + " shows its last batch and loss again and again from step " + first + " on";
            case LAGGED_WORKER ->
                "Worker " + worker + " goes round in its last " + Fault.LAG + " batches from step " + first + " on";
            case REPLICA_DRIFT -> "Parameters of worker " + worker + " are its own from step " + first + " on";
            case DUPLICATED_DATA ->
                "Worker " + worker + " reads the batches of worker " + (worker - 1) + " from step " + first + " on";
            case TOKEN_DRIFT -> "Worker " + worker + " reads half as many tokens from step " + first + " on";
            case SLOW_PERIODIC ->
                "Worker " + worker + " computes " + Fault.SLOWNESS + " times as long at every " + Fault.PERIOD
                        + "rd logged step from step " + first + " on";
            case SLOW_IN_TURN ->
                "Another worker at every logged step computes " + Fault.SLOWNESS + " times as long from step " + first
                        + " on";
            case SLOW_NODE ->
                "Workers " + fault.worker() + " to " + (fault.worker() + fault.count() - 1) + " compute "
                        + Fault.SLOWNESS + " times as long from step " + first + " on";
            case SHARED_DATA_ORDER ->
                "Loss of all runs of " + plan.projectName + " jumps from step " + first + " to step " + last;
        };
    }
}
