package io.tiltmeter.train;

import java.io.Serializable;

/**
 * A place in the data: what the workers train on from a step on. Steps after it follow batch by batch, epoch by epoch.
 *
 * @param step to which it belongs
 * @param consumed examples that all workers went through before this step, since the run began
 * @param epoch of this step, from 0
 * @param index of its batch in that epoch, from 0
 */
record Cursor(long step, long consumed, int epoch, int index) implements Serializable {
    /** Where every run begins. */
    static final Cursor START = new Cursor(0, 0, 0, 0);

    private long batches(long later) {
        return index + later - step;
    }

    /**
     * Epoch of this or a later step.
     *
     * @param perEpoch batches of a worker in an epoch
     */
    int epochOf(long later, int perEpoch) {
        return Math.toIntExact(epoch + batches(later) / perEpoch);
    }

    /** Batch of this or a later step in its epoch. */
    int indexOf(long later, int perEpoch) {
        return (int) (batches(later) % perEpoch);
    }

    /**
     * Examples consumed before this or a later step.
     *
     * @param perStep examples that all workers go through in a step
     */
    long consumedBefore(long later, long perStep) {
        return consumed + (later - step) * perStep;
    }

    /** The place of this or a later step. */
    Cursor at(long later, int perEpoch, long perStep) {
        return new Cursor(later, consumedBefore(later, perStep), epochOf(later, perEpoch), indexOf(later, perEpoch));
    }

    /** Step after the last one of so many epochs. */
    long end(int epochs, int perEpoch) {
        return step + (long) (epochs - epoch) * perEpoch - index;
    }

    /** The place as far into the epoch after the examples were dealt anew, rounded to the nearest batch. */
    Cursor redealt(int before, int after) {
        if (before == after) {
            return this;
        }
        int place = (int) ((2L * index * after + before) / (2L * before));
        return new Cursor(step, consumed, epoch + place / after, place % after);
    }
}
