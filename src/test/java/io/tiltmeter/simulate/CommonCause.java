package io.tiltmeter.simulate;

/** What a simulated fleet of incidents can have as the common cause of some of them. */
public enum CommonCause {
    /** None: incidents befall runs one by one. */
    NONE,
    /** A host on which workers get values that are not finite; most of its runs read one dataset that is innocent. */
    BAD_HOST,
    /** A data shard at which the loss runs away. */
    BAD_SHARD,
    /** A step at which all runs of one project, which read the same data in the same order, show a loss spike. */
    STEP_EVENT,
    /** A learning rate from which on runs of one project diverge. */
    LEARNING_RATE_EDGE,
    /** A dataset at which runs get stuck, most of which use one tokenizer that is innocent. */
    DATASET_WITH_TOKENIZER,
    /** The reverse: the tokenizer is the cause, and the dataset that mostly goes with it is innocent. */
    TOKENIZER_WITH_DATASET
}
