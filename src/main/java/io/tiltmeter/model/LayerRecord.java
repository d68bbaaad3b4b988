package io.tiltmeter.model;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/** One row of the {@code layers} table: statistics of one layer on one worker at one step; null means not captured. */
public record LayerRecord(
        String runId,
        int attempt,
        int worker,
        long step,
        String layer,
        int depth,
        @Nullable Long elements,
        @Nullable Double gradNorm,
        @Nullable Double gradMeanAbs,
        @Nullable Double gradMaxAbs,
        @Nullable Double gradZeroFraction,
        @Nullable Long nonFiniteCount,
        @Nullable Double paramNorm,
        @Nullable Double updateNorm,
        @Nullable Double activationMean,
        @Nullable Double activationStd,
        @Nullable Double activationZeroFraction,
        @Nullable Double activationSaturatedFraction,
        @Nullable Double secondMomentRatio)
        implements Serializable {}
