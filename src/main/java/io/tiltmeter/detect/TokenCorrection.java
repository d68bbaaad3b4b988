package io.tiltmeter.detect;

import io.tiltmeter.blocks.WorkerLevels;
import java.util.Arrays;

/**
 * Takes off gradient norms what the number of tokens can explain. The norm of a mean over n tokens lies between n^0 (all
 * signal) and n^-½ (all noise), that of a sum between n^½ and n: a worker with t times its peers' tokens is taken to be off
 * only by what is beyond all of that. Source: McCandlish et al., An Empirical Model of Large-Batch Training (2018), appendix A.
 *
 * <p>Both may be logged at steps of their own. Tokens count from the step they are logged at up to the next such step, and what
 * explains a chunk of norms is their mean over the steps of that chunk.
 */
final class TokenCorrection {
    private final WorkerLevels norms;
    private final WorkerLevels tokens;
    /** Steps from the first to past the last one that either was logged at. */
    private final long from;

    private final long to;

    private TokenCorrection(WorkerLevels norms, WorkerLevels tokens) {
        this.norms = norms;
        this.tokens = tokens;
        from = Math.min(norms.steps()[0], tokens.steps()[0]);
        to = 1 + Math.max(last(norms.steps()), last(tokens.steps()));
    }

    /** The norms without what the tokens of the same window explain; a worker without tokens keeps its own. */
    static WorkerLevels of(WorkerLevels norms, WorkerLevels tokens) {
        return norms.isFlat() || tokens.isFlat() || !norms.isRatio() || !tokens.isRatio()
                ? norms
                : new TokenCorrection(norms, tokens).corrected();
    }

    private static long last(long[] steps) {
        return steps[steps.length - 1];
    }

    private WorkerLevels corrected() {
        int n = norms.worker().length;
        int[] tokensOf = Arrays.stream(norms.worker())
                .map(worker -> Arrays.binarySearch(tokens.worker(), worker))
                .toArray();
        double[] level = norms.level().clone();
        int first = 0;
        for (int chunk = 0; chunk < norms.chunks(); chunk++) {
            long begin = begin(norms, chunk);
            while (begin(tokens, first + 1) <= begin) {
                first++;
            }
            for (int i = 0; i < n; i++) {
                double t = tokensOf[i] < 0 ? Double.NaN : tokens(tokensOf[i], first, begin, begin(norms, chunk + 1));
                if (!Double.isNaN(t)) {
                    double low = Math.min(-t / 2, t);
                    double high = Math.max(-t / 2, t);
                    // NaN stays NaN.
                    level[chunk * n + i] -= Math.min(high, Math.max(low, level[chunk * n + i]));
                }
            }
        }
        return new WorkerLevels(
                norms.channel(),
                true,
                norms.steps(),
                norms.worker(),
                level,
                norms.spread(),
                norms.centre(),
                norms.detail(),
                norms.detailDeviations(),
                norms.spikeStep(),
                norms.spikeWorker(),
                norms.spikeExcess(),
                norms.spikes());
    }

    /** First step of what a chunk stands for, which is one past the end for the chunk after the last. */
    private long begin(WorkerLevels levels, int chunk) {
        return chunk == 0 ? from : chunk >= levels.chunks() ? to : levels.steps()[levels.start(chunk)];
    }

    /**
     * Mean deviation of a worker's tokens over a stretch of steps; NaN if it has none there.
     *
     * @param index index of the worker among those with tokens
     * @param first the chunk of tokens in which the stretch begins
     */
    private double tokens(int index, int first, long begin, long end) {
        double sum = 0;
        double steps = 0;
        for (int chunk = first; chunk < tokens.chunks() && begin(tokens, chunk) < end; chunk++) {
            boolean whole = begin <= begin(tokens, chunk) && begin(tokens, chunk + 1) <= end;
            int detail = whole ? -1 : tokens.detailAt(chunk, index);
            int parts = detail < 0 ? 1 : tokens.start(chunk + 1) - tokens.start(chunk);
            for (int part = 0; part < parts; part++) {
                double deviation = detail < 0 ? tokens.level(chunk, index) : tokens.detailDeviations()[detail + part];
                long partBegin = part == 0 ? begin(tokens, chunk) : tokens.steps()[tokens.start(chunk) + part];
                long partEnd =
                        part == parts - 1 ? begin(tokens, chunk + 1) : tokens.steps()[tokens.start(chunk) + part + 1];
                long within = Math.min(end, partEnd) - Math.max(begin, partBegin);
                if (within > 0 && !Double.isNaN(deviation)) {
                    sum += within * deviation;
                    steps += within;
                }
            }
        }
        return steps > 0 ? sum / steps : Double.NaN;
    }
}
