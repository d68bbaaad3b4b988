package io.tiltmeter.blocks;

import io.tiltmeter.model.StepRecord;

/**
 * Who a value is from, in one number: a worker at local scope, or a worker or the run as a whole at a reduced scope. Local
 * sources go before reduced ones, lower workers before higher ones.
 */
public final class Source {
    private Source() {}

    private static final int REDUCED = 1 << 30;

    /** Largest number of a worker. */
    public static final int MAX_WORKER = REDUCED - 2;

    /**
     * The source.
     *
     * @param worker number of the worker, or {@link StepRecord#NO_WORKER}, which has nothing local
     * @param isLocal whether its values are the worker's own, before any reduction
     */
    public static int of(int worker, boolean isLocal) {
        return isLocal && worker != StepRecord.NO_WORKER ? worker : REDUCED + 1 + worker;
    }

    static boolean isLocal(int source) {
        return source < REDUCED;
    }

    /** The worker, or {@link StepRecord#NO_WORKER}. */
    public static int worker(int source) {
        return isLocal(source) ? source : source - REDUCED - 1;
    }
}
