package io.tiltmeter.simulate;

import io.tiltmeter.model.Severity;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the simulator can plant into a run, and what a sound analysis is expected to say about it. */
public enum FaultKind {
    /** The loss jumps and recovers; the gradient norm rises a few steps earlier. */
    LOSS_SPIKE("loss-spike", Severity.WARNING),
    /** The loss runs away exponentially and ends in NaN; the gradient norm rises a few steps earlier. */
    DIVERGENCE("divergence", Severity.ERROR),
    /** A bounded, slow oscillation of the loss. A control: no finding is expected. */
    OSCILLATION(null, Severity.INFO),
    /** The loss stays where it began. */
    NEVER_LEARNS("no-learning", Severity.ERROR),
    /** The gradient norm before clipping grows by orders of magnitude for a while; clipping saves the loss. */
    GRADIENT_EXPLOSION("grad-explosion", Severity.WARNING),
    /** The dynamic loss scale of an fp16 run halves down to 1; most steps are skipped and learning stops. */
    LOSS_SCALE_COLLAPSE("loss-scale-collapse", Severity.ERROR),
    /** A few single steps take far longer because one worker waits for data. */
    STALL_ISOLATED("step-stall", Severity.WARNING),
    /** Consecutive steps take far longer for all workers because collectives are slow. */
    STALL_CLUSTER("step-stall", Severity.WARNING),
    /** One worker reads NaN inputs: its gradient norm is NaN at that step, the run's loss from the next one on. */
    NAN_INPUTS("non-finite", Severity.ERROR),
    /** The run ends long before its planned last step. */
    ABORTED_RUN("aborted-run", Severity.WARNING),
    /** The run was started but logged no step. */
    EMPTY_RUN("empty-run", Severity.WARNING),
    /** The first start crashes; the second resumes from a checkpoint and replays the steps since. */
    RESTART("restart", Severity.INFO),
    /** One worker computes slower than its peers until the end. */
    SLOW_WORKER("straggler", Severity.ERROR),
    /** The learning rate is too high: the run levels off far above its siblings. */
    LEARNING_RATE_TOO_HIGH("plateau-among-siblings", Severity.WARNING),
    /** All runs of one project share the data order and a small jump of the loss at the same steps. */
    SHARED_DATA_ORDER("loss-spike", Severity.WARNING),
    /** One worker's gradient is too long until the end. */
    WORKER_OUTLIER("worker-outlier", Severity.ERROR),
    /** The gradients of three workers are too long until the end, all at once; of fewer where there are not 15. */
    THREE_OUTLIERS("worker-outlier", Severity.ERROR),
    /** One worker's gradient points the wrong way until the end; its norm is as it should be. */
    FLIPPED_GRADIENT("gradient-direction", Severity.ERROR),
    /** One worker logs the same batch and loss again and again. */
    FROZEN_WORKER("frozen-worker", Severity.ERROR),
    /** One worker goes round and round in a handful of old batches. */
    LAGGED_WORKER("frozen-worker", Severity.ERROR),
    /** One worker's parameters are not those of its replicas any more. */
    REPLICA_DRIFT("replica-drift", Severity.ERROR),
    /** One worker is fed the batches of another. */
    DUPLICATED_DATA("duplicated-data", Severity.ERROR),
    /** One worker's batches hold half as many tokens as its peers'. */
    TOKEN_DRIFT("token-drift", Severity.ERROR),
    /** One worker computes slower at every third logged step until the end. */
    SLOW_PERIODIC("straggler", Severity.ERROR),
    /** At every logged step another worker computes slower until the end. */
    SLOW_IN_TURN("straggler", Severity.WARNING),
    /** The workers of one host compute slower until the end; no more than a third of all. */
    SLOW_NODE("straggler", Severity.ERROR);

    private final @Nullable String detector;
    private final Severity severity;

    FaultKind(@Nullable String detector, Severity severity) {
        this.detector = detector;
        this.severity = severity;
    }

    /** Id of the detector expected to find it; empty for controls and where no detector is named. */
    public Optional<String> detector() {
        return Optional.ofNullable(detector);
    }

    /** Severity expected of the finding; meaningless without a {@link #detector}. */
    public Severity severity() {
        return severity;
    }

    /** Whether this is no fault at all, planted to provoke false alarms. */
    public boolean isControl() {
        return this == OSCILLATION;
    }

    /** Whether it strikes all runs of one project and not single runs. */
    public boolean isProjectWide() {
        return this == SHARED_DATA_ORDER;
    }

    /** Whether only values that workers log each for itself show it. */
    public boolean isOfWorkers() {
        return compareTo(SHARED_DATA_ORDER) > 0;
    }

    /** Kebab-case name, e.g. {@code loss-spike}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
