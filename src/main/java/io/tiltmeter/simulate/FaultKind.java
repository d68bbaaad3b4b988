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
    /** One worker computes slower than its peers until the end. No detector is named for it. */
    SLOW_WORKER(null, Severity.WARNING),
    /** The learning rate is too high: the run levels off far above its siblings. */
    LEARNING_RATE_TOO_HIGH("plateau-among-siblings", Severity.WARNING),
    /** All runs of one project share the data order and a small jump of the loss at the same steps. */
    SHARED_DATA_ORDER("loss-spike", Severity.WARNING);

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

    /** Kebab-case name, e.g. {@code loss-spike}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
