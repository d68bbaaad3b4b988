package io.tiltmeter.detect;

import io.tiltmeter.blocks.Channel;
import io.tiltmeter.blocks.WorkerEvidence;
import io.tiltmeter.model.Layout;

/**
 * What the workers of a run did against one another in one window of steps.
 *
 * @param name name of the metric that {@link Channel#VALUE} stands for; empty where there is none
 */
public record WorkerWindow(int attempt, String name, WorkerEvidence evidence, Layout layout) {

    /** Name of a channel's metric, as findings tell it. */
    String metric(int channel) {
        if (channel == Channel.VALUE) {
            return name;
        }
        return Channel.column(channel);
    }
}
