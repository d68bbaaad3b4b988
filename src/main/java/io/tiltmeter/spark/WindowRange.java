package io.tiltmeter.spark;

import java.io.Serializable;

/**
 * Consecutive windows of one attempt. Window {@code w} holds the steps from {@code w × width} to
 * {@code (w + 1) × width - 1}.
 *
 * @param width steps of a window, at least 1
 * @param first first window
 * @param last last window, not before the first
 */
record WindowRange(AttemptId id, long width, long first, long last) implements Serializable {

    /** The windows that hold the steps from {@code minStep} to {@code maxStep}. */
    static WindowRange ofSteps(AttemptId id, long width, long minStep, long maxStep) {
        return new WindowRange(id, width, minStep / width, maxStep / width);
    }

    boolean holdsAny(long minStep, long maxStep) {
        return minStep / width <= last && maxStep / width >= first;
    }

    boolean holdsAll(long minStep, long maxStep) {
        return minStep / width >= first && maxStep / width <= last;
    }

    /** Whether the two together are one range without a gap. */
    boolean touches(WindowRange other) {
        return first <= other.last + 1 && other.first <= last + 1;
    }

    WindowRange with(WindowRange other) {
        return new WindowRange(id, width, Math.min(first, other.first), Math.max(last, other.last));
    }
}
