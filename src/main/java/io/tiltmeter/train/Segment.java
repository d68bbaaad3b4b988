package io.tiltmeter.train;

import io.tiltmeter.detect.DetectorSettings;
import io.tiltmeter.model.RunRecord;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of steps that workers train together without the driver; between two segments there is a checkpoint.
 *
 * @param number of the segment within its attempt, from 0
 * @param workers numbers of the workers by their rank; they differ from the ranks once a worker has been left out
 * @param cursor where the data are at the first step
 * @param from first step
 * @param to step after the last
 * @param batch examples of one worker in one step
 * @param seed of the order of examples
 * @param shuffle whether that order changes from epoch to epoch
 * @param metrics root of the metric tables
 * @param flushSeconds after which recorded steps become visible
 * @param secret known to the workers of this segment only
 * @param timeoutMillis silence of a neighbour after which it counts as lost
 * @param past the latest steps before this segment, for detectors
 * @param interceptor class of the {@link StepInterceptor}, if there is one
 */
record Segment(
        RunRecord run,
        int attempt,
        int number,
        List<Integer> workers,
        Cursor cursor,
        long from,
        long to,
        int batch,
        long seed,
        boolean shuffle,
        CaptureSettings capture,
        Policies policies,
        Map<String, DetectorSettings> detectors,
        String metrics,
        double flushSeconds,
        long secret,
        long timeoutMillis,
        List<StepReport> past,
        @Nullable String interceptor,
        Map<String, String> interceptorArguments)
        implements Serializable {
    Segment {
        workers = List.copyOf(workers);
        interceptorArguments = Map.copyOf(interceptorArguments);
        detectors = Map.copyOf(detectors);
        past = List.copyOf(past);
    }

    /** Some of its steps, as they go to workers: without the past, which is the driver's. */
    Segment part(long partFrom, long partTo) {
        return new Segment(
                run,
                attempt,
                number,
                workers,
                cursor,
                partFrom,
                partTo,
                batch,
                seed,
                shuffle,
                capture,
                policies,
                detectors,
                metrics,
                flushSeconds,
                secret,
                timeoutMillis,
                List.of(),
                interceptor,
                interceptorArguments);
    }

    /** Without the secret, as it may come into a log. */
    @Override
    public String toString() {
        return "segment " + number + " of run '" + run.runId() + "', attempt " + attempt + ", steps " + from + " to "
                + to;
    }

    /** Why a segment ended. */
    enum Ending {
        /** All steps done. */
        DONE,
        /** The sentinel stopped the training. */
        STOPPED,
        /** The sentinel asks for an earlier checkpoint. */
        ROLLED_BACK,
        /** A worker is to be left out from here on. */
        QUARANTINED
    }

    /**
     * What one worker leaves.
     *
     * @param next first step that is not done
     * @param trouble why it ended early; null if it did not
     * @param model in DL4J's format; of the first rank only, else empty
     * @param reports of all steps, of the first rank only
     * @param rows committed to the metric tables
     */
    record Result(
            int worker,
            String host,
            String executor,
            String device,
            Ending ending,
            long next,
            @Nullable Sign trouble,
            byte[] model,
            List<StepReport> reports,
            long rows,
            long parameterHash)
            implements Serializable {}

    /** A {@link Sentinel.Trouble} that ended a segment, as it travels to the driver. */
    record Sign(String kind, int worker, long step, long since, String evidence) implements Serializable {
        static Sign of(Sentinel.Trouble trouble) {
            return new Sign(trouble.kind(), trouble.worker(), trouble.step(), trouble.since(), trouble.evidence());
        }
    }
}
