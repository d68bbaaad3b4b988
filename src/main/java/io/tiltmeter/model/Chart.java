package io.tiltmeter.model;

import java.io.Serializable;

/**
 * A metric over steps, thinned for drawing: bucket {@code i} covers some logged steps from {@code steps[i]} on and holds
 * the lowest, highest and last value in it, so that a single spike stays visible. Arrays have equal length.
 *
 * @param attempts attempt of each bucket; a change marks a restart
 */
public record Chart(String metric, long[] steps, int[] attempts, double[] low, double[] high, double[] last)
        implements Serializable {}
