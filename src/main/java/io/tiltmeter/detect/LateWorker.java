package io.tiltmeter.detect;

import io.tiltmeter.model.Metric;
import io.tiltmeter.model.StepPoint;
import io.tiltmeter.model.StepRecord;
import java.util.List;

/**
 * Tells which worker kept the others waiting at a step that took too long. After a collective the steps of all workers end
 * together, so where waits in collectives are logged, the time a worker did not wait is what counts. Where they are not, it is
 * the time it computed or waited for data, and at last that of its step. Only a worker that is behind its peers by most of
 * the time lost is late: where all stall, the one that is somewhat slower is not to blame.
 */
final class LateWorker {
    /** Share of the time lost that the worker must be behind by. Half would be what either half of the workers is. */
    private static final double MOST = 2.0 / 3;

    private static final List<Metric> OWN_TIMES =
            List.of(Metric.COMPUTE_SECONDS, Metric.DATA_WAIT_SECONDS, Metric.STEP_SECONDS);

    /**
     * How far behind its peers a worker is.
     *
     * @param seconds negative if it is ahead
     * @param ofTwo whether it has one peer, which then is as far ahead as it is behind
     */
    private record Lag(int worker, double seconds, boolean ofTwo) {
        private static final Lag NONE = new Lag(StepRecord.NO_WORKER, 0, false);
    }

    private LateWorker() {}

    /**
     * The late worker, or {@link StepRecord#NO_WORKER} if nothing tells.
     *
     * @param lost what the step took beyond the usual, in seconds
     * @param pair both workers where there are two; a point names one of two only, so that without them neither is named
     */
    static int of(StepPoint point, double lost, int[] pair) {
        if (point.workers(Metric.COLLECTIVE_WAIT_SECONDS) > 1) {
            return late(busy(point), MOST * lost, pair);
        }
        for (Metric metric : OWN_TIMES) {
            int worker = late(lag(point, metric), MOST * lost, pair);
            if (worker != StepRecord.NO_WORKER) {
                return worker;
            }
        }
        return StepRecord.NO_WORKER;
    }

    private static int late(Lag lag, double least, int[] pair) {
        if (lag.ofTwo && pair.length != 2) {
            return StepRecord.NO_WORKER;
        }
        if (lag.seconds >= least) {
            return lag.worker;
        }
        return lag.ofTwo && -lag.seconds >= least ? (lag.worker == pair[0] ? pair[1] : pair[0]) : StepRecord.NO_WORKER;
    }

    /** The worker that is farthest from its peers in a metric. */
    private static Lag lag(StepPoint point, Metric metric) {
        int worker = point.outlier(metric);
        int workers = point.workers(metric);
        if (worker == StepRecord.NO_WORKER || workers < 2) {
            return Lag.NONE;
        }
        double distance = point.outlierValue(metric) - point.median(metric);
        // The median of two lies half-way to the peer.
        return new Lag(worker, workers == 2 ? 2 * distance : distance, workers == 2);
    }

    /** The worker whose step less its wait is farthest from that of its peers. */
    private static Lag busy(StepPoint point) {
        Lag step = lag(point, Metric.STEP_SECONDS);
        Lag wait = lag(point, Metric.COLLECTIVE_WAIT_SECONDS);
        if (wait.worker == StepRecord.NO_WORKER) {
            return step;
        }
        if (step.worker == wait.worker || step.worker == StepRecord.NO_WORKER) {
            return new Lag(wait.worker, step.seconds - wait.seconds, wait.ofTwo);
        }
        // How far each is in the other metric is not known, but no farther than that one's farthest.
        double byStep = step.seconds - Math.abs(wait.seconds);
        double byWait = -wait.seconds - Math.abs(step.seconds);
        return byWait > byStep ? new Lag(wait.worker, byWait, wait.ofTwo) : new Lag(step.worker, byStep, step.ofTwo);
    }
}
